"""One variant, or two, over several training seeds on the same people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.alignment import aligned
from fer_fairness.fairness.counts import EVERYBODY, everybody_of, groups_of
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.inference.paired import levelled_down
from fer_fairness.fairness.metrics import GAP_METRICS, GapMetric, values_of
from fer_fairness.fairness.metrics.gap_metrics import OVERALL_METRICS
from fer_fairness.fairness.metrics.group_metrics import Array
from fer_fairness.fairness.seeds.crossed_predictions import (
    CrossedPredictions,
    crossed,
    resampled_crossed,
)
from fer_fairness.fairness.seeds.estimates import SeedEstimate, mean_over_seeds
from fer_fairness.params.inference import InferenceParameters

SEED_SCORE_COLUMNS: Final = (
    "metric",
    "attribute",
    "value",
    "ci_low",
    "ci_high",
    "seed_standard_deviation",
    "seed_share",
    "n_seeds",
    "n_people",
)
SEED_COMPARISON_COLUMNS: Final = (
    "metric",
    "attribute",
    "difference",
    "ci_low",
    "ci_high",
    "p_value",
    "seed_share",
    "level_down",
    "n_seeds",
    "n_people",
)

Row: TypeAlias = dict[str, str | int | float | bool | None]
Frames: TypeAlias = Mapping[int, pd.DataFrame]


def scores_over_seeds(
    frames: Frames,
    *,
    attributes: Sequence[str],
    emotions: Sequence[str],
    params: InferenceParameters,
    seed: int,
) -> pd.DataFrame:
    """Mean over training seeds of the scores and gaps of one variant.

    The interval is for the mean over all seeds that could have been drawn and all people that
    could have been met, as many of each group and emotion as here; it holds the noise of people
    and of seeds (see `estimates`). Noise widens a gap, and that is not taken off: the value
    and interval of a gap are those expected of evaluation sets of this size, on the side of
    unequal treatment of what endless people would give, the more so the smaller the groups and
    for metrics that average gaps of single emotions. Whether there is a gap at all, and how wide
    without noise, is for `evaluate` to say. Coverage: `benchmarks/seeds_coverage.py`.

    Args:
        frames: Predictions by training seed, two seeds at least: sample_id, emotion,
            predicted_emotion. The first also has the attribute columns; those of the others are
            not read.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the tables may hold no other.
        params: Number of replicates, confidence, smallest group.
        seed: Seed of all draws. An attribute's draws do not depend on which others are asked for.

    Returns:
        `SEED_SCORE_COLUMNS`, one row a metric: first those of all people together (attribute
        None), then the gaps of each attribute between its groups of sufficient size.
        `seed_standard_deviation` is that of the seeds' values on these people, `seed_share` the
        share of the mean's variance that more seeds would take off. Intervals end where the metric
        does. NaN where the metric of any seed is not defined, as with fewer than two groups; the
        interval is NaN too where neither seeds nor resamples differ, unless the value is 0.

    Raises:
        InvalidInputError: If there is one seed only, a column is missing, an emotion unknown, or
            the tables are not about the same people with the same emotions.
    """
    _check_several(frames, instead="evaluate")
    named = {f"seed {name}": frame for name, frame in frames.items()}
    rows: list[Row] = []
    for part in _parts(named, attributes, emotions, params):
        draws = seed_for(seed, part.attribute or EVERYBODY)
        for metric, values, replicates in part.measured(params.n_bootstrap, draws):
            found = mean_over_seeds(values, replicates, params.confidence)
            row = part.row(metric, found, lowest=0.0, n_seeds=len(frames))
            deviation = found.seed_standard_deviation
            rows.append({**row, "value": found.value, "seed_standard_deviation": deviation})
    return pd.DataFrame(rows, columns=list(SEED_SCORE_COLUMNS))


def compare_over_seeds(
    frames_a: Frames,
    frames_b: Frames,
    *,
    attributes: Sequence[str],
    emotions: Sequence[str],
    params: InferenceParameters,
    seed: int,
) -> pd.DataFrame:
    """How a second variant differs from a first over training seeds, second minus first.

    Each seed gives one difference, between the two models that were trained with it, on the same
    people. What both find hard cancels, and so does what noise adds to two gaps that are alike: of
    variants that do not differ, one in twenty intervals excludes zero, or fewer. Where one gap is
    much smaller than the other, noise adds more to it, and the difference found is smaller than
    the true one, most for metrics that average gaps of single emotions; value and interval are
    those expected of evaluation sets of this size. Coverage: `benchmarks/seeds_coverage.py`.

    Args:
        frames_a: Predictions of the first variant by training seed, as for `scores_over_seeds`.
            The attribute columns of its first table are read.
        frames_b: Predictions of the second variant for the same seeds and people, in any order.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the tables may hold no other.
        params: Number of replicates, confidence, smallest group.
        seed: Seed of all draws.

    Returns:
        `SEED_COMPARISON_COLUMNS`, rows and NaN as in `scores_over_seeds`. `difference` is the mean
        over seeds; its interval ends where a difference of two values of the metric does; `p_value`
        is against no difference, two-sided and not adjusted for the number of rows; `level_down`
        marks a gap that closed, in the mean over seeds, because the group served best is served
        worse, and no group better.

    Raises:
        InvalidInputError: As for `scores_over_seeds`, or if the variants' seeds differ.
    """
    _check_several(frames_a, instead="compare")
    _check_seeds_match(frames_a, frames_b)
    named = {f"seed {name} of the first variant": frame for name, frame in frames_a.items()}
    named |= {f"seed {name} of the second variant": frames_b[name] for name in frames_a}
    n = len(frames_a)
    rows: list[Row] = []
    for part in _parts(named, attributes, emotions, params):
        draws = seed_for(seed, part.attribute or EVERYBODY)
        for metric, values, replicates in part.measured(params.n_bootstrap, draws):
            found = mean_over_seeds(
                values[n:] - values[:n], replicates[:, n:] - replicates[:, :n], params.confidence
            )
            rows.append(
                {
                    **part.row(metric, found, lowest=-metric.highest, n_seeds=n),
                    "difference": found.value,
                    "p_value": found.p_value,
                    "level_down": levelled_down(metric, *np.split(part.people.counts(), 2)),
                }
            )
    return pd.DataFrame(rows, columns=list(SEED_COMPARISON_COLUMNS))


@dataclass(frozen=True)
class _Part:
    """The people of one attribute's groups, or everybody (None), and what is measured of them."""

    attribute: str | None
    people: CrossedPredictions
    metrics: Sequence[GapMetric]

    def measured(self, n: int, seed: tuple[int, int]) -> Iterator[tuple[GapMetric, Array, Array]]:
        """For each metric its values (models,) and their replicates (n, models)."""
        n_models = self.people.predicted.shape[1]
        if self.attribute is not None and self.people.n_groups < 2:
            for metric in self.metrics:
                yield metric, np.full(n_models, np.nan), np.full((0, n_models), np.nan)
            return
        values = values_of(self.metrics, self.people.counts())
        functions = list(self.metrics)
        replicates = resampled_crossed(self.people, functions, n=n, seed=seed)
        yield from zip(self.metrics, values, replicates, strict=True)

    def row(self, metric: GapMetric, found: SeedEstimate, *, lowest: float, n_seeds: int) -> Row:
        """What both tables say of a mean; its interval ends where the metric does."""
        ends = found.interval.low, found.interval.high
        low, high = np.clip(ends, lowest, metric.highest).tolist()
        return {
            "metric": metric.name,
            "attribute": self.attribute,
            "ci_low": low,
            "ci_high": high,
            "seed_share": found.seed_share,
            "n_seeds": n_seeds,
            "n_people": len(self.people.true),
        }


def _parts(
    frames: Mapping[str, pd.DataFrame],
    attributes: Sequence[str],
    emotions: Sequence[str],
    params: InferenceParameters,
) -> Iterator[_Part]:
    first, predicted = aligned(frames)
    everybody = crossed(first, predicted, everybody_of(first), emotions)
    yield _Part(None, everybody, OVERALL_METRICS)
    for attribute in attributes:
        people = crossed(first, predicted, groups_of(first, attribute), emotions)
        compared = people.reaching(params.minimum_group_size)
        yield _Part(attribute, compared, tuple(GAP_METRICS.values()))


def _check_several(frames: Frames, *, instead: str) -> None:
    if len(frames) < 2:
        given = ", ".join(map(str, frames)) or "none"
        raise InvalidInputError(
            f"Seeds given: {given}. The noise between seeds is seen in at least two, better five. "
            f"Train the variant with more seeds, or use `{instead}` for one seed: its intervals "
            "hold for that trained model only."
        )


def _check_seeds_match(frames_a: Frames, frames_b: Frames) -> None:
    alone = sorted(set(frames_a) ^ set(frames_b))
    if alone:
        where = "first" if alone[0] in frames_a else "second"
        raise InvalidInputError(
            f"Seed {alone[0]} is among those of the {where} variant only (first: "
            f"{', '.join(map(str, frames_a))}; second: {', '.join(map(str, frames_b))}). Variants "
            "are compared seed by seed: train both with the same seeds, or leave out the others."
        )
