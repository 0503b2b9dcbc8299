"""Recognition of all people and of each group, with intervals, as tidy tables."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import pandas as pd

from fer_fairness.fairness.counts import Counts, GroupCounts
from fer_fairness.fairness.inference.averages import average_intervals
from fer_fairness.fairness.inference.draws import (
    Draw,
    Seed,
    calibrated_counts,
    resampled,
    seed_for,
)
from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval, raised_interval
from fer_fairness.fairness.metrics.calibration import (
    CalibrationCounts,
    bin_accuracy,
    calibration_error,
)
from fer_fairness.fairness.metrics.formulas import values_of
from fer_fairness.fairness.metrics.group_metrics import (
    Array,
    Metric,
    accuracy,
    balanced_accuracy,
    macro_f1,
    recall,
    theil_index,
)
from fer_fairness.fairness.metrics.group_metrics import Counts as AnyCounts
from fer_fairness.fairness.people.counted_people import PeopleCounts
from fer_fairness.fairness.people.whole_people import Sampling, SingleFaces
from fer_fairness.params.inference import InferenceParameters

OVERALL_COLUMNS: Final = ("metric", "value", "ci_low", "ci_high", "n_people", "n_faces")
GROUP_COLUMNS: Final = ("attribute", "group", *OVERALL_COLUMNS)
CONFUSION_COLUMNS: Final = ("emotion", "predicted_emotion", "n_people", "n_faces")

MANY_GROUPS: Final = 100
"""With more groups those too small to be compared have no resampled intervals: they take minutes,
and say nothing of so few people."""

Row: TypeAlias = dict[str, str | int | float]


def overall_table(
    everybody: GroupCounts,
    params: InferenceParameters,
    *,
    seed: int,
    calibration: CalibrationCounts | None = None,
    people: PeopleCounts | None = None,
) -> pd.DataFrame:
    """Accuracy, averages over emotions, each recall, and calibration of all people together.

    Args:
        everybody: Counts with a single group.
        params: Number of replicates and confidence.
        seed: Seed of the bootstrap.
        calibration: The same people by bins of confidence, where there are probabilities.
        people: The same faces by person, where people have several.

    Returns:
        `OVERALL_COLUMNS`. Shares (accuracy, recall) have Wilson's interval, the others the
        bootstrap's, no surer than the accuracy (`average_intervals`); that of `calibration_error`
        knows that noise raises it (`raised_interval`). One person alone has none of the bootstrap.
        Where people have several faces, intervals are of people (`whole_people`). What nobody
        allows to measure is NaN with 0 people. `n_people` are people, `n_faces` rows: of a recall
        those of its emotion.
    """
    averages = {
        "balanced_accuracy": balanced_accuracy,
        "macro_f1": macro_f1,
        "theil_index": theil_index,
    }
    own_seed = seed_for(seed, everybody.groups[0])
    (rows,) = _scores(everybody, averages, params, own_seed, people)
    if calibration is not None:
        rows += _calibration_rows(calibration, params, seed_for(seed, "calibration"), people)
    return pd.DataFrame(rows, columns=list(OVERALL_COLUMNS))


def group_table(
    by_attribute: Mapping[str, GroupCounts],
    params: InferenceParameters,
    *,
    seed: int,
    calibration: Mapping[str, CalibrationCounts] | None = None,
    people: Mapping[str, PeopleCounts] | None = None,
) -> pd.DataFrame:
    """Accuracy, averages over emotions, each recall and calibration of every group, however small.

    Args:
        by_attribute: Counts by attribute.
        params: Number of replicates and confidence.
        seed: Seed of the bootstrap; each attribute draws on its own.
        calibration: Counts by bins of confidence, by attribute, where there are probabilities.
        people: The same faces by person, by attribute, where people have several.

    Returns:
        `GROUP_COLUMNS`; intervals and counts as in `overall_table`. With more than `MANY_GROUPS`
        groups of an attribute, those of fewer than `params.minimum_group_size` people have
        intervals of shares only.
    """
    averages = {"macro_f1": macro_f1, "theil_index": theil_index}
    rows: list[Row] = []
    for attribute, counted in by_attribute.items():
        own = None if people is None else people[attribute]
        scores = _scores(counted, averages, params, seed_for(seed, attribute), own)
        if calibration:
            own_seed = seed_for(seed, f"calibration by {attribute}")
            errors = _calibration_rows(calibration[attribute], params, own_seed, own)
            scores = [[*found, error] for found, error in zip(scores, errors, strict=True)]
        rows += [
            {"attribute": attribute, "group": group, **row}
            for group, found in zip(counted.groups, scores, strict=True)
            for row in found
        ]
    return pd.DataFrame(rows, columns=list(GROUP_COLUMNS))


def confusion_table(everybody: GroupCounts, people: PeopleCounts | None = None) -> pd.DataFrame:
    """People and faces by true and predicted emotion, every pair a row: `CONFUSION_COLUMNS`.

    Somebody whose faces are in several cells is counted in each.
    """
    pairs = pd.MultiIndex.from_product([everybody.classes, everybody.classes])
    table = pairs.to_frame(index=False, name=list(CONFUSION_COLUMNS[:2]))
    faces = everybody.counts.sum(axis=0)
    by_cell = faces if people is None else people.answers.people_by_cell()
    return table.assign(n_people=by_cell.ravel(), n_faces=faces.ravel())


def _scores(
    counted: GroupCounts,
    averages: Mapping[str, Metric],
    params: InferenceParameters,
    seed: Seed,
    people: PeopleCounts | None,
) -> list[list[Row]]:
    """The rows of each group: accuracy, the averages over emotions, the recalls."""
    sampling: Sampling = SingleFaces(counted.counts) if people is None else people.answers
    kept = _resampled_groups(sampling, len(counted.groups), params)
    metrics = list(averages.values())
    n = sampling.n_draws(params.n_bootstrap)
    replicates = _replicates(counted.counts, metrics, sampling.draw, n, seed, kept)
    measured = values_of(metrics, counted.counts)
    accuracies = accuracy(counted.counts)
    recalls = recall(counted.counts)
    scores: list[list[Row]] = []
    for group, counts in enumerate(counted.counts):
        size = sampling.n_people(group), int(counts.sum())
        interval = sampling.share(group, None, params.confidence)
        rows = [_row("accuracy", accuracies[group], interval, size)]
        intervals = [NO_INTERVAL] * len(metrics)
        if group in kept:
            drawn = [values[:, kept[group]] for values in replicates]
            confidence = sampling.confidence(group, params.confidence)
            intervals = average_intervals(counts, metrics, drawn, interval, confidence)
        for name, value, interval in zip(averages, measured, intervals, strict=True):
            rows.append(_row(name, value[group], interval, size))
        for place, emotion in enumerate(counted.classes):
            of_emotion = sampling.n_people(group, place), int(counts[place].sum())
            interval = sampling.share(group, place, params.confidence)
            rows.append(_row(f"recall_{emotion}", recalls[group, place], interval, of_emotion))
        scores.append(rows)
    return scores


def _calibration_rows(
    counted: CalibrationCounts,
    params: InferenceParameters,
    seed: tuple[int, int],
    people: PeopleCounts | None,
) -> list[Row]:
    """The calibration error of each group; people are resampled within their group.

    What noise alone comes to is found of resamples held to the measured accuracy of each bin, as
    alike as faces of one person are, and of faces that are each right as often as the model is
    sure: so a bin of which all are right is no certainty.
    """
    counts_of_bins = counted.counts.sum(axis=1, keepdims=True)
    bins = None if people is None else people.bins
    sampling: Sampling = SingleFaces(counts_of_bins) if bins is None else bins

    def errors(counts: AnyCounts) -> Array:
        return calibration_error(counts, counted.bin_confidence)

    kept = _resampled_groups(sampling, len(counted.groups), params)
    accuracies = bin_accuracy(counts_of_bins)[list(kept)]

    def noise(counts: AnyCounts) -> Array:
        return calibration_error(counts, accuracies)

    def calibrated(counts: Counts, n: int, own_seed: Seed) -> Counts:
        return calibrated_counts(counts, counted.bin_confidence, n, own_seed)

    n = sampling.n_draws(params.n_bootstrap)
    drawn = _replicates(counts_of_bins, [errors, noise], sampling.draw, n, seed, kept)
    drawn += _replicates(counts_of_bins, [errors], calibrated, n, (*seed, 1), kept)
    values = errors(counts_of_bins)
    rows = []
    for group, faces in enumerate(counted.sizes):
        value = float(values[group])
        interval = NO_INTERVAL
        if group in kept:
            confidence = sampling.confidence(group, params.confidence)
            replicates, *noises = (part[:, kept[group]] for part in drawn)
            found = raised_interval(value, replicates, noises, confidence)
            interval = Interval(found.low, min(found.high, 1.0))
        size = sampling.n_people(group), int(faces)
        rows.append(_row("calibration_error", value, interval, size))
    return rows


def _replicates(
    counts: Counts,
    metrics: Sequence[Metric],
    draw: Draw,
    n: int,
    seed: Seed,
    kept: Mapping[int, int],
) -> list[Array]:
    """Values of the metrics of the groups kept, on `n` tables drawn of all groups.

    All are drawn, so that the draws of a group do not depend on which others are kept.
    """

    def draw_kept(drawn_from: Counts, n_tables: int, own_seed: Seed) -> Counts | Array:
        tables = draw(drawn_from, n_tables, own_seed)
        return tables if len(kept) == len(counts) else tables[:, list(kept)]

    return resampled(draw_kept, counts, metrics, n=n, seed=seed)


def _resampled_groups(
    sampling: Sampling, n_groups: int, params: InferenceParameters
) -> dict[int, int]:
    """The groups with resampled intervals, each with its place among them.

    All, unless there are more than `MANY_GROUPS`: then those with people enough to be compared.
    """
    groups = list(range(n_groups))
    if n_groups > MANY_GROUPS:
        groups = [g for g in groups if sampling.n_people(g) >= params.minimum_group_size]
    return {group: place for place, group in enumerate(groups)}


def _row(name: str, value: float | Array, interval: Interval, size: tuple[int, int]) -> Row:
    """A score; `size` are its people and its faces."""
    people, faces = size
    return {
        "metric": name,
        "value": float(value),
        "ci_low": interval.low,
        "ci_high": interval.high,
        "n_people": people,
        "n_faces": faces,
    }
