"""Reporting: the HTML page, its figures, the machine-readable results and the model cards."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fer_fairness.reporting.card.model_card import ModelCard, model_card
from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.json_values import as_json
from fer_fairness.reporting.labels import evaluation_set_label
from fer_fairness.reporting.paper.figures import figure_files
from fer_fairness.reporting.paper.text import paper_files
from fer_fairness.reporting.previews import preview_figures
from fer_fairness.reporting.results.document import (
    read_inputs,
    read_results,
    read_table,
    results_json,
    with_sha256,
    write_results,
)
from fer_fairness.reporting.results.schema import SCHEMA_VERSION
from fer_fairness.reporting.rows.schema import Row
from fer_fairness.reporting.sections import all_sections

REPORT_TABLES: Final[Mapping[str, type[Row]]] = MappingProxyType(Row.schemas)
"""Every table that a report is made of, and the class of its rows."""

__all__ = [
    "REPORT_TABLES",
    "SCHEMA_VERSION",
    "ModelCard",
    "ReportInputs",
    "all_sections",
    "as_json",
    "evaluation_set_label",
    "figure_files",
    "model_card",
    "paper_files",
    "preview_figures",
    "read_inputs",
    "read_results",
    "read_table",
    "render_report",
    "results_json",
    "with_sha256",
    "write_results",
]
