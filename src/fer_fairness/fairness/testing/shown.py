"""What is shown of a gap: an estimate and intervals that say what the verdict says."""

from dataclasses import dataclass, replace

import numpy as np

from fer_fairness.fairness.inference.intervals import Interval


@dataclass(frozen=True)
class Shown:
    """Numbers of one gap that agree with its verdict.

    Attributes:
        value: The estimate; inside both intervals.
        corrected: Interval at the corrected level: leaves out equal treatment exactly if found.
        alone: Interval of this gap looked at alone; of one that is found inside `corrected`.
        is_found: Whether the corrected test found a difference.
        more_is_worse: Whether a difference lies above equal treatment, or below.
    """

    value: float
    corrected: Interval
    alone: Interval
    is_found: bool
    more_is_worse: bool

    def detectable(self, planned: float, equal: float) -> float:
        """What could have been seen, in the light of this gap: one not found is no wider.

        Args:
            planned: What is found with the power asked for; NaN where nothing is.
            equal: What the gap comes to under equal treatment.
        """
        beyond = self.value - equal if self.more_is_worse else equal - self.value
        return planned if self.is_found else float(np.maximum(planned, beyond))


def agreeing(given: Shown, equal: float) -> Shown:
    """Bring numbers to agreement that draws of their own left apart by a little.

    Verdicts rest on shuffles, intervals on draws of other tables too: near the limit one may say
    what the other does not. The verdict counts. A gap not found has equal treatment in its
    interval; one found has it just outside.

    Args:
        given: The numbers, all defined.
        equal: What the gap comes to under equal treatment.
    """
    alone, corrected, value = given.alone, given.corrected, given.value
    if not given.is_found:
        corrected = _holding(_holding(corrected, value), equal)
        return replace(given, corrected=corrected, alone=_holding(alone, value))
    cut = max if given.more_is_worse else min
    limit = float(np.nextafter(equal, np.inf if given.more_is_worse else -np.inf))
    value = cut(value, limit)
    alone = _holding(Interval(cut(alone.low, limit), cut(alone.high, limit)), value)
    corrected = Interval(cut(corrected.low, limit), cut(corrected.high, limit))
    corrected = _holding(_holding(corrected, alone.low), alone.high)
    return replace(given, value=value, corrected=corrected, alone=alone)


def _holding(interval: Interval, value: float) -> Interval:
    return Interval(min(interval.low, value), max(interval.high, value))
