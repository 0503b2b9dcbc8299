"""Score of a subgroup in the subset scan: how much its errors exceed what is expected.

The Bernoulli score of AIF360's `MDSS` (Zhang and Neill 2016, arXiv 1611.08292), the log-likelihood
ratio of "the odds of an error are q times those expected" against "they are as expected", at the
best q >= 1:

    score = max over q of  O log q - sum_i log(1 - p_i + q p_i)

with O the errors observed and p_i the expected error of person i, the same for a class.
"""

from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.reductions import Array

LARGEST_ODDS_RATIO: Final = 1e3
"""The largest q tried, AIF360's own bound; without it a subgroup all wrong would have none."""

_NEWTON_STEPS: Final = 60
_LAST_STEP: Final = 1e-6
_ROUNDING: Final = 1e-9


def bernoulli_scores(observed: Array, people: Array, expected: Array) -> tuple[Array, Array]:
    """Score without penalty of people by class, and the log of the odds ratio that gives it.

    Args:
        observed: Errors, shape (n,).
        people: People by class, shape (n, classes).
        expected: Expected error of each class, shape (classes,).

    Returns:
        Scores and log odds ratios, shape (n,) both; 0 where no more errors than expected occur.
    """
    log_ratio = np.zeros(len(observed))
    above = observed > people @ expected + _ROUNDING
    observed, people = observed[above], people[above]
    found = _best_log_ratio(observed, people, expected)
    log_ratio[above] = found
    scores = np.zeros(len(log_ratio))
    normalisers = (people * log_normalisers(found, expected)).sum(axis=1)
    scores[above] = np.maximum(observed * found - normalisers, 0.0)
    return scores, log_ratio


def _best_log_ratio(observed: Array, people: Array, expected: Array) -> Array:
    """Where the score is highest: Newton's method, kept inside bounds by bisection.

    It starts from the odds ratio of the sums, the answer where all classes are alike.
    """
    limit = np.log(LARGEST_ODDS_RATIO)
    low, high = np.zeros(len(observed)), np.full(len(observed), limit)
    wrong, size = people @ expected, people.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(observed * (size - wrong) / (wrong * (size - observed)))
    log_ratio = np.clip(np.nan_to_num(ratio, nan=limit, posinf=limit), 0.0, limit)
    for _ in range(_NEWTON_STEPS):
        odds = np.exp(log_ratio)[:, np.newaxis] * expected
        errors = odds / (1 - expected + odds)
        of_class = people * errors
        missing = observed - of_class.sum(axis=1)
        low, high = np.where(missing > 0, log_ratio, low), np.where(missing > 0, high, log_ratio)
        slope = (of_class * (1 - errors)).sum(axis=1)
        raised = np.minimum(log_ratio + missing / np.maximum(slope, _ROUNDING), limit)
        before = log_ratio
        log_ratio = np.where((raised > low) & (raised <= high), raised, (low + high) / 2)
        # Steps square their length from one to the next, and the score is flat at its top.
        if np.abs(log_ratio - before).max(initial=0.0) < _LAST_STEP:
            break
    return np.asarray(log_ratio)


def log_normalisers(log_ratios: Array, expected: Array) -> Array:
    """log(1 - p + q p) by log q and p, shape (ratios, classes)."""
    return np.log1p(np.expm1(log_ratios)[:, np.newaxis] * expected)
