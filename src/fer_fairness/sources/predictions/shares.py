"""Probabilities of classes from what a file holds: shares, percentages, rounded ones, logits."""

from collections.abc import Sequence
from typing import Final, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from fer_fairness.fairness.codes import Flags, blocks_of
from fer_fairness.sources.foreign_tables.table import ROWS, ForeignTable, listed
from fer_fairness.sources.predictions.roles import ScoreColumns

SUM_TOLERANCE: Final = 1e-3
"""Largest distance from one that a row of probabilities may sum to, unless they are rounded."""

_PERCENT: Final = 100.0
_UNITS: Final = (0.01, 0.001)
"""What shares may be rounded to."""

_EXACT: Final = 1e-6

Values: TypeAlias = npt.NDArray[np.float64]


def shares_of(
    table: ForeignTable, columns: ScoreColumns, given: tuple[Values, ...]
) -> tuple[Values, ...]:
    """Probabilities in [0, 1], a column a class.

    Args:
        table: The file; notes tell what was done.
        columns: Which columns, and whether they hold logits.
        given: What they hold.

    Returns:
        Those of logits by a softmax, of percentages divided by 100. Sums are left as they are
        within `SUM_TOLERANCE` of one; rows of values that are rounded to two or three digits may
        sum to as much more or less as rounding explains, and are divided by their sum.

    Raises:
        InvalidInputError: If a probability is negative, rows sum neither to one nor to 100, or
            logits are probabilities already.
    """
    values = _without_percent(table, columns, given)
    wrong = ~_sum_to_one(values, SUM_TOLERANCE)
    if columns.kind == "logits":
        if not wrong.any():
            table.refuse(
                f"{listed(columns.columns)} hold probabilities, for every row sums to one, but "
                "were taken for logits. Name them with audit.columns.probabilities."
            )
        table.notes.append("The probabilities are the softmax of the logits.")
        return _softmax(values)
    if wrong.any():
        tolerance = max(SUM_TOLERANCE, _explained_by_rounding(values))
        if (unexplained := ~_sum_to_one(values, tolerance)).any():
            _refuse_sums(table, columns, values, unexplained)
        sums = sums_of(values)
        table.notes.append(
            f"The probabilities are rounded: rows sum to {sums.min():.3g} to {sums.max():.3g}, and "
            "each was divided by its sum."
        )
        values = tuple(own / sums for own in values)
    return tuple(own if own.max() <= 1 else np.minimum(own, 1.0) for own in values)


def sums_of(values: Sequence[Values]) -> Values:
    """Sums over the classes, shape (n,)."""
    sums = np.zeros(len(values[0]))
    for own in values:
        sums += own
    return sums


def _without_percent(
    table: ForeignTable, columns: ScoreColumns, values: tuple[Values, ...]
) -> tuple[Values, ...]:
    """Shares from percentages, which every row summing to 100 shows."""
    if columns.kind != "probabilities" or np.median(sums_of(values)) < _PERCENT / 2:
        return values
    shares = tuple(own / _PERCENT for own in values)
    if not _sum_to_one(shares, max(SUM_TOLERANCE, _explained_by_rounding(shares))).all():
        return values
    table.notes.append("The probabilities are percentages in the file, and were divided by 100.")
    return shares


def _sum_to_one(values: Sequence[Values], tolerance: float) -> Flags:
    found = np.abs(sums_of(values) - 1) <= tolerance
    for own in values:
        found &= own >= 0
    return np.asarray(found)


def _explained_by_rounding(values: Sequence[Values]) -> float:
    """How far a sum may be from one since its parts are rounded; 0 where they are not."""
    for unit in _UNITS:
        if all((np.abs(own / unit - np.rint(own / unit)) <= _EXACT).all() for own in values):
            return unit / 2 * len(values) + _EXACT
    return 0.0


def _softmax(values: Sequence[Values]) -> tuple[Values, ...]:
    found = np.empty((len(values), len(values[0])))
    for rows in blocks_of(found.shape[1]):
        found[:, rows] = softmax(np.stack([own[rows] for own in values]), axis=0)
    return tuple(found)


def _refuse_sums(
    table: ForeignTable, columns: ScoreColumns, values: Sequence[Values], bad: Flags
) -> NoReturn:
    row = int(np.argmax(bad))
    sums = sums_of(values)
    lowest = min(float(own[row]) for own in values)
    if lowest < 0:
        remedy = "If these are logits, name them with audit.columns.logits."
    else:
        remedy = (
            "If columns of some classes are not named, name all with audit.columns.probabilities."
        )
    negative = f", the smallest is {lowest:g}" if lowest < 0 else ""
    table.refuse(
        f"the probabilities {listed(columns.columns)} sum to {sums[row]:g} in row {row + 1} "
        f"({ROWS}){negative}, expected 1 within {SUM_TOLERANCE:g} and none below 0. This holds for "
        f"{int(bad.sum()):,} of {len(bad):,} rows. {remedy}"
    )
