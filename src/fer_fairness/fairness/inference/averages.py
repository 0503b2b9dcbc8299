"""Intervals of averages over emotions (macro F1, mean recall, Theil index) of one group.

Resampled faces do not show what few faces do not: where all are recognised every resample is
alike. Wilson's interval of the accuracy knows better; so an average is taken to be no surer than
the accuracy is.

How often 95 % intervals hold what unseen faces come to, of 300 simulations (emotions and recalls of
a model on RAF-DB; one of recalls .9 to .99; in brackets faces resampled within their emotion, and
no heed to the accuracy):

| faces | macro F1 | mean recall | Theil index | .9 to .99: F1 | recall | Theil index |
|---|---|---|---|---|---|---|
| 20 | .93 (.59) | .90 (.56) | .96 (.78) | 1.00 (.25) | 1.00 (.25) | 1.00 (.25) |
| 50 | .96 (.71) | .90 (.70) | .95 (.90) | 1.00 (.59) | 1.00 (.49) | 1.00 (.68) |
| 100 | .95 (.80) | .90 (.79) | .95 (.90) | 1.00 (.71) | .90 (.61) | .99 (.88) |
| 245 | .95 (.90) | .94 (.89) | .97 (.91) | .99 (.86) | .87 (.83) | .96 (.92) |
| 1,000 | .97 (.96) | .95 (.95) | .94 (.92) | .98 (.93) | .92 (.92) | .97 (.92) |
"""

from collections.abc import Sequence

import numpy as np

from fer_fairness.fairness.inference.intervals import Interval, percentile_interval
from fer_fairness.fairness.metrics.formulas import Counts, Metric, values_of
from fer_fairness.fairness.metrics.reductions import Array


def average_intervals(
    counts: Counts,
    metrics: Sequence[Metric],
    replicates: Sequence[Array],
    of_accuracy: Interval,
    confidence: float,
) -> list[Interval]:
    """The middle of the replicates, widened to what the bounds of the accuracy come to.

    Args:
        counts: Of the group, shape (c, k) with k = c.
        metrics: The averages.
        replicates: Their values on resampled counts, each of shape (draws,).
        of_accuracy: The interval of the group's accuracy.
        confidence: Of the replicates (`Sampling.confidence`); with NaN no interval is defined.

    Returns:
        One interval a metric.
    """
    bounds = np.stack(
        [at_accuracy(counts, share) for share in (of_accuracy.low, of_accuracy.high)]
    )[:, np.newaxis]
    found = []
    for at_bounds, values in zip(values_of(metrics, bounds), replicates, strict=True):
        middle = percentile_interval(values, confidence)
        ends = at_bounds[np.isfinite(at_bounds)]
        # NaN comes first: it stays.
        low, high = min([middle.low, *ends]), max([middle.high, *ends])
        found.append(Interval(float(low), float(high)))
    return found


def at_accuracy(counts: Counts, share: float) -> Array:
    """Counts (c, k) if a share of the faces were right, and the rest as it is.

    Of all emotions alike so many right answers go wrong, to any other emotion, or so many wrong
    ones come right.
    """
    is_right = np.eye(*counts.shape)
    right, wrong = counts * is_right, counts * (1.0 - is_right)
    n_right, n_wrong = float(right.sum()), float(wrong.sum())
    lost = max(1.0 - share * (n_right + n_wrong) / n_right, 0.0) if n_right else 0.0
    won = max(1.0 - (1.0 - share) * (n_right + n_wrong) / n_wrong, 0.0) if n_wrong else 0.0
    others = (1.0 - is_right) / max(counts.shape[-1] - 1, 1)
    to_others = lost * right.sum(axis=-1, keepdims=True) * others
    to_right = won * wrong.sum(axis=-1, keepdims=True) * is_right
    return np.asarray((1.0 - lost) * right + (1.0 - won) * wrong + to_others + to_right)
