"""The emotion model: architecture, fine-tuning, the one training loop, prediction."""

from fer_fairness.extras import require_extra
from fer_fairness.modeling.architecture import build_network
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.freezing import freeze_layers
from fer_fairness.modeling.objective import Objective, Scores
from fer_fairness.modeling.prediction import (
    predict_features,
    predict_logits,
    predictions_table,
    probabilities,
)
from fer_fairness.modeling.procedure import Procedure
from fer_fairness.modeling.regularisation import set_regularisation
from fer_fairness.modeling.starting_weights import starting_model, trained_model
from fer_fairness.modeling.training import TrainingData, TrainingResult, train
from fer_fairness.modeling.training_run import HISTORY_COLUMNS
from fer_fairness.modeling.training_set import GROUP, STRENGTH, WEIGHT, TrainingSet

__all__ = [
    "GROUP",
    "HISTORY_COLUMNS",
    "STRENGTH",
    "WEIGHT",
    "Objective",
    "Procedure",
    "Scores",
    "TrainingData",
    "TrainingResult",
    "TrainingSet",
    "build_network",
    "freeze_layers",
    "predict_features",
    "predict_logits",
    "predictions_table",
    "prepare_backend",
    "probabilities",
    "set_regularisation",
    "starting_model",
    "train",
    "trained_model",
]

require_extra("train", needed_for="A model")
