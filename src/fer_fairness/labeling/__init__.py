"""Perceived demographics of faces from their embeddings, with calibrated confidence."""

from fer_fairness.labeling.assessment import labeller_confusion, labeller_summary
from fer_fairness.labeling.checks import refuse_constant_labels
from fer_fairness.labeling.export import label_array
from fer_fairness.labeling.labeller import DemographicLabeller, fit_labeller

__all__ = [
    "DemographicLabeller",
    "fit_labeller",
    "label_array",
    "labeller_confusion",
    "labeller_summary",
    "refuse_constant_labels",
]
