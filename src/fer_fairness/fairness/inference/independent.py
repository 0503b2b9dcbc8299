"""Differences of values that were measured on different people."""

from typing import TypeVar

import numpy as np
import pandas as pd

Values = TypeVar("Values", float, pd.Series)


def difference_interval(
    first: tuple[Values, Values, Values], second: tuple[Values, Values, Values]
) -> tuple[Values, Values]:
    """Interval of second minus first, from an interval of each.

    Square-and-add (MOVER; Zou and Donner 2008, Statistics in Medicine 27; of two shares with
    Wilson's intervals it is Newcombe's 1998): no symmetry is assumed, only that the two are
    independent. Where the same people are behind both, it is too wide.

    Args:
        first: Value, lower and upper end of its interval.
        second: The same of the other, at the same level.

    Returns:
        Lower and upper end, at that level.
    """
    (value, low, high), (other, other_low, other_high) = first, second
    difference = other - value
    below = np.sqrt((other - other_low) ** 2 + (high - value) ** 2)
    above = np.sqrt((other_high - other) ** 2 + (value - low) ** 2)
    return difference - below, difference + above
