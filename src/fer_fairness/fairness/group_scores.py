"""Recognition of all people and of each group, with intervals, as tidy tables."""

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference import (
    Seed,
    bootstrap_counts,
    resampled,
    seed_for,
)
from fer_fairness.fairness.intervals import Interval, percentile_interval, wilson_interval
from fer_fairness.fairness.metrics import (
    Array,
    Metric,
    accuracy,
    balanced_accuracy,
    macro_f1,
    recall,
)
from fer_fairness.params.fairness_reporting import EvaluationParameters

OVERALL_COLUMNS: Final = ("metric", "value", "ci_low", "ci_high", "n_people")
GROUP_COLUMNS: Final = ("attribute", "group", *OVERALL_COLUMNS)
CONFUSION_COLUMNS: Final = ("emotion", "predicted_emotion", "n_people")

Row: TypeAlias = dict[str, str | int | float]


def overall_table(
    everybody: GroupCounts, params: EvaluationParameters, *, seed: int
) -> pd.DataFrame:
    """Accuracy, balanced accuracy, macro F1 and each recall of all people together.

    Args:
        everybody: Counts with a single group.
        params: Number of replicates and confidence.
        seed: Seed of the bootstrap.

    Returns:
        `OVERALL_COLUMNS`. Shares (accuracy, recall) have Wilson's interval, the others the
        bootstrap's. What nobody allows to measure is NaN with 0 people.
    """
    averages = {"balanced_accuracy": balanced_accuracy, "macro_f1": macro_f1}
    (rows,) = _scores(everybody, averages, params, seed_for(seed, everybody.groups[0]))
    return pd.DataFrame(rows, columns=list(OVERALL_COLUMNS))


def group_table(
    by_attribute: Mapping[str, GroupCounts], params: EvaluationParameters, *, seed: int
) -> pd.DataFrame:
    """Accuracy, macro F1 and each recall of every group, however small.

    Args:
        by_attribute: Counts by attribute.
        params: Number of replicates and confidence.
        seed: Seed of the bootstrap; each attribute draws on its own.

    Returns:
        `GROUP_COLUMNS`; intervals as in `overall_table`.
    """
    rows = [
        {"attribute": attribute, "group": group, **row}
        for attribute, counted in by_attribute.items()
        for group, scores in zip(
            counted.groups,
            _scores(counted, {"macro_f1": macro_f1}, params, seed_for(seed, attribute)),
            strict=True,
        )
        for row in scores
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
    params: EvaluationParameters,
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


def _share(
    name: str, value: float, successes: int, people: int, params: EvaluationParameters
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
