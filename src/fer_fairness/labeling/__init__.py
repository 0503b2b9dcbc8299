"""Perceived demographics of faces from their embeddings, with calibrated confidence."""

from fer_fairness.labeling.agreement import agreement_summary, agreement_table
from fer_fairness.labeling.assessment import (
    labeller_confusion,
    labeller_recalls,
    labeller_summary,
)
from fer_fairness.labeling.checks import refuse_constant_labels
from fer_fairness.labeling.export import label_array
from fer_fairness.labeling.fitting import fit_labeller
from fer_fairness.labeling.held_out import held_out_labels
from fer_fairness.labeling.labeller import DemographicLabeller, selection_table
from fer_fairness.labeling.reliability import labeller_reliability

__all__ = [
    "DemographicLabeller",
    "agreement_summary",
    "agreement_table",
    "fit_labeller",
    "held_out_labels",
    "label_array",
    "labeller_confusion",
    "labeller_recalls",
    "labeller_reliability",
    "labeller_summary",
    "refuse_constant_labels",
    "selection_table",
]
