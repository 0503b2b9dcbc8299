"""Models that were not trained here: their files read without running code, their faces scored."""

from fer_fairness.foreign.class_names import named_classes, resolve_class_names
from fer_fairness.foreign.class_order import known_orders, order_of_classes
from fer_fairness.foreign.foreign_scoring import (
    ModelOutputs,
    Scoring,
    foreign_predictions,
    model_outputs,
)
from fer_fairness.foreign.isolated import Limits, run_isolated
from fer_fairness.foreign.loading import ForeignModel, load_foreign_model
from fer_fairness.foreign.other_networks import InputForm
from fer_fairness.foreign.picture_files import PictureFiles, Pictures
from fer_fairness.foreign.pixel_values import Standardisation
from fer_fairness.foreign.running import ModelRequest, run_model_file

__all__ = [
    "ForeignModel",
    "InputForm",
    "Limits",
    "ModelOutputs",
    "ModelRequest",
    "PictureFiles",
    "Pictures",
    "Scoring",
    "Standardisation",
    "foreign_predictions",
    "known_orders",
    "load_foreign_model",
    "model_outputs",
    "named_classes",
    "order_of_classes",
    "resolve_class_names",
    "run_isolated",
    "run_model_file",
]
