"""Cells that several sections share."""

from fer_fairness.reporting.records import Row, as_float
from fer_fairness.reporting.tables import MISSING, Cell, thousands, value_with_interval


def estimate_cell(
    row: Row | None,
    *,
    in_points: bool,
    muted: bool = False,
    with_size: bool = False,
    one_line: bool = False,
) -> Cell:
    """A value over its interval, and over its number of people if `with_size`.

    Args:
        row: A row with value, ci_low, ci_high (and n_people), or None where there is none.
        in_points: Whether the value is a share, to be shown in percent.
        muted: Whether to grey the cell.
        with_size: Whether to add a line with `n_people`.
        one_line: Whether the interval stands beside the value, and not below.

    Returns:
        The cell; a greyed dash where there is no row.
    """
    if row is None:
        return Cell(MISSING, numeric=True, muted=True)
    value, low, high = (as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
    text = value_with_interval(value, low, high, in_points=in_points)
    text = text if one_line else text.replace(" [", "\n[")
    size = f"\nn={thousands(as_float(row['n_people']))}" if with_size else ""
    return Cell(text + size, numeric=True, muted=muted)
