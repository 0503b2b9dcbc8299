"""What several variants change against a reference, all of it corrected as one family of tests.

The best of twenty methods looks good by chance alone. So all variants, evaluation sets, attributes
and metrics of a comparison are corrected jointly (`step_down`), on draws in which the same people
weigh the same for every variant and seed; primary outcomes come first, and the others of a variant,
set and attribute behind them. The interval of each change is at the level that its test has left:
it excludes zero exactly where a difference is found, and is honest about the choice of the best.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.comparisons.estimates import SeedMeans
from fer_fairness.fairness.comparisons.joint_tests import joint_tests
from fer_fairness.fairness.comparisons.levelling_down import levelled_down
from fer_fairness.fairness.comparisons.measured import (
    Part,
    measured,
    parts_of,
    people_weights,
)
from fer_fairness.fairness.comparisons.over_seeds import SEED_SCORE_COLUMNS, Frames, Row, score_rows
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics import GAP_METRICS, OVERALL_METRICS
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.progress import track

PRIMARY: Final = ("balanced_accuracy", "worst_group_accuracy", "accuracy_gap")
"""Outcomes looked at first: mean recall of everybody, and of each attribute the other two."""

CHANGE_COLUMNS: Final = (
    "evaluation_set",
    "variant",
    "metric",
    "attribute",
    "outcome",
    "baseline_value",
    "value",
    "difference",
    "ci_low",
    "ci_high",
    "verdict",
    "p_value",
    "p_value_corrected",
    "uncorrected_ci_low",
    "uncorrected_ci_high",
    "raw_difference",
    "seed_share",
    "level_down",
    "n_tested",
    "n_seeds",
    "n_people",
    "n_faces",
)


@dataclass(frozen=True)
class Audience:
    """An evaluation set, as several variants predict it.

    Attributes:
        name: Of the set.
        frames: Predictions by variant and training seed, the reference first. The attribute
            columns, and `person` where rows are not people, are read from its first table.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the tables may hold no other.
    """

    name: str
    frames: Mapping[str, Frames]
    attributes: tuple[str, ...]
    emotions: tuple[str, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The training seeds, those of the reference."""
        return tuple(next(iter(self.frames.values())))

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by the name that messages give them, seed after seed of each variant."""
        named: dict[str, pd.DataFrame] = {}
        for variant, frames in self.frames.items():
            _check_seeds(self.seeds, frames, variant)
            for seed in self.seeds:
                which = f"seed {seed} of {variant}" if len(self.seeds) > 1 else variant
                named[which] = frames[seed]
        return named


def changes(
    audiences: Sequence[Audience],
    *,
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> pd.DataFrame:
    """How variants differ from a reference on the same people, variant minus reference.

    Args:
        audiences: The evaluation sets, each with the same reference.
        params: Number of draws, confidence, significance, smallest group.
        seed: Seed of all draws.
        primary: Metrics that are tested first.

    Returns:
        `CHANGE_COLUMNS`, a row for each set, variant and metric: first those of all people together
        (attribute None), then the gaps of each attribute between its groups of sufficient size.

        - `baseline_value` and `value`: the reference's and the variant's, in the mean over seeds,
          without what noise adds to a gap; `difference` is the second minus the first,
          `raw_difference` that of the values as counted;
        - `ci_low` to `ci_high`: at the level that the test has left after correction; excludes
          zero exactly where `verdict` is "difference found"; `uncorrected_ci_low` and `_high` are
          for this row alone, at `params.confidence`;
        - `p_value`: against no difference, two-sided, for this row alone; `p_value_corrected` for
          all `n_tested` together, at most the significance where a difference is found, and 1
          where the primary outcomes of this set, variant and attribute found nothing;
        - `outcome`: "primary" or "secondary";
        - `seed_share`: share of the variance that more seeds would take off, 0 with one seed:
          intervals then hold for these trained models only;
        - `level_down`: marks a gap that closed because the group served best is served worse, and
          no group better.

        What is not defined is NaN, its verdict "too few people to say".

    Raises:
        InvalidInputError: If there is no metric of a primary outcome's name, a column is missing,
            an emotion unknown, seeds differ, or the tables are not about the same people with the
            same emotions.
    """
    return changes_and_scores(audiences, params=params, seed=seed, primary=primary)[0]


def changes_and_scores(
    audiences: Sequence[Audience],
    *,
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`changes`, and the scores over seeds of every variant that they are differences of.

    Args:
        audiences: As for `changes`.
        params: As for `changes`.
        seed: As for `changes`.
        primary: As for `changes`.

    Returns:
        `CHANGE_COLUMNS`, and `SEED_SCORE_COLUMNS` of `scores_over_seeds` with evaluation_set and
        variant.

    Raises:
        InvalidInputError: As for `changes`.
    """
    check_metrics(primary)
    compared = [one for audience in audiences for one in _compared(audience, params, seed)]
    scores = pd.DataFrame(
        [row for one in compared for row in one.scores(params.confidence)],
        columns=["evaluation_set", "variant", *SEED_SCORE_COLUMNS],
    )
    table = pd.DataFrame([row for one in compared for row in one.rows()])
    if table.empty:
        return pd.DataFrame(columns=list(CHANGE_COLUMNS)), _in_order(scores)
    table["outcome"] = np.where(table["metric"].isin(primary), "primary", "secondary")
    blocks = table.groupby(["evaluation_set", "variant", "attribute"], dropna=False).ngroup()
    tests = joint_tests(
        [one.means for one in compared],
        [one.noise for one in compared],
        (table["outcome"] == "primary").to_numpy(dtype=bool),
        np.asarray(blocks, dtype=np.int64),
        params,
        seed=seed,
    )
    # An interval ends where a difference of two values of the metric does.
    furthest = table["furthest"].to_numpy()[:, np.newaxis]
    ends = tests.filter(regex="ci_(low|high)$")
    tests[ends.columns] = np.clip(ends, -furthest, furthest)
    return _in_order(table.join(tests)[list(CHANGE_COLUMNS)]), _in_order(scores)


def check_metrics(names: Sequence[str]) -> None:
    """Refuse names of metrics that there are not.

    Raises:
        InvalidInputError: Naming the first unknown one, and those that there are.
    """
    known = [*(metric.name for metric in OVERALL_METRICS), *GAP_METRICS]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidInputError(
            f"There is no metric {unknown[0]!r} to compare first: there are {', '.join(known)}."
        )


@dataclass(frozen=True)
class _Compared:
    """All variants in one part of one set.

    Attributes:
        audience: The set.
        part: The part.
        models: Place of each model, shape (seeds, variants).
        raw: Values as counted in the mean over seeds, shape (variants, metrics).
        own: Values without noise, arrays of shape (variants, metrics).
        means: The changes, arrays of shape (variants - 1, metrics).
        noise: Draws of the noise of the changes by people, shape (n, variants - 1, metrics).
    """

    audience: Audience
    part: Part
    models: Codes
    raw: Array
    own: SeedMeans
    means: SeedMeans
    noise: Array

    def rows(self) -> Iterator[Row]:
        """The changes but for their tests, variant after variant."""
        down = self._levelled_down()
        for variant, name in enumerate(list(self.audience.frames)[1:], start=1):
            for place, metric in enumerate(self.part.metrics):
                yield {
                    "evaluation_set": self.audience.name,
                    "variant": name,
                    "metric": metric.name,
                    "attribute": self.part.attribute,
                    "baseline_value": self.own.values[0, place],
                    "value": self.own.values[variant, place],
                    "difference": self.own.values[variant, place] - self.own.values[0, place],
                    "raw_difference": self.raw[variant, place] - self.raw[0, place],
                    "seed_share": self.means.seed_share[variant - 1, place],
                    "level_down": down[place][variant - 1],
                    "furthest": metric.highest,
                    "n_seeds": self.means.n_seeds,
                    "n_people": self.part.people.n_people,
                    "n_faces": len(self.part.people.true),
                }

    def scores(self, confidence: float) -> Iterator[Row]:
        """The scores of every variant in the mean over seeds."""
        for variant, name in enumerate(self.audience.frames):
            for row in score_rows(self.part, self.own, self.raw, variant, confidence):
                yield {"evaluation_set": self.audience.name, "variant": name, **row}

    def _levelled_down(self) -> list[list[bool]]:
        """For each metric and variant; never of scores of everybody, where groups are not told."""
        n_variants = len(self.audience.frames)
        if self.part.attribute is None or not self.part.comparable:
            return [[False] * (n_variants - 1)] * len(self.part.metrics)
        counts = self.part.people.counts()
        by_metric = []
        for place, metric in enumerate(self.part.metrics):
            distance = np.abs(self.own.values[:, place] - metric.ideal)
            served = metric.group_score(counts)[self.models].mean(axis=0)
            by_metric.append(
                [
                    levelled_down(distance[0], distance[variant], served[0], served[variant])
                    for variant in range(1, n_variants)
                ]
            )
        return by_metric


def _compared(audience: Audience, params: InferenceParameters, seed: int) -> Iterator[_Compared]:
    parts, n_people = parts_of(
        audience.tables(), audience.attributes, audience.emotions, params.minimum_group_size
    )
    weights = people_weights(n_people, params, seed_for(seed, f"people of {audience.name}"))
    n_variants, n_seeds = len(audience.frames), len(audience.seeds)
    models = np.arange(n_variants * n_seeds).reshape(n_variants, n_seeds).T
    reference = np.repeat(models[:, :1], n_variants - 1, axis=1)
    for part in track(parts, description="Comparing variants"):
        found = measured(part, weights, seed)
        own, _ = found.means(models)
        means, noise = found.means(models[:, 1:], reference)
        raw = found.raw[models].mean(axis=0)
        yield _Compared(audience, part, models, raw, own, means, noise)


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Set after set and variant after variant, in the order that they came in."""
    order = table.groupby(["evaluation_set", "variant"], sort=False).ngroup()
    by_set = table.groupby("evaluation_set", sort=False).ngroup()
    return table.iloc[np.lexsort((order, by_set))].reset_index(drop=True)


def _check_seeds(seeds: Sequence[int], frames: Frames, variant: str) -> None:
    alone = sorted(set(seeds) ^ set(frames))
    if alone:
        has = "lacks" if alone[0] in seeds else "alone has"
        raise InvalidInputError(
            f"{variant} {has} seed {alone[0]} (its seeds: {', '.join(map(str, frames))}; those of "
            f"the reference: {', '.join(map(str, seeds))}). Variants are compared seed by seed: "
            "train all with the same seeds, or leave out the others."
        )
