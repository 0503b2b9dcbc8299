"""How far a group's accuracy is from the model's confidence, as a function of counts.

People are put in bins of equal mass by their confidence, once, over everybody; what is left to
chance is then only who is right, so that counts C[g, true class, 2 * bin + right] can be resampled
and shuffled between groups like any others (`draws`).

This is not the error that each group would have with bins of its own. Here the bins and their
confidences are those of everybody, so that groups are held to the same confidence and a shuffle of
groups moves nothing else. In exchange a group whose people sit at one end of a bin is measured
against the bin's mean: with ten bins of some hundred people each that is a small part of a bin's
width. As with any binned error, few people give an error above zero by noise alone, the more of it
the smaller the group; a gap is to be read with its permutation test.

Sources: Naeini et al. 2015 (AAAI, the expected calibration error), Nixon et al. 2019, arXiv
1904.01685 (adaptive bins).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import GroupCounts, Labels, codes_of, group_counts
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
            "Calibration-error gap", "Highest calibration error of a group minus the lowest."
        ),
    }
)
"""What people read of both metrics here, by name."""


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
    _check_confidences(confidence, n_people=len(y_true))
    bins, bin_confidence = bins_of_confidence(confidence, n_bins=n_bins)
    true = codes_of("true class", y_true, classes)
    right = true == codes_of("predicted class", y_pred, classes)
    membership = np.asarray(groups, dtype=object)
    known = np.asarray(pd.notna(membership), dtype=bool)
    names = [str(name) for name in membership[known]]
    shape = len(counted.groups), len(classes), 2 * len(bin_confidence)
    cells = codes_of("group", names, counted.groups) * shape[1] + true[known]
    cells = cells * shape[2] + (2 * bins + right)[known]
    size = shape[0] * shape[1] * shape[2]
    counts = np.bincount(cells, minlength=size).reshape(shape).astype(np.int64)
    return CalibrationCounts(
        counts=counts,
        groups=counted.groups,
        classes=counted.classes,
        n_missing=counted.n_missing,
        bin_confidence=bin_confidence,
    )


def bins_of_confidence(
    confidence: npt.ArrayLike, *, n_bins: int = 10
) -> tuple[npt.NDArray[np.int64], Array]:
    """Put faces into bins of equal mass by their confidence.

    Args:
        confidence: Probability that the model gave to the predicted class, in [0, 1], (faces,).
        n_bins: As for `calibration_counts`.

    Returns:
        The bin of each face, int64 of shape (faces,), and the mean confidence of each bin, rising.

    Raises:
        InvalidInputError: If `n_bins` is below 1.
    """
    if n_bins < 1:
        raise InvalidInputError(f"n_bins is {n_bins}, expected at least 1. Ask for ten, say.")
    confidences = np.asarray(confidence, dtype=np.float64)
    bins, n_used = _equal_mass_bins(confidences, n_bins)
    in_bin = np.bincount(bins, minlength=n_used)
    return bins, np.bincount(bins, weights=confidences, minlength=n_used) / in_bin


def calibration_error(counts: Counts, bin_confidence: Array) -> Array:
    """Expected calibration error of each group: sum_b n_gb / n_g |accuracy_gb - confidence_b|.

    Args:
        counts: Shape (..., g, c, 2 * bins), as in `CalibrationCounts`.
        bin_confidence: Mean confidence of each bin, shape (bins,).

    Returns:
        Shape (..., g), in [0, 1]; NaN for a group without people. A bin that a group has nobody in
        adds nothing to its error.

    Raises:
        InvalidInputError: If the counts have not two cells a bin.
    """
    if counts.shape[-1] != 2 * len(bin_confidence):
        raise InvalidInputError(
            f"The counts have {counts.shape[-1]} cells a class, expected two (wrong, right) for "
            f"each of the {len(bin_confidence)} bins. Use counts and bins of one CalibrationCounts."
        )
    return _calibration_error(bin_confidence)(counts)


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
        expected = (wrong + right) * np.asarray(bin_confidence)[:, np.newaxis]
        return divide(np.abs(right - expected).sum(axis=1), tables.people)

    return Formula(error)


def _equal_mass_bins(confidences: Array, n_bins: int) -> tuple[npt.NDArray[np.int64], int]:
    """Bin of each person, and the number of bins that hold anybody."""
    middles = pd.Series(confidences).rank(method="average").to_numpy() - 0.5
    bins = (middles * n_bins // max(len(confidences), 1)).astype(np.int64)
    used, numbered = np.unique(bins, return_inverse=True)
    return numbered.astype(np.int64), len(used)


def _check_confidences(confidence: npt.ArrayLike, *, n_people: int) -> None:
    confidences = np.asarray(confidence, dtype=np.float64)
    if confidences.shape != (n_people,):
        raise InvalidInputError(
            f"The confidences have the shape {confidences.shape}, expected ({n_people},): one a "
            "person, the probability of the predicted class."
        )
    bad = np.flatnonzero(~((confidences >= 0) & (confidences <= 1)))
    if bad.size:
        raise InvalidInputError(
            f"Row {bad[0]} has the confidence {confidences[bad[0]]}, expected a probability in "
            f"[0, 1]; {bad.size} rows are like it. Leave such rows out, or give the probability of "
            "the predicted class (after the softmax, as a share and not in per cent)."
        )
