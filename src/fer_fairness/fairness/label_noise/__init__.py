"""Fairness where the groups of people were predicted, and the labeller errs.

`label_noise` corrects what a model's predictions say of predicted groups; `composition` corrects
the shares of the groups in a crowd. What both need to know of the labeller is a `LabelConfusion`.
"""

from fer_fairness.fairness.label_noise.composition import COMPOSITION_COLUMNS, composition
from fer_fairness.fairness.label_noise.confusion import LabelConfusion, label_confusion
from fer_fairness.fairness.label_noise.corrected_scores import (
    ACCURACY,
    ACCURACY_DIFFERENCE,
    RECALL_DIFFERENCE,
    SCORES,
)
from fer_fairness.fairness.label_noise.correction import (
    AS_LABELLED,
    ATTRIBUTE_COLUMNS,
    BOUNDS,
    CORRECTED,
    GAP_COLUMNS,
    GROUP_COLUMNS,
    SCORE_COLUMNS,
    SOFT_LABELS,
    LabelNoise,
    label_noise,
)
from fer_fairness.fairness.label_noise.inversion import Refusal, condition_number, reasons_against

__all__ = [
    "ACCURACY",
    "ACCURACY_DIFFERENCE",
    "AS_LABELLED",
    "ATTRIBUTE_COLUMNS",
    "BOUNDS",
    "COMPOSITION_COLUMNS",
    "CORRECTED",
    "GAP_COLUMNS",
    "GROUP_COLUMNS",
    "RECALL_DIFFERENCE",
    "SCORES",
    "SCORE_COLUMNS",
    "SOFT_LABELS",
    "LabelConfusion",
    "LabelNoise",
    "Refusal",
    "composition",
    "condition_number",
    "label_confusion",
    "label_noise",
    "reasons_against",
]
