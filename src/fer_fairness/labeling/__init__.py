"""Perceived demographics of faces from their embeddings, with calibrated confidence."""

from fer_fairness.labeling.agreement import agreement_summary, agreement_table
from fer_fairness.labeling.assessment import (
    Assessed,
    assess,
    labeller_confusion,
    labeller_recalls,
    labeller_reliability,
    labeller_summary,
)
from fer_fairness.labeling.fitting import fit_labeller
from fer_fairness.labeling.labeller import DemographicLabeller, selection_table
from fer_fairness.labeling.labels import (
    held_out_labels,
    label_array,
    one_group_a_person,
    refuse_constant_labels,
)

__all__ = [
    "Assessed",
    "DemographicLabeller",
    "agreement_summary",
    "agreement_table",
    "assess",
    "fit_labeller",
    "held_out_labels",
    "label_array",
    "labeller_confusion",
    "labeller_recalls",
    "labeller_reliability",
    "labeller_summary",
    "one_group_a_person",
    "refuse_constant_labels",
    "selection_table",
]
