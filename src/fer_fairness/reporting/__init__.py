"""Reporting: the HTML page, its figures, the machine-readable results and the model cards."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fer_fairness.reporting.figures import (
    confusion_matrix_figure,
    distribution_figure,
    fairness_accuracy_figure,
    gap_forest_figure,
    labeller_confusion_figure,
    predicted_groups_figure,
    recall_by_emotion_and_group_figure,
    reliability_figure,
    training_curves_figure,
)
from fer_fairness.reporting.findings import Finding, comparison_findings
from fer_fairness.reporting.gap_findings import gap_findings
from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import evaluation_set_label
from fer_fairness.reporting.model_card import model_card
from fer_fairness.reporting.results import SCHEMA_VERSION, as_json, results_json
from fer_fairness.reporting.rows import ConfusionRow, GapRow, OverallRow, Row

REPORT_TABLES: Final[Mapping[str, type[Row]]] = MappingProxyType(Row.schemas)
"""Every table that a report is made of, and the class of its rows."""

__all__ = [
    "REPORT_TABLES",
    "SCHEMA_VERSION",
    "ConfusionRow",
    "Finding",
    "GapRow",
    "OverallRow",
    "ReportInputs",
    "Row",
    "as_json",
    "comparison_findings",
    "confusion_matrix_figure",
    "distribution_figure",
    "evaluation_set_label",
    "fairness_accuracy_figure",
    "gap_findings",
    "gap_forest_figure",
    "labeller_confusion_figure",
    "model_card",
    "predicted_groups_figure",
    "recall_by_emotion_and_group_figure",
    "reliability_figure",
    "render_report",
    "results_json",
    "training_curves_figure",
]
