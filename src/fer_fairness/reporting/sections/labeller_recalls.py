"""How often the labeller recognises each group, of all its faces and by the other attributes."""

import pandas as pd

from fer_fairness.reporting.figures.matrices import in_order
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.tables import (
    MISSING,
    Cell,
    Table,
    count_cell,
    is_few,
    percent,
    thousands,
    value_with_interval,
)
from fer_fairness.reporting.words import attribute_label, group_label


def recall_tables(recalls: pd.DataFrame, faces: str) -> list[Table]:
    """Recall of every group, and folded tables of it by the other attributes.

    Args:
        recalls: Rows of `labeller_recalls` of one condition, one grouping an attribute.
        faces: How the faces looked, in words.

    Returns:
        One table of all groups; then one an attribute, a column a stratum. None without rows.
    """
    if recalls.empty:
        return []
    of_all = recalls[recalls["stratum_attribute"].isna()]
    tables = [_all_table(of_all, faces)] if len(of_all) else []
    strata = recalls[recalls["stratum_attribute"].notna()]
    tables += [
        _strata_table(rows, str(attribute), faces)
        for attribute, rows in strata.groupby("attribute", sort=False)
    ]
    return tables


def _all_table(rows: pd.DataFrame, faces: str) -> Table:
    body = [
        (
            Cell(attribute_label(str(attribute))),
            Cell(group_label(str(row["group"]))),
            count_cell(as_float(row["n_faces"])),
            _recall_cell(row),
            Cell(_mistake(row)),
        )
        for attribute, block in rows.groupby("attribute", sort=False)
        for row in _ordered(block)
    ]
    return Table(
        caption=f"How often the labeller recognises each group, held-out faces {faces}, percent "
        "[95 % interval]",
        header=("Attribute", "Group", "Faces", "Recall", "Most frequent mistake"),
        rows=tuple(body),
    )


def _strata_table(rows: pd.DataFrame, attribute: str, faces: str) -> Table:
    pairs = zip(rows["stratum_attribute"].astype(str), rows["stratum"].astype(str), strict=True)
    columns = list(dict.fromkeys(pairs))
    columns = [
        (name, stratum)
        for name in dict.fromkeys(name for name, _ in columns)
        for stratum in in_order([stratum for of, stratum in columns if of == name])
    ]
    cells: dict[tuple[str, str, str], Row] = {
        (str(row["group"]), str(row["stratum_attribute"]), str(row["stratum"])): row
        for row in records(rows)
    }
    body = tuple(
        (
            Cell(group_label(group)),
            *(_stratum_cell(cells.get((group, *column))) for column in columns),
        )
        for group in in_order(list(rows["group"].astype(str)))
    )
    return Table(
        caption=f"Recall of {attribute_label(attribute)} by the other attributes, held-out faces "
        f"{faces}, percent [95 % interval]; grey: few faces",
        header=("Group", *(group_label(stratum) for _, stratum in columns)),
        rows=body,
        folded=True,
    )


def _ordered(rows: pd.DataFrame) -> list[Row]:
    order = in_order(list(rows["group"].astype(str)))
    return sorted(records(rows), key=lambda row: order.index(str(row["group"])))


def _recall_cell(row: Row) -> Cell:
    value, low, high = (as_float(row[name]) for name in ("recall", "ci_low", "ci_high"))
    text = value_with_interval(value, low, high, in_points=True)
    return Cell(text, numeric=True, muted=is_few(as_float(row["n_faces"])))


def _stratum_cell(row: Row | None) -> Cell:
    if row is None:
        return Cell(MISSING, numeric=True, muted=True)
    cell = _recall_cell(row)
    size = f"\nn={thousands(as_float(row['n_faces']))}"
    return Cell(cell.text.replace(" [", "\n[") + size, numeric=True, muted=cell.muted)


def _mistake(row: Row) -> str:
    """The group that is named most often instead, with its share of the faces."""
    name = row["most_frequent_mistake"]
    if not isinstance(name, str) or not name:
        return MISSING
    return f"{group_label(name)}, {percent(as_float(row['mistake_share']))}"
