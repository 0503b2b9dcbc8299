"""Models that were not trained here: their files read without running code, their faces scored."""

from fer_fairness.foreign.foreign_scoring import (
    Scoring,
    foreign_predictions,
    resolve_class_names,
    scoring_notes,
)
from fer_fairness.foreign.loading import ForeignModel, load_foreign_model

__all__ = [
    "ForeignModel",
    "Scoring",
    "foreign_predictions",
    "load_foreign_model",
    "resolve_class_names",
    "scoring_notes",
]
