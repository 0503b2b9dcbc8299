"""Recognition of all people and of each group, with intervals, as tidy tables."""

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference.draws import Seed, bootstrap_counts, resampled, seed_for
from fer_fairness.fairness.inference.intervals import (
    Interval,
    percentile_interval,
    reflected_interval,
    wilson_interval,
)
from fer_fairness.fairness.metrics.calibration import CalibrationCounts, calibration_error
from fer_fairness.fairness.metrics.group_metrics import (
    Array,
    Counts,
    Metric,
    accuracy,
    balanced_accuracy,
    macro_f1,
    recall,
    theil_index,
)
from fer_fairness.params.inference import InferenceParameters

OVERALL_COLUMNS: Final = ("metric", "value", "ci_low", "ci_high", "n_people")
GROUP_COLUMNS: Final = ("attribute", "group", *OVERALL_COLUMNS)
CONFUSION_COLUMNS: Final = ("emotion", "predicted_emotion", "n_people")

Row: TypeAlias = dict[str, str | int | float]


def overall_table(
    everybody: GroupCounts,
    params: InferenceParameters,
    *,
    seed: int,
    calibration: CalibrationCounts | None = None,
) -> pd.DataFrame:
    """Accuracy, averages over emotions, each recall, and calibration of all people together.

    Args:
        everybody: Counts with a single group.
        params: Number of replicates and confidence.
        seed: Seed of the bootstrap.
        calibration: The same people by bins of confidence, where there are probabilities.

    Returns:
        `OVERALL_COLUMNS`. Shares (accuracy, recall) have Wilson's interval, the others the
        bootstrap's; that of `calibration_error`, which noise raises, is reflected. What nobody
        allows to measure is NaN with 0 people.
    """
    averages = {
        "balanced_accuracy": balanced_accuracy,
        "macro_f1": macro_f1,
        "theil_index": theil_index,
    }
    (rows,) = _scores(everybody, averages, params, seed_for(seed, everybody.groups[0]))
    if calibration is not None:
        rows += _calibration_rows(calibration, params, seed_for(seed, "calibration"))
    return pd.DataFrame(rows, columns=list(OVERALL_COLUMNS))


def group_table(
    by_attribute: Mapping[str, GroupCounts],
    params: InferenceParameters,
    *,
    seed: int,
    calibration: Mapping[str, CalibrationCounts] | None = None,
) -> pd.DataFrame:
    """Accuracy, averages over emotions, each recall and calibration of every group, however small.

    Args:
        by_attribute: Counts by attribute.
        params: Number of replicates and confidence.
        seed: Seed of the bootstrap; each attribute draws on its own.
        calibration: Counts by bins of confidence, by attribute, where there are probabilities.

    Returns:
        `GROUP_COLUMNS`; intervals as in `overall_table`.
    """
    averages = {"macro_f1": macro_f1, "theil_index": theil_index}
    rows: list[Row] = []
    for attribute, counted in by_attribute.items():
        scores = _scores(counted, averages, params, seed_for(seed, attribute))
        if calibration:
            own_seed = seed_for(seed, f"calibration by {attribute}")
            errors = _calibration_rows(calibration[attribute], params, own_seed)
            scores = [[*own, error] for own, error in zip(scores, errors, strict=True)]
        rows += [
            {"attribute": attribute, "group": group, **row}
            for group, own in zip(counted.groups, scores, strict=True)
            for row in own
        ]
    return pd.DataFrame(rows, columns=list(GROUP_COLUMNS))


def confusion_table(everybody: GroupCounts) -> pd.DataFrame:
    """People by true and predicted emotion, every pair a row: `CONFUSION_COLUMNS`."""
    pairs = pd.MultiIndex.from_product([everybody.classes, everybody.classes])
    table = pairs.to_frame(index=False, name=list(CONFUSION_COLUMNS[:2]))
    return table.assign(n_people=everybody.counts.sum(axis=0).ravel())


def _scores(
    counted: GroupCounts,
    averages: Mapping[str, Metric],
    params: InferenceParameters,
    seed: Seed,
) -> list[list[Row]]:
    """The rows of each group: accuracy, the averages over emotions, the recalls."""
    replicates = resampled(
        bootstrap_counts, counted.counts, list(averages.values()), n=params.n_bootstrap, seed=seed
    )
    accuracies = accuracy(counted.counts)
    recalls = recall(counted.counts)
    scores: list[list[Row]] = []
    for group, counts in enumerate(counted.counts):
        right = np.diagonal(counts)
        people = int(counts.sum())
        rows = [_share("accuracy", accuracies[group], int(right.sum()), people, params)]
        for (name, metric), values in zip(averages.items(), replicates, strict=True):
            interval = percentile_interval(values[:, group], params.confidence)
            value = metric(counted.counts)[group]
            rows.append(_row(name, value, interval, people))
        for emotion, place in zip(counted.classes, range(len(counted.classes)), strict=True):
            of_emotion = int(counts[place].sum())
            name = f"recall_{emotion}"
            rows.append(_share(name, recalls[group, place], int(right[place]), of_emotion, params))
        scores.append(rows)
    return scores


def _calibration_rows(
    counted: CalibrationCounts, params: InferenceParameters, seed: Seed
) -> list[Row]:
    """The calibration error of each group; people are resampled within their group."""
    counts_of_bins = counted.counts.sum(axis=1, keepdims=True)

    def errors(counts: Counts) -> Array:
        return calibration_error(counts, counted.bin_confidence)

    (replicates,) = resampled(
        bootstrap_counts, counts_of_bins, [errors], n=params.n_bootstrap, seed=seed
    )
    values = errors(counts_of_bins)
    rows = []
    for group, people in enumerate(counted.sizes):
        value = float(values[group])
        reflected = reflected_interval(value, replicates[:, group], params.confidence)
        interval = Interval(max(reflected.low, 0.0), reflected.high)
        rows.append(_row("calibration_error", value, interval, int(people)))
    return rows


def _share(
    name: str, value: float, successes: int, people: int, params: InferenceParameters
) -> Row:
    return _row(name, value, wilson_interval(successes, people, params.confidence), people)


def _row(name: str, value: float | Array, interval: Interval, people: int) -> Row:
    return {
        "metric": name,
        "value": float(value),
        "ci_low": interval.low,
        "ci_high": interval.high,
        "n_people": people,
    }
