"""Predicted groups beside those that a dataset's annotators recorded; never mixed."""

from collections.abc import Mapping
from typing import Final

from fer_fairness.reporting import page
from fer_fairness.reporting.labels import (
    attribute_label,
    evaluation_set_label,
    group_label,
    in_order,
)
from fer_fairness.reporting.number_text import number, thousands, value_with_interval
from fer_fairness.reporting.rows.labeller import AgreementCountRow, AgreementRow
from fer_fairness.reporting.rows.schema import grouped

_INTRO: Final = (
    "Where a dataset's annotators recorded groups, predicted ones are kept apart from them, and "
    "compared with them here. Neither is the truth about a person. Compared are faces whose two "
    "labels can be brought to common words; kappa (Cohen 1960) is agreement beyond chance, at most "
    "1."
)
_NO_LABEL: Final = "no label"


def agreement_blocks(
    agreement: list[AgreementRow], counts: list[AgreementCountRow]
) -> list[page.Block]:
    """Agreement of annotated and predicted groups, and the counts; nothing where neither is."""
    if not agreement and not counts:
        return []
    blocks: list[page.Block] = [
        page.Heading("Annotated and predicted groups of the same faces"),
        page.Text(_INTRO),
    ]
    if agreement:
        blocks.append(_agreement_table(agreement))
    by_table = grouped(counts, lambda row: (row.dataset, row.attribute))
    return [*blocks, *(_counts_table(rows) for rows in by_table.values())]


def _agreement_table(rows: list[AgreementRow]) -> page.Table:
    return page.table(
        "Agreement of predicted with annotated groups, percent of the compared faces",
        rows,
        [
            ("Dataset", lambda row: evaluation_set_label(row.dataset)),
            ("Attribute", lambda row: attribute_label(row.attribute)),
            ("Annotated faces", lambda row: page.people(row.n_faces)),
            ("Compared", lambda row: page.people(row.n_comparable)),
            ("Agreement, % [95 % interval]", _share_cell),
            ("Kappa", lambda row: page.numeric(number(row.cohen_kappa))),
        ],
    )


def _share_cell(row: AgreementRow) -> page.Cell:
    share = value_with_interval(row.agreement, row.ci_low, row.ci_high, in_points=True)
    return page.Cell(share, numeric=True)


def _counts_table(rows: list[AgreementCountRow]) -> page.Table:
    """A row an annotated group, a column a predicted one; grey where they cannot be compared."""
    by_group = grouped(rows, lambda row: row.annotated)
    lines = [
        {row.predicted or _NO_LABEL: row for row in by_group[group]}
        for group in in_order(list(by_group))
    ]
    predicted = in_order([row.predicted for row in rows if row.predicted])
    heads = {name: group_label(name) for name in predicted}
    if any(row.predicted is None for row in rows):
        heads[_NO_LABEL] = _NO_LABEL
    columns: list[page.Column[Mapping[str, AgreementCountRow]]] = [
        ("Annotated", lambda line: group_label(page.first_of(line).annotated))
    ]
    where, what = evaluation_set_label(rows[0].dataset), attribute_label(rows[0].attribute)
    return page.table(
        f"{where}, {what}: faces by annotated group (rows) and predicted group (columns); grey: "
        "not compared",
        lines,
        [*columns, *page.columns(heads, _count_cell)],
        folded=True,
    )


def _count_cell(row: AgreementCountRow | None) -> page.Cell:
    if row is None:
        return page.numeric("0", muted=True)
    return page.numeric(thousands(row.n_faces), muted=not row.comparable)
