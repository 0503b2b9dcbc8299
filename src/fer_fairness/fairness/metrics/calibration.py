"""How far a group's accuracy is from the model's confidence, as a function of counts.

People are put in bins of equal mass by their confidence, once, over everybody, so that counts
C[g, true class, 2 * bin + right] can be resampled and shuffled between groups like any others
(`draws`).

This is not the error that each group would have with bins of its own. Here the bins and their
confidences are those of everybody, so that groups are held to the same confidence. A shuffle of
groups moves confidence and rightness together: the test of the gap asks whether groups are alike in
both, and finds groups that are calibrated alike but sure to unlike degrees (of 10,000 people in 12
% of samples, of 50,000 in 30 %). Besides, a group whose people sit at one end of a bin is measured
against the bin's mean: with ten bins of some hundred people each that is a small part of a bin's
width. As with any binned error, few people give an error above zero by noise alone, the more of it
the smaller the group; a gap is to be read with its permutation test.

Sources: Naeini et al. 2015 (AAAI, the expected calibration error), Nixon et al. 2019, arXiv
1904.01685 (adaptive bins).
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import (
    Codes,
    Labels,
    blocks_of,
    code_type,
    coded,
    codes_of,
    looked_up,
    tallied,
)
from fer_fairness.fairness.counts import GroupCounts, group_counts
from fer_fairness.fairness.metrics.formulas import Counts, Formula, GapMetric, MetricWords, Tables
from fer_fairness.fairness.metrics.reductions import Array, divide, spread

CALIBRATION_WORDS: Final[Mapping[str, MetricWords]] = MappingProxyType(
    {
        "calibration_error": MetricWords(
            "Calibration error",
            "Expected calibration error: how far the probability of the predicted emotion is from "
            "the share of such predictions that are right, averaged over bins of faces; 0 is best.",
        ),
        "calibration_error_gap": MetricWords(
            "Calibration-error gap",
            "Highest calibration error of a group minus the lowest; its test also finds groups of "
            "which the model is more or less sure, though rightly so.",
        ),
        "overconfidence": MetricWords(
            "Overconfidence",
            "Mean probability of the predicted emotion minus accuracy; above 0 a model is surer "
            "than it is right.",
        ),
    }
)
"""What people read of metrics of probabilities, by name."""


@dataclass(frozen=True)
class CalibrationCounts(GroupCounts):
    """People by group, true class, and bin of confidence with whether the prediction was right.

    `counts` is int64 of shape (groups, classes, 2 * bins): `counts[g, c, 2 * b]` people of group g
    and true class c whose confidence is in bin b and who are wrong, `2 * b + 1` who are right.

    Attributes:
        bin_confidence: Mean confidence of everybody in each bin, rising, shape (bins,).
    """

    bin_confidence: Array


def calibration_counts(
    y_true: Labels,
    y_pred: Labels,
    confidence: npt.ArrayLike,
    groups: Labels,
    *,
    classes: Sequence[str],
    n_bins: int = 10,
) -> CalibrationCounts:
    """Count people by group, true class, bin of confidence, and whether they are right.

    Args:
        y_true: True class of each person, shape (people,).
        y_pred: Predicted class of each person, shape (people,).
        confidence: Probability that the model gave to the predicted class, in [0, 1], (people,).
        groups: Group of each person; people whose group is missing help to form the bins, so that
            these are the same for every attribute, and are then left out and counted in
            `n_missing`.
        classes: All classes, in the order of the result.
        n_bins: Bins of equal mass. Equal confidences are never split: they go together to the bin
            that their middle falls in, which can leave fewer bins.

    Returns:
        The counts, with the groups that occur, sorted.

    Raises:
        InvalidInputError: If lengths differ, a class is missing or unknown, a confidence is
            missing or outside [0, 1], or `n_bins` is below 1.
    """
    counted = group_counts(y_true, y_pred, groups, classes=classes)
    confidences = np.asarray(confidence, dtype=np.float64)
    if confidences.shape != (len(y_true),):
        raise InvalidInputError(
            f"The confidences have the shape {confidences.shape}, expected ({len(y_true)},): one a "
            "person, the probability of the predicted class."
        )
    bins, bin_confidence = bins_of_confidence(confidences, n_bins=n_bins)
    true = codes_of("true class", y_true, classes)
    right = true == codes_of("predicted class", y_pred, classes)
    members = groups if isinstance(groups, pd.Series) else pd.Series(groups, dtype=object)
    places, values = coded(members)
    own = codes_of("group", values.map(str), counted.groups)
    membership = looked_up(np.append(own, np.int8(-1)), places)
    counts = tallied(
        (membership, len(counted.groups)),
        (true, len(classes)),
        (bins, len(bin_confidence)),
        (right.view(np.int8), 2),
    )
    return CalibrationCounts(
        counts=counts.reshape(len(counted.groups), len(classes), 2 * len(bin_confidence)),
        groups=counted.groups,
        classes=counted.classes,
        n_missing=counted.n_missing,
        bin_confidence=bin_confidence,
    )


def bins_of_confidence(confidence: npt.ArrayLike, *, n_bins: int = 10) -> tuple[Codes, Array]:
    """Put faces into bins of equal mass by their confidence.

    Args:
        confidence: Probability that the model gave to the predicted class, in [0, 1], (faces,).
        n_bins: As for `calibration_counts`.

    Returns:
        The bin of each face, codes of shape (faces,), and the mean confidence of each bin, rising.

    Raises:
        InvalidInputError: If `n_bins` is below 1, or a confidence is missing or outside [0, 1].
    """
    if n_bins < 1:
        raise InvalidInputError(f"n_bins is {n_bins}, expected at least 1. Ask for ten, say.")
    confidences = np.asarray(confidence, dtype=np.float64)
    _check_confidences(confidences)
    bins, n_used = _equal_mass_bins(confidences, n_bins)
    sums = np.zeros(n_used)
    for rows in blocks_of(len(bins)):
        np.add.at(sums, bins[rows].astype(np.intp), confidences[rows])
    return bins, sums / tallied((bins, n_used))


def calibration_error(counts: Counts, bin_confidence: Array) -> Array:
    """Expected calibration error of each group: sum_b n_gb / n_g |accuracy_gb - confidence_b|.

    Args:
        counts: Shape (..., g, c, 2 * bins), as in `CalibrationCounts`.
        bin_confidence: Mean confidence of each bin, shape (bins,); or what else the accuracy of a
            bin is held to, of each group its own, shape (g, bins).

    Returns:
        Shape (..., g), in [0, 1]; NaN for a group without people. A bin that a group has nobody in
        adds nothing to its error.

    Raises:
        InvalidInputError: If the counts have not two cells a bin.
    """
    n_bins = bin_confidence.shape[-1]
    if counts.shape[-1] != 2 * n_bins:
        raise InvalidInputError(
            f"The counts have {counts.shape[-1]} cells a class, expected two (wrong, right) for "
            f"each of the {n_bins} bins. Use counts and bins of one CalibrationCounts."
        )
    return _calibration_error(bin_confidence)(counts)


def bin_accuracy(counts: Counts) -> Array:
    """Share of each group's people in a bin who are right, shape (g, bins); 0 where nobody is.

    Args:
        counts: Shape (g, c, 2 * bins), as in `CalibrationCounts`.
    """
    of_bins = counts.sum(axis=1)
    return np.nan_to_num(divide(of_bins[:, 1::2], of_bins[:, ::2] + of_bins[:, 1::2]))


def calibration_gap_metric(bin_confidence: Array) -> GapMetric:
    """The highest minus the lowest calibration error of a group, for counts with these bins.

    Args:
        bin_confidence: Mean confidence of each bin, shape (bins,).

    Returns:
        `calibration_error_gap`, a function of counts (..., g, c, 2 * bins); NaN with fewer than
        two groups. Its group score is 1 - error.
    """
    error = _calibration_error(bin_confidence)

    def gap(tables: Tables) -> Array:
        return spread(tables.of(error))

    def score(tables: Tables) -> Array:
        return 1.0 - tables.of(error)

    name = "calibration_error_gap"
    return GapMetric(gap, name, CALIBRATION_WORDS[name], group_score=Formula(score))


def _calibration_error(bin_confidence: Array) -> Formula:
    """The error as a formula; written without accuracies, which an empty bin has not."""

    def error(tables: Tables) -> Array:
        wrong, right = tables.given[:, ::2], tables.given[:, 1::2]
        expected = (wrong + right) * np.asarray(bin_confidence)[..., np.newaxis]
        return divide(np.abs(right - expected).sum(axis=1), tables.people)

    return Formula(error)


def _equal_mass_bins(confidences: Array, n_bins: int) -> tuple[Codes, int]:
    """Bin of each person, and the number of bins that hold anybody.

    A confidence is in the bin of the middle of those equal to it. So bins begin at the least
    confidence of a middle far enough, which is searched for: ranks of all take much memory.
    """
    rising = np.sort(confidences)

    def reaches(bin_number: int, place: int) -> int:
        first, end = (np.searchsorted(rising, rising[place], side=s) for s in ("left", "right"))
        return int((first + end) / 2 * n_bins // len(rising) >= bin_number)

    starts = [
        bisect_left(range(len(rising)), 1, key=partial(reaches, bin_number))
        for bin_number in range(1, n_bins)
    ]
    limits = np.unique([rising[start] for start in starts if 0 < start < len(rising)])
    bins = np.empty(len(confidences), dtype=code_type(len(limits) + 1))
    for rows in blocks_of(len(bins)):
        bins[rows] = np.searchsorted(limits, confidences[rows], side="right")
    return bins, len(limits) + min(len(rising), 1)


def _check_confidences(confidences: Array) -> None:
    bad = np.flatnonzero(~((confidences >= 0) & (confidences <= 1)))
    if bad.size:
        raise InvalidInputError(
            f"Row {bad[0]} has the confidence {confidences[bad[0]]}, expected a probability in "
            f"[0, 1]; {bad.size} rows are like it. Leave such rows out, or give the probability of "
            "the predicted class (after the softmax, as a share and not in per cent)."
        )
