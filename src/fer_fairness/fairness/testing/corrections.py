"""P-values corrected for the number of tests."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.metrics.group_metrics import Array


def holm(p_values: npt.ArrayLike) -> Array:
    """P-values adjusted so that all findings hold at once (Holm 1979); NaN stays and counts not."""
    return _adjusted(p_values, _holm)


def benjamini_hochberg(p_values: npt.ArrayLike) -> Array:
    """P-values adjusted for the share of false findings (Benjamini and Hochberg 1995).

    NaN stays NaN and does not count as a test.
    """
    return _adjusted(p_values, _benjamini_hochberg)


def _adjusted(p_values: npt.ArrayLike, adjust: Callable[[Array], Array]) -> Array:
    values = np.array(p_values, dtype=np.float64)
    tested = np.isfinite(values)
    wrong = values[tested][(values[tested] < 0) | (values[tested] > 1)]
    if wrong.size:
        raise InvalidInputError(f"A p-value is {wrong[0]}, expected from 0 to 1, or NaN.")
    order = np.argsort(values[tested], kind="stable")
    adjusted = np.empty(order.size)
    adjusted[order] = np.minimum(adjust(values[tested][order]), 1.0)
    values[tested] = adjusted
    return values


def _holm(ascending: Array) -> Array:
    return np.maximum.accumulate(ascending * np.arange(ascending.size, 0, -1))


def _benjamini_hochberg(ascending: Array) -> Array:
    scaled = ascending * ascending.size / np.arange(1, ascending.size + 1)
    return np.minimum.accumulate(scaled[::-1])[::-1]
