"""Reporting: the HTML page, its figures, the machine-readable results and the model cards."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fer_fairness.reporting.figures.gaps import gap_forest_figure
from fer_fairness.reporting.figures.matrices import confusion_matrix_figure
from fer_fairness.reporting.figures.trade_off import fairness_accuracy_figure
from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import evaluation_set_label
from fer_fairness.reporting.model_card import model_card
from fer_fairness.reporting.results import SCHEMA_VERSION, as_json, results_json
from fer_fairness.reporting.rows.schema import Row
from fer_fairness.reporting.rows.scores import ConfusionRow, GapRow, OverallRow

REPORT_TABLES: Final[Mapping[str, type[Row]]] = MappingProxyType(Row.schemas)
"""Every table that a report is made of, and the class of its rows."""

__all__ = [
    "REPORT_TABLES",
    "SCHEMA_VERSION",
    "ConfusionRow",
    "GapRow",
    "OverallRow",
    "ReportInputs",
    "as_json",
    "confusion_matrix_figure",
    "evaluation_set_label",
    "fairness_accuracy_figure",
    "gap_forest_figure",
    "model_card",
    "render_report",
    "results_json",
]
