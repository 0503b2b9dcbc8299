"""How often the labeller recognises each group, of all its faces and by the other attributes."""

from collections.abc import Mapping

from fer_fairness.reporting import page
from fer_fairness.reporting.labels import attribute_label, group_label, in_order
from fer_fairness.reporting.number_text import (
    MISSING,
    is_few,
    percent,
    thousands,
    value_with_interval,
)
from fer_fairness.reporting.rows.labeller import LabellerRecallRow
from fer_fairness.reporting.rows.schema import grouped


def recall_tables(recalls: list[LabellerRecallRow], faces: str) -> list[page.Table]:
    """Recall of every group, and folded tables of it by the other attributes.

    Args:
        recalls: Rows of one condition, one grouping an attribute.
        faces: How the faces looked, in words.

    Returns:
        One table of all groups; then one an attribute, a column a stratum. None without rows.
    """
    of_all = [row for row in recalls if row.stratum_attribute is None]
    strata = [row for row in recalls if row.stratum_attribute is not None]
    tables = [_all_table(of_all, faces)] if of_all else []
    by_attribute = grouped(strata, lambda row: row.attribute)
    return tables + [_strata_table(rows, faces) for rows in by_attribute.values()]


def _all_table(rows: list[LabellerRecallRow], faces: str) -> page.Table:
    by_attribute = grouped(rows, lambda row: row.attribute).values()
    return page.table(
        f"How often the labeller recognises each group, held-out faces {faces}, percent [95 % "
        "interval]",
        [row for block in by_attribute for row in _ordered(block)],
        [
            ("Attribute", lambda row: row.attribute_label),
            ("Group", lambda row: group_label(row.group)),
            ("Faces", lambda row: page.people(row.n_faces)),
            (
                "Recall",
                lambda row: page.Cell(_recall(row), numeric=True, muted=is_few(row.n_faces)),
            ),
            ("Most frequent mistake", _mistake),
        ],
        folded=True,
    )


def _strata_table(rows: list[LabellerRecallRow], faces: str) -> page.Table:
    """A row a group, a column a stratum of each other attribute."""
    heads = {
        (attribute, stratum): group_label(stratum)
        for attribute, same in grouped(rows, lambda row: row.stratum_attribute).items()
        for stratum in in_order([str(row.stratum) for row in same])
    }
    columns: list[page.Column[Mapping[tuple[str | None, str], LabellerRecallRow]]] = [
        ("Group", lambda line: group_label(page.first_of(line).group))
    ]
    by_group = grouped(_ordered(rows), lambda row: row.group).values()
    return page.table(
        f"Recall of {attribute_label(rows[0].attribute)} by the other attributes, held-out faces "
        f"{faces}, percent [95 % interval]; grey: few faces",
        [{(row.stratum_attribute, str(row.stratum)): row for row in line} for line in by_group],
        [*columns, *page.columns(heads, _stratum_cell)],
        folded=True,
    )


def _ordered(rows: list[LabellerRecallRow]) -> list[LabellerRecallRow]:
    order = in_order([row.group for row in rows])
    return sorted(rows, key=lambda row: order.index(row.group))


def _recall(row: LabellerRecallRow) -> str:
    return value_with_interval(row.recall, row.ci_low, row.ci_high, in_points=True)


def _stratum_cell(row: LabellerRecallRow | None) -> page.Cell:
    if row is None:
        return page.DASH
    return page.numeric(f"{_recall(row)}\nn={thousands(row.n_faces)}", muted=is_few(row.n_faces))


def _mistake(row: LabellerRecallRow) -> str:
    """The group that is named most often instead, with its share of the faces."""
    if not row.most_frequent_mistake:
        return MISSING
    return f"{group_label(row.most_frequent_mistake)}, {percent(row.mistake_share)}"
