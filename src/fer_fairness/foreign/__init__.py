"""Models that were not trained here: their files read without running code, their faces scored."""

from fer_fairness.foreign.model import ForeignModel, load_foreign_model
from fer_fairness.foreign.scoring import (
    Scoring,
    foreign_predictions,
    resolve_class_names,
    scoring_notes,
)

__all__ = [
    "ForeignModel",
    "Scoring",
    "foreign_predictions",
    "load_foreign_model",
    "resolve_class_names",
    "scoring_notes",
]
