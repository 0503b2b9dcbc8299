"""Did a gap close only because the best-served group is served worse?"""

from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.formulas import Counts, GapMetric

_ROUNDING: Final = 1e-12
"""Changes this small are none: the same table can give sums that differ in the last bits."""


def levelled_down(metric: GapMetric, first: Counts, second: Counts) -> bool:
    """Whether a second model is closer to equal treatment by loss alone.

    That is: the metric is closer to its ideal, the group that the first model served best is
    served worse, and no group is served better (the levelling down of Mittelstadt, Wachter and
    Russell 2023, arXiv 2302.02404).

    Args:
        metric: The metric, whose `group_score` says how well a group is served.
        first: Counts of the first model, one table a training seed, shape (seeds, g, c, k).
        second: Those of the second model.

    Returns:
        The answer for the means over the seeds; False where something is not defined.
    """
    before, after = (np.abs(metric(counts) - metric.ideal).mean() for counts in (first, second))
    if not np.isfinite([before, after]).all() or after >= before - _ROUNDING:
        return False
    served, then_served = (metric.group_score(counts).mean(axis=0) for counts in (first, second))
    change = then_served - served
    best = int(np.nanargmax(served))
    return bool(change[best] < -_ROUNDING and not np.any(change > _ROUNDING))
