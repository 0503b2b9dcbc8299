"""The sections of the page, each a function of the report's tables."""

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.sections.aif360 import aif360_section
from fer_fairness.reporting.sections.audit import audit_found_section
from fer_fairness.reporting.sections.blocks import Section
from fer_fairness.reporting.sections.differences import (
    recalls_section,
    trade_off_section,
)
from fer_fairness.reporting.sections.gaps import gaps_section
from fer_fairness.reporting.sections.labeller import labeller_section
from fer_fairness.reporting.sections.limits import limits_section
from fer_fairness.reporting.sections.material import (
    manifest_section,
    quality_section,
    recognition_section,
    training_section,
)
from fer_fairness.reporting.sections.method import method_section
from fer_fairness.reporting.sections.over_seeds import over_seeds_section
from fer_fairness.reporting.sections.predicted_groups import predicted_groups_section
from fer_fairness.reporting.sections.reading import reading_section
from fer_fairness.reporting.sections.scan import scan_section
from fer_fairness.reporting.sections.summary import found_section

__all__ = ["Section", "all_sections"]


def all_sections(inputs: ReportInputs) -> list[Section]:
    """Every section in the order of the page; an audit has none on training or mitigation."""
    return _audit(inputs) if inputs.kind == "audit" else _project(inputs)


def _project(inputs: ReportInputs) -> list[Section]:
    """None is left out for want of data, but for those that are not asked of every run.

    These are the search for a subgroup, and predicted groups.
    """
    return [
        found_section(inputs),
        limits_section(inputs),
        gaps_section(inputs),
        *_predicted(inputs),
        recalls_section(inputs),
        *([scan_section(inputs)] if len(inputs.scan) else []),
        trade_off_section(inputs),
        over_seeds_section(inputs),
        recognition_section(inputs),
        aif360_section(inputs),
        training_section(inputs),
        labeller_section(inputs),
        quality_section(inputs),
        method_section(),
        manifest_section(inputs),
    ]


def _audit(inputs: ReportInputs) -> list[Section]:
    return [
        audit_found_section(inputs),
        limits_section(inputs),
        gaps_section(inputs),
        *_predicted(inputs),
        recalls_section(inputs),
        recognition_section(inputs),
        scan_section(inputs),
        *([aif360_section(inputs)] if len(inputs.aif360) else []),
        *([labeller_section(inputs)] if _labeller_known(inputs) else []),
        reading_section(inputs.manifest),
        method_section(),
        manifest_section(inputs),
    ]


def _predicted(inputs: ReportInputs) -> list[Section]:
    section = predicted_groups_section(inputs)
    return [] if section is None else [section]


def _labeller_known(inputs: ReportInputs) -> bool:
    tables = inputs.tables().items()
    return any(len(t) for name, t in tables if name.startswith(("labeller_", "agreement")))
