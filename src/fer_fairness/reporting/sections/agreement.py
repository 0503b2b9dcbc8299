"""Predicted groups beside those that a dataset's annotators recorded; never mixed."""

from typing import Final

import pandas as pd

from fer_fairness.reporting.figures.matrices import in_order
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import Block, Heading, Text
from fer_fairness.reporting.tables import (
    Cell,
    Table,
    count_cell,
    number,
    thousands,
    value_with_interval,
)
from fer_fairness.reporting.words import attribute_label, evaluation_set_label, group_label

_INTRO: Final = (
    "Where a dataset's annotators recorded groups, predicted ones are kept apart from them, and "
    "compared with them here. Neither is the truth about a person. Compared are faces whose two "
    "labels can be brought to common words; kappa (Cohen 1960) is agreement beyond chance, at most "
    "1."
)
_NO_LABEL: Final = "no label"


def agreement_blocks(inputs: ReportInputs) -> list[Block]:
    """Agreement of annotated and predicted groups, and the counts; nothing where neither is."""
    counts = [
        _counts_table(rows, str(dataset), str(attribute))
        for (dataset, attribute), rows in inputs.agreement_counts.groupby(
            ["dataset", "attribute"], sort=False
        )
    ]
    if inputs.agreement.empty and not counts:
        return []
    blocks: list[Block] = [
        Heading("Annotated and predicted groups of the same faces"),
        Text(_INTRO),
    ]
    if len(inputs.agreement):
        blocks.append(_agreement_table(inputs.agreement))
    return [*blocks, *counts]


def _agreement_table(agreement: pd.DataFrame) -> Table:
    return Table(
        caption="Agreement of predicted with annotated groups, percent of the compared faces",
        header=(
            *("Dataset", "Attribute", "Annotated faces", "Compared"),
            *("Agreement, % [95 % interval]", "Kappa"),
        ),
        rows=tuple(_agreement_cells(row) for row in records(agreement)),
    )


def _agreement_cells(row: Row) -> tuple[Cell, ...]:
    value, low, high = (as_float(row[name]) for name in ("agreement", "ci_low", "ci_high"))
    return (
        Cell(evaluation_set_label(str(row["dataset"]))),
        Cell(attribute_label(str(row["attribute"]))),
        count_cell(as_float(row["n_faces"])),
        count_cell(as_float(row["n_comparable"])),
        Cell(value_with_interval(value, low, high, in_points=True), numeric=True),
        Cell(number(as_float(row["cohen_kappa"])), numeric=True),
    )


def _counts_table(rows: pd.DataFrame, dataset: str, attribute: str) -> Table:
    """A row an annotated group, a column a predicted one; grey where they cannot be compared."""
    named = rows.assign(
        predicted=rows["predicted"].astype(object).where(rows["predicted"].notna(), _NO_LABEL)
    )
    columns = in_order(list(named["predicted"].astype(str)))
    columns.sort(key=lambda name: name == _NO_LABEL)
    cells = {(str(row["annotated"]), str(row["predicted"])): row for row in records(named)}
    body = tuple(
        (
            Cell(group_label(group)),
            *(_count_cell(cells.get((group, column))) for column in columns),
        )
        for group in in_order(list(named["annotated"].astype(str)))
    )
    return Table(
        caption=f"{evaluation_set_label(dataset)}, {attribute_label(attribute)}: faces by "
        "annotated group (rows) and predicted group (columns); grey: not compared",
        header=("Annotated", *(group_label(name) for name in columns)),
        rows=body,
        folded=True,
    )


def _count_cell(row: Row | None) -> Cell:
    if row is None:
        return Cell("0", numeric=True, muted=True)
    count = thousands(as_float(row["n_faces"]))
    return Cell(count, numeric=True, muted=not bool(row["comparable"]))
