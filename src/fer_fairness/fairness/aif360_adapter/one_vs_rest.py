"""AIF360's metrics of one emotion against all others, between pairs of groups, with intervals.

AIF360's `ClassificationMetric` knows two classes and two groups. Each emotion in turn is the
favourable outcome, each group in turn the unprivileged one. The values are AIF360's own; the
intervals come from the bootstrap of counts through the same formulas written on counts, because
thousands of replicates of AIF360's datasets would take hours.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.fairness.aif360_adapter.binary_datasets import aif360_values
from fer_fairness.fairness.counts import (
    GroupCounts,
    check_predictions,
    group_counts,
)
from fer_fairness.fairness.group_names import attribute_parts, groups_of
from fer_fairness.fairness.inference.draws import (
    CELLS_AT_ONCE,
    resampled,
    seed_for,
)
from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval, percentile_interval
from fer_fairness.fairness.metrics.formulas import Counts, Metric
from fer_fairness.fairness.metrics.reductions import Array, divide
from fer_fairness.fairness.people.counted_people import CountedPeople
from fer_fairness.fairness.people.whole_people import Sampling, SingleFaces
from fer_fairness.fairness.people.whose_faces import check_people, people_of
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.progress import track

ONE_VS_REST_COLUMNS: Final = (
    "attribute",
    "emotion",
    "privileged_group",
    "unprivileged_group",
    "n_privileged",
    "n_unprivileged",
    "metric",
    "value",
    "ci_low",
    "ci_high",
)

Row: TypeAlias = dict[str, str | int | float]

_CELLS_OF_A_PAIR: Final = 8


def one_vs_rest_metrics(
    frame: pd.DataFrame,
    *,
    attribute: str,
    emotions: Sequence[str],
    params: InferenceParameters,
    seed: int,
    person: str | None = None,
) -> pd.DataFrame:
    """AIF360's metrics of every emotion and every group against the largest.

    Args:
        frame: One row a face: sample_id, emotion, predicted_emotion, and the attribute column.
        attribute: Attribute, or intersection such as "gender x race".
        emotions: The emotions scored; the table may hold no other.
        params: Number of replicates, confidence, and the size a group must reach to take part.
        seed: Seed of the bootstrap.
        person: The column that tells people apart where they have several faces; whole people are
            then resampled. `n_*` are faces all the same, as AIF360 counts them.

    Returns:
        `ONE_VS_REST_COLUMNS`. The largest group is AIF360's "privileged" one; the word says nothing
        about anybody's life. Differences and ratios are of the unprivileged to the privileged
        group; the Theil index is over the people of both groups. What is not defined (a rate
        without people, a ratio to zero) is NaN.

    Raises:
        InvalidInputError: If a column is missing or an emotion unknown.
    """
    check_predictions(frame)
    members = groups_of(frame, attribute)
    counted = group_counts(
        frame["emotion"], frame["predicted_emotion"], members, classes=emotions
    ).reaching(params.minimum_group_size)
    if len(counted.groups) < 2:
        return pd.DataFrame(columns=list(ONE_VS_REST_COLUMNS))
    reference = int(np.argmax(counted.sizes))
    people = people_of(frame, person)
    sampling: Sampling = SingleFaces(counted.counts)
    if person is not None and people is not None:
        check_people(frame, person, attribute_parts(attribute))
        sampling = CountedPeople(frame, people, emotions).of(members, counted).answers
    intervals = _intervals(counted, reference, sampling, params, seed_for(seed, attribute))
    rows = list(_rows(attribute, counted, reference, intervals))
    return pd.DataFrame(rows, columns=list(ONE_VS_REST_COLUMNS))


def _rows(
    attribute: str,
    counted: GroupCounts,
    reference: int,
    intervals: Mapping[tuple[int, int], Sequence[Interval]],
) -> Iterator[Row]:
    pairs = track(list(intervals), description=f"AIF360 metrics by {attribute}")
    for emotion, group in pairs:
        values = aif360_values(_binary(counted.counts[[group, reference]], emotion))
        for (name, value), found in zip(values.items(), intervals[emotion, group], strict=True):
            interval = found if np.isfinite(value) else NO_INTERVAL
            yield {
                "attribute": attribute,
                "emotion": counted.classes[emotion],
                "privileged_group": counted.groups[reference],
                "unprivileged_group": counted.groups[group],
                "n_privileged": int(counted.sizes[reference]),
                "n_unprivileged": int(counted.sizes[group]),
                "metric": name,
                "value": value,
                "ci_low": interval.low,
                "ci_high": interval.high,
            }


def _intervals(
    counted: GroupCounts,
    reference: int,
    sampling: Sampling,
    params: InferenceParameters,
    seed: tuple[int, int],
) -> dict[tuple[int, int], list[Interval]]:
    """Intervals of all metrics, in order, by (emotion, group), on the same resamples."""
    others = [group for group in range(len(counted.groups)) if group != reference]
    pairs = list(product(range(len(counted.classes)), others))
    # The tables of all pairs are held at a time, which with few classes are more than the counts.
    at_once = min(params.cells_at_once, CELLS_AT_ONCE) * counted.counts.size
    at_once //= max(counted.counts.size, len(pairs) * _CELLS_OF_A_PAIR)

    def metrics_of_all_pairs(counts: Counts) -> Array:
        tables = [_binary(counts[:, [group, reference]], emotion) for emotion, group in pairs]
        stacked = np.stack(tables, axis=1)
        return np.stack([formula(stacked) for formula in COUNT_FORMULAS.values()], axis=-1)

    (values,) = resampled(
        sampling.draw,
        counted.counts,
        [metrics_of_all_pairs],
        n=sampling.n_draws(params.n_bootstrap),
        seed=seed,
        cells_at_once=at_once,
    )
    middle = [sampling.confidence(group, params.confidence) for group in range(len(counted.groups))]
    return {
        pair: [
            # As unsure as the group of fewer people makes it.
            percentile_interval(column, float(np.max([middle[pair[1]], middle[reference]])))
            for column in values[:, place].T
        ]
        for place, pair in enumerate(pairs)
    }


def _binary(counts: Counts, emotion: int) -> Counts:
    """Counts (..., g, c, k) as (..., g, 2, 2): is it this emotion, was it predicted."""
    of_emotion = counts[..., emotion, :].sum(axis=-1)
    given = counts[..., :, emotion].sum(axis=-1)
    hits = counts[..., emotion, emotion]
    rest = counts.sum(axis=(-2, -1)) - of_emotion - given + hits
    rows = [
        np.stack([rest, given - hits], axis=-1),
        np.stack([of_emotion - hits, hits], axis=-1),
    ]
    return np.stack(rows, axis=-2)


def _rate(tables: Counts, *, shown: int) -> Array:
    """Share predicted of those (not) showing the emotion, shape (..., 2)."""
    return divide(tables[..., shown, 1], tables[..., shown, :].sum(axis=-1))


def _selection_rate(tables: Counts) -> Array:
    return divide(tables[..., 1].sum(axis=-1), tables.sum(axis=(-2, -1)))


def _difference(rates: Array) -> Array:
    return rates[..., 0] - rates[..., 1]


def _disparate_impact(tables: Counts) -> Array:
    rates = _selection_rate(tables)
    ratio = divide(rates[..., 0], rates[..., 1])
    return np.where(np.isfinite(ratio), ratio, np.nan)


def _benefit_shares(tables: Counts) -> tuple[Array, Array]:
    """Shares of people by benefit 0, 1, 2 (b = 1 + predicted - shown), and the mean benefit."""
    everybody = tables.sum(axis=-3)
    people = [
        everybody[..., 1, 0],
        everybody[..., 0, 0] + everybody[..., 1, 1],
        everybody[..., 0, 1],
    ]
    shares = np.stack(people, axis=-1) / everybody.sum(axis=(-2, -1))[..., np.newaxis]
    return shares, shares[..., 1] + 2 * shares[..., 2]


def _theil_index(tables: Counts) -> Array:
    """Mean of b/mu ln(b/mu), Speicher et al. 2018, arXiv 1807.00787, alpha = 1."""
    shares, mean = _benefit_shares(tables)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_one = shares[..., 1] / mean * -np.log(mean)
        of_two = 2 * shares[..., 2] / mean * (np.log(2) - np.log(mean))
    return np.asarray(of_one + of_two)


def _between_group_entropy(tables: Counts) -> Array:
    """Mean of ((b_g / mu)^2 - 1) / 2 with b_g the mean benefit of a person's group, alpha = 2."""
    people = tables.sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        benefit = 1 + (tables[..., 0, 1] - tables[..., 1, 0]) / people
        shares = people / people.sum(axis=-1, keepdims=True)
        mean = (shares * benefit).sum(axis=-1, keepdims=True)
        return np.asarray((shares * ((benefit / mean) ** 2 - 1)).sum(axis=-1) / 2)


def _true_positive_difference(tables: Counts) -> Array:
    return _difference(_rate(tables, shown=1))


def _false_positive_difference(tables: Counts) -> Array:
    return _difference(_rate(tables, shown=0))


COUNT_FORMULAS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        "statistical_parity_difference": lambda tables: _difference(_selection_rate(tables)),
        "disparate_impact": _disparate_impact,
        "equal_opportunity_difference": _true_positive_difference,
        "average_odds_difference": lambda tables: (
            (_true_positive_difference(tables) + _false_positive_difference(tables)) / 2
        ),
        "theil_index": _theil_index,
        "false_negative_rate_difference": lambda tables: -_true_positive_difference(tables),
        "false_positive_rate_difference": _false_positive_difference,
        "between_group_generalized_entropy_index": _between_group_entropy,
    }
)
"""AIF360's metrics by the name of its method, as functions of tables (..., 2, 2, 2)."""
