"""The node of the compare pipeline."""

import logging
from typing import Any

import pandas as pd

from fer_fairness.auditing.side_by_side import side_by_side
from fer_fairness.auditing.written import read_report
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.compare import CompareParameters
from fer_fairness.reporting.paper.figures import figure_files
from fer_fairness.reporting.side_by_side import Side, side_json, side_page, side_sections

logger = logging.getLogger(__name__)


def compare_reports(
    parameters: CompareParameters, seed: int, manifest: dict[str, Any]
) -> tuple[str, pd.DataFrame, dict[str, bytes], dict[str, Any]]:
    """The page, the tidy table, the figures and the JSON of what changed between two reports.

    Args:
        parameters: Which reports, and how changes are tested.
        seed: Seed of all draws.
        manifest: How the comparison itself is made.

    Raises:
        InvalidInputError: No reports are named, they are the same one, have no results of this
            version, or compare no attribute in common.
    """
    if parameters.reports is None:
        raise InvalidInputError(
            'No reports are named. Add --params "compare.reports=A;B": each results.json of a run '
            "or audit.json of an audit, its folder, or the data root of a run; A is the reference."
        )
    first, second = map(read_report, parameters.reports)
    if first.results.resolve() == second.results.resolve():
        raise InvalidInputError(
            f"compare.reports names {first.results} twice: expected two reports. To compare the "
            "models of one run, look at its own report."
        )
    changes, notes = side_by_side(first, second, params=parameters.inference, seed=seed)
    for note in notes:
        logger.info(note)
    sides = Side(first.about, first.inputs), Side(second.about, second.inputs)
    sections = side_sections(*sides, changes, notes)
    return (
        side_page(*sides, sections),
        changes,
        figure_files(sections, notes),
        side_json(*sides, changes, notes, manifest),
    )
