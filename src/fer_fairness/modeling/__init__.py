"""The emotion model: architecture, fine-tuning, the one training loop, prediction."""

from fer_fairness.modeling.architecture import build_separable_cnn
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.batches import TrainingSet
from fer_fairness.modeling.foreign import ForeignModel, load_foreign_model
from fer_fairness.modeling.foreign_scoring import Scoring, foreign_predictions, scoring_notes
from fer_fairness.modeling.freezing import freeze_layers
from fer_fairness.modeling.prediction import predict_logits, predictions_table, probabilities
from fer_fairness.modeling.regularisation import set_regularisation
from fer_fairness.modeling.training import HISTORY_COLUMNS, TrainingResult, train

__all__ = [
    "HISTORY_COLUMNS",
    "ForeignModel",
    "Scoring",
    "TrainingResult",
    "TrainingSet",
    "build_separable_cnn",
    "foreign_predictions",
    "freeze_layers",
    "load_foreign_model",
    "predict_logits",
    "predictions_table",
    "prepare_backend",
    "probabilities",
    "scoring_notes",
    "set_regularisation",
    "train",
]
