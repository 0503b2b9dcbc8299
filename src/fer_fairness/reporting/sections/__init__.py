"""The sections of the page, each a function of the report's tables."""

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.sections.blocks import Section
from fer_fairness.reporting.sections.differences import (
    aif360_section,
    gaps_section,
    recalls_section,
    trade_off_section,
)
from fer_fairness.reporting.sections.material import (
    labeller_section,
    manifest_section,
    method_section,
    quality_section,
    recognition_section,
    training_section,
)
from fer_fairness.reporting.sections.summary import found_section, limits_section

__all__ = ["Section", "all_sections"]


def all_sections(inputs: ReportInputs) -> list[Section]:
    """Every section in the order of the page; none is left out for want of data."""
    return [
        found_section(inputs),
        limits_section(inputs),
        gaps_section(inputs),
        recalls_section(inputs),
        trade_off_section(inputs),
        recognition_section(inputs),
        aif360_section(inputs),
        training_section(inputs),
        labeller_section(inputs),
        quality_section(inputs),
        method_section(),
        manifest_section(inputs.manifest),
    ]
