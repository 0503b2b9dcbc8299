"""The subgroup, over all attributes at once, with the most errors above expectation."""

import math
from typing import Final

from fer_fairness.reporting import page
from fer_fairness.reporting.findings.finding import Finding
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, subgroup_label
from fer_fairness.reporting.number_text import number, p_equals, p_value, percent, thousands
from fer_fairness.reporting.rows.scores import Counted, Judged, Scored

_EXPLAINED: Final = (
    "The values of all attributes are searched for the subgroup whose faces are mistaken most "
    "often above what their true emotions let expect. A search over very many subgroups always "
    "finds one: its p-value compares it with the best that the same search finds in shuffled data."
)


class ScanRow(Judged, Scored, Counted, table="scan"):
    """The subgroup that the search found for one model on one set."""

    subgroup: str
    observed_errors: float
    expected_errors: float
    score: float

    @property
    def label(self) -> str:
        """The subgroup in words."""
        return capitalised(subgroup_label(self.subgroup))


def worst_subgroup_section(inputs: ReportInputs) -> page.Section | None:
    """What the scan found, one row a model and set; None of a project that did not search."""
    rows, title = inputs.rows(ScanRow), "Worst-served subgroup"
    if not rows and inputs.kind == "project":
        return None
    if not rows:
        return page.Section("subgroup", title, [page.absent("No subgroup was searched for.")])
    columns: list[page.Column[ScanRow]] = []
    if inputs.kind == "project" or len(inputs.variants()) > 1:
        columns += [(capitalised(inputs.noun), lambda row: row.variant_label)]
    if inputs.kind == "project":
        columns += [("Evaluation set", lambda row: row.set_label)]
    columns += [
        ("Subgroup", lambda row: row.label),
        ("n", lambda row: page.faces([row])),
        ("Errors observed", lambda row: page.numeric(thousands(row.observed_errors))),
        ("Errors expected", lambda row: page.numeric(number(row.expected_errors, digits=1))),
        ("Score", lambda row: page.numeric(number(row.score, digits=2))),
        ("p", lambda row: page.numeric(p_value(row.p))),
        ("Verdict", lambda row: page.Cell(row.judgement, strong=row.found, muted=not row.found)),
    ]
    caption = "The subgroup with the most errors above expectation"
    ordered = sorted(rows, key=lambda row: not row.found)
    table = page.table(caption, ordered, columns, all_in=inputs.file_of(ScanRow))
    return page.Section("subgroup", title, [page.Text(_EXPLAINED), table])


def scan_finding(row: ScanRow, *, of_model: bool = False) -> Finding:
    """One row of `scan` as a finding of the summary.

    Args:
        row: The row.
        of_model: Whether the model is named, where there are several.
    """
    text = f"{row.label} (n = {row.size}): "
    if math.isfinite(row.p) and row.n_faces > 0:
        text += (
            f"{thousands(row.observed_errors)} faces mistaken "
            f"({percent(row.observed_errors / row.n_faces)}) where the emotions they show let "
            f"expect {number(row.expected_errors, digits=1)} "
            f"({percent(row.expected_errors / row.n_faces)}); p {p_equals(row.p)}: "
        )
    text += f"{row.judgement}."
    heading = f"{row.variant_label}, all attributes" if of_model else "All attributes together"
    return Finding("found" if row.found else "not_found", heading, text)
