"""Small reductions over counts and rates that leave undefined values (NaN) out.

Groups are the first axis wherever groups are compared. What is made of too few defined values is
NaN, never zero.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]


def divide(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Array:
    """Quotient of counts, or of rates: NaN for nobody of nobody (0 / 0)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.true_divide(numerator, denominator)


def total(values: Array, axis: int) -> Array:
    """Sum of the defined values, 0 where there is none."""
    return np.asarray(np.where(np.isnan(values), 0.0, values).sum(axis=axis))


def mean(values: Array, axis: int) -> Array:
    """Mean of the defined values, NaN where there is none."""
    undefined = np.isnan(values)
    defined = values.shape[axis] - undefined.sum(axis=axis)
    return divide(np.where(undefined, 0.0, values).sum(axis=axis), defined)


def lowest(values: Array) -> Array:
    """Lowest defined value of a group (first axis), NaN where there is none."""
    return np.asarray(np.fmin.reduce(values, axis=0, initial=np.nan))


def highest(values: Array) -> Array:
    """Highest defined value of a group (first axis), NaN where there is none."""
    return np.asarray(np.fmax.reduce(values, axis=0, initial=np.nan))


def comparable(values: Array) -> npt.NDArray[np.bool_]:
    """Where at least two groups (first axis) have a defined value."""
    return np.asarray(np.isnan(values).sum(axis=0) <= len(values) - 2)


def spread(values: Array) -> Array:
    """Highest minus lowest value of a group, NaN where fewer than two are defined."""
    return np.where(comparable(values), highest(values) - lowest(values), np.nan)


def min_by_max(values: Array) -> Array:
    """Lowest by highest value of a group, NaN where fewer than two are defined or all are zero."""
    return np.where(comparable(values), divide(lowest(values), highest(values)), np.nan)
