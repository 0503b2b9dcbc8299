"""A gap that closed because the group served best is served worse."""

from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.reductions import Array

_ROUNDING: Final = 1e-12
"""Values this close are equal: the same table can give sums that differ in the last bits."""


def levelled_down(distance: float, then_distance: float, served: Array, then_served: Array) -> bool:
    """Whether a second model is closer to equal treatment by loss alone.

    That is: the metric is closer to its ideal, the group that the first model served best is
    served worse, and no group is served better (the levelling down of Mittelstadt, Wachter and
    Russell 2023, arXiv 2302.02404).

    Args:
        distance: How far the first model's metric is from its ideal.
        then_distance: How far the second's is.
        served: How well the first model serves each group, in the mean over seeds, shape (g,).
        then_served: How well the second does.

    Returns:
        The answer; False where something is not defined.
    """
    if not np.isfinite([distance, then_distance]).all():
        return False
    if then_distance >= distance - _ROUNDING or np.isnan(served).all():
        return False
    change = then_served - served
    best = int(np.nanargmax(served))
    return bool(change[best] < -_ROUNDING and not np.any(change > _ROUNDING))
