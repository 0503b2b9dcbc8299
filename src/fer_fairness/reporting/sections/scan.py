"""The subgroup, over all attributes at once, with the most errors above expectation."""

import math

from fer_fairness.reporting.findings import Finding
from fer_fairness.reporting.inputs import DIFFERENCE_FOUND, ReportInputs
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import Section, Text, absent
from fer_fairness.reporting.tables import (
    Cell,
    Table,
    count_cell,
    number,
    p_equals,
    p_value,
    percent,
    thousands,
)
from fer_fairness.reporting.words import evaluation_set_label, subgroup_label, variant_label

_EXPLAINED = (
    "The values of all attributes are searched for the subgroup whose faces are mistaken most "
    "often above what their true emotions let expect. A search over very many subgroups always "
    "finds one: its p-value compares it with the best that the same search finds in shuffled data."
)


def scan_section(inputs: ReportInputs) -> Section:
    """What the scan found, one row a model and set."""
    rows = records(inputs.scan)
    title = "Worst-served subgroup"
    if not rows:
        return Section("subgroup", title, [absent("No subgroup was searched for.")])
    known = [name for name in ("variant", "evaluation_set") if name in inputs.scan.columns]
    shown = known if inputs.kind == "project" else []
    labels = {"variant": variant_label, "evaluation_set": evaluation_set_label}
    header = ("Subgroup", "n", "Errors observed", "Errors expected", "Score", "p", "Verdict")
    table = Table(
        caption="The subgroup with the most errors above expectation",
        header=(*(name.replace("_", " ").capitalize() for name in shown), *header),
        rows=tuple(
            (*(Cell(labels[name](str(row[name]))) for name in shown), *_cells(row)) for row in rows
        ),
    )
    return Section("subgroup", title, [Text(_EXPLAINED), table])


def scan_finding(row: Row) -> Finding:
    """One row of `scan` as a finding of the summary."""
    people = as_float(row["n_people"])
    observed, expected = (as_float(row[name]) for name in ("observed_errors", "expected_errors"))
    p = as_float(row["p_value"])
    found = _found(row)
    text = f"{_subgroup(row)} (n = {thousands(people)}): "
    if math.isfinite(p) and people > 0:
        text += (
            f"{thousands(observed)} faces mistaken ({percent(observed / people)}) where the "
            f"emotions they show let expect {number(expected, digits=1)} "
            f"({percent(expected / people)}); p {p_equals(p)}: {row['verdict']}."
        )
    else:
        text += f"{row['verdict']}."
    return Finding("found" if found else "not_found", "All attributes together", text)


def _found(row: Row) -> bool:
    tested = math.isfinite(as_float(row["p_value"]))
    return tested and str(row["verdict"]).startswith(DIFFERENCE_FOUND)


def _subgroup(row: Row) -> str:
    text = subgroup_label(str(row["subgroup"]))
    return text[:1].upper() + text[1:]


def _cells(row: Row) -> tuple[Cell, ...]:
    found = _found(row)
    return (
        Cell(_subgroup(row)),
        count_cell(as_float(row["n_people"])),
        Cell(thousands(as_float(row["observed_errors"])), numeric=True),
        Cell(number(as_float(row["expected_errors"]), digits=1), numeric=True),
        Cell(number(as_float(row["score"]), digits=2), numeric=True),
        Cell(p_value(as_float(row["p_value"])), numeric=True),
        Cell(str(row["verdict"]), strong=found, muted=not found),
    )
