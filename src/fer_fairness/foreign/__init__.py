"""Models that were not trained here: their files read without running code, their faces scored."""

from fer_fairness.foreign.foreign_scoring import (
    ModelOutputs,
    Scoring,
    foreign_predictions,
    model_outputs,
    resolve_class_names,
)
from fer_fairness.foreign.isolated import Limits, run_isolated
from fer_fairness.foreign.loading import ForeignModel, load_foreign_model
from fer_fairness.foreign.running import ModelRequest, run_model_file

__all__ = [
    "ForeignModel",
    "Limits",
    "ModelOutputs",
    "ModelRequest",
    "Scoring",
    "foreign_predictions",
    "load_foreign_model",
    "model_outputs",
    "resolve_class_names",
    "run_isolated",
    "run_model_file",
]
