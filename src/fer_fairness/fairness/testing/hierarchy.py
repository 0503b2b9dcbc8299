"""Which differences count as found, so that a false one is among them in 5 of 100 audits at most.

First one question an attribute (`omnibus`), then what is behind it: metrics, single classes, pairs
of groups. All p-values are those of the same shuffles, so how tests hang together is known and not
paid for (Westfall and Young 1993, "Resampling-Based Multiple Testing", step-down min-p; weighted as
in Westfall and Krishen 2001, Journal of Statistical Planning and Inference 99).

The level of the audit is parted among the attributes by the joint distribution of their smallest
weighted p-value. What is behind an attribute is tested only where its question found something, at
no more than the attribute's part (a hierarchy in the sense of Meinshausen 2008, Biometrika 95): a
false finding in an attribute is either a false answer to its question, or, where the answer is
true, one false finding behind it, and either happens in no more than the attribute's part of
audits. The parts follow from how the questions hang together. Where several attributes truly
differ, what is behind them may hang together less, and the bound for the whole audit is the sum of
the parts: with three attributes and their pairs 5.7 % where 5 % are asked for.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.reductions import Array

_TIE: Final = 1e-12
_JUST_BELOW: Final = 1e-7
"""P-values are whole numbers of shuffles: none lies so near to another."""


@dataclass(frozen=True)
class SteppedDown:
    """Tests of one family after the correction.

    Attributes:
        p_values: Corrected, shape (tests,).
        ratio: The p-value divided by its weight up to which a test is found at the family's level:
            it is found exactly where p / weight is at most this.
        first_ratio: The same before any test is taken off as found.
    """

    p_values: Array
    ratio: float
    first_ratio: float


def step_down(p_values: Array, weights: Array, level: float) -> SteppedDown:
    """Westfall and Young's step-down min-p over weighted p-values.

    Args:
        p_values: Shape (1 + n, tests): measured ones first, then those of each shuffle; 1 where a
            test is not defined.
        weights: Shape (tests,); the share of the level that a test is given goes with it.
        level: Level of the family.
    """
    ratios = p_values / weights
    order = np.argsort(ratios[0], kind="stable")
    lowest = np.minimum.accumulate(ratios[:, order[::-1]], axis=1)[:, ::-1]
    reached = (lowest <= ratios[0, order] * (1.0 + _TIE)).mean(axis=0)
    corrected = np.empty(len(order))
    corrected[order] = np.maximum.accumulate(reached)
    n_found = int((corrected <= level).sum())
    left = lowest[:, min(n_found, len(order) - 1)]
    return SteppedDown(corrected, _limit(left, level), _limit(lowest[:, 0], level))


def corrected(p_value: Array, smallest: Array) -> Array:
    """Share of shuffles whose smallest p-value of a family reaches each p-value.

    Args:
        p_value: Any shape.
        smallest: Shape (n,).
    """
    ascending = np.sort(smallest)
    reached = np.searchsorted(ascending, np.asarray(p_value) * (1.0 + _TIE), side="right")
    return np.asarray(reached / len(ascending))


def level_of(smallest: Array, level: float) -> float:
    """The p-value up to which `corrected` is at most `level`: just below the first that is not."""
    return _limit(smallest, level)


def _limit(smallest: Array, level: float) -> float:
    ascending = np.sort(smallest)
    allowed = int(np.floor(level * len(ascending) + _TIE))
    if allowed >= len(ascending):
        return float("inf")
    return float(ascending[allowed]) * (1.0 - _JUST_BELOW)
