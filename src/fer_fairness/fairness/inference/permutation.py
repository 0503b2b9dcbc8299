"""Permutation tests: a measured value against the values that shuffled groups give."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.reductions import Array

_ROUNDING: Final = 1e-12
"""Values this close are equal: the same table can give sums that differ in the last bits."""


@dataclass(frozen=True)
class PermutationTest:
    """A value against the values that chance alone gives.

    Attributes:
        p_value: (1 + number of draws at least as far from equal treatment) / (draws + 1).
        null_mean: Mean over the draws.
        null_95: The value that 95 draws of 100 do not pass on the side of unequal treatment.
    """

    p_value: float
    null_mean: float
    null_95: float


def permutation_test(value: float, null: Array, *, higher_is_worse: bool) -> PermutationTest:
    """Compare a value with its permutation draws, one-sided towards unequal treatment.

    Args:
        value: The value measured; NaN gives a test of NaN.
        null: Values on shuffled counts, shape (n,).
        higher_is_worse: Whether larger values mean less equal treatment.
    """
    defined = null[np.isfinite(null)]
    if not np.isfinite(value) or defined.size == 0:
        return PermutationTest(float("nan"), float("nan"), float("nan"))
    sign = 1.0 if higher_is_worse else -1.0
    as_extreme = np.count_nonzero(sign * defined >= sign * value - _ROUNDING)
    limit = 0.95 if higher_is_worse else 0.05
    return PermutationTest(
        p_value=(1 + as_extreme) / (defined.size + 1),
        null_mean=float(defined.mean()),
        null_95=float(np.quantile(defined, limit)),
    )
