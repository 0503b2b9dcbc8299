"""The sections of the page in their order.

To add one: its file with a function that gives a `Section` or None, and a line below. A table that
no other section reads has its rows (`class MyRow(Row, table="my_table")`) in that file too.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.sections.aif360 import aif360_section
from fer_fairness.reporting.sections.answers import answers_section
from fer_fairness.reporting.sections.data_and_run import (
    manifest_section,
    quality_section,
    reading_section,
)
from fer_fairness.reporting.sections.found import audit_found_section, found_section
from fer_fairness.reporting.sections.gaps import gaps_section
from fer_fairness.reporting.sections.glance import glance_section
from fer_fairness.reporting.sections.labeller import labeller_section
from fer_fairness.reporting.sections.limits import limits_section
from fer_fairness.reporting.sections.method import method_section
from fer_fairness.reporting.sections.methods import methods_section
from fer_fairness.reporting.sections.over_seeds import over_seeds_section
from fer_fairness.reporting.sections.planted import planted_section
from fer_fairness.reporting.sections.predicted_groups import predicted_groups_section
from fer_fairness.reporting.sections.recalls import recalls_section
from fer_fairness.reporting.sections.recognition import recognition_section
from fer_fairness.reporting.sections.trade_off import trade_off_section
from fer_fairness.reporting.sections.training import training_section
from fer_fairness.reporting.sections.worst_subgroup import worst_subgroup_section

__all__ = ["all_sections"]

_Make: TypeAlias = Callable[[ReportInputs], page.Section | None]

_SECTIONS: Final[Mapping[str, tuple[_Make, ...]]] = MappingProxyType(
    {
        "project": (
            glance_section,
            found_section,
            planted_section,
            gaps_section,
            recalls_section,
            worst_subgroup_section,
            methods_section,
            trade_off_section,
            answers_section,
            over_seeds_section,
            training_section,
            predicted_groups_section,
            recognition_section,
            aif360_section,
            labeller_section,
            quality_section,
            limits_section,
            method_section,
            manifest_section,
        ),
        "audit": (
            glance_section,
            audit_found_section,
            gaps_section,
            recalls_section,
            worst_subgroup_section,
            trade_off_section,
            predicted_groups_section,
            recognition_section,
            aif360_section,
            labeller_section,
            reading_section,
            limits_section,
            method_section,
            manifest_section,
        ),
    }
)
"""By kind of report; an audit has none on training or mitigation. One that gives None was not asked
for in this run, as a search for a subgroup."""


def all_sections(inputs: ReportInputs) -> list[page.Section]:
    """Every section in the order of the page."""
    made = (make(inputs) for make in _SECTIONS[inputs.kind])
    return [section for section in made if section is not None]
