"""One variant over several training seeds on the same people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.estimates import SeedMeans
from fer_fairness.fairness.comparisons.measured import (
    Part,
    measured,
    parts_of,
    people_weights,
)
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

SEED_SCORE_COLUMNS: Final = (
    "metric",
    "attribute",
    "value",
    "ci_low",
    "ci_high",
    "raw_value",
    "seed_standard_deviation",
    "seed_share",
    "n_seeds",
    "n_people",
    "n_faces",
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
    and of seeds (see `estimates`). What noise adds to a gap is taken off that of each seed.

    Args:
        frames: Predictions by training seed, two seeds at least: sample_id, emotion,
            predicted_emotion. The first also has the attribute columns; those of the others are
            not read.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the tables may hold no other.
        params: Number of draws, confidence, smallest group.
        seed: Seed of all draws. An attribute's draws do not depend on which others are asked for.

    Returns:
        `SEED_SCORE_COLUMNS`, one row a metric: first those of all people together (attribute
        None), then the gaps of each attribute between its groups of sufficient size. `raw_value`
        is the mean of what was counted; `seed_standard_deviation` is that of the seeds' values on
        these people, `seed_share` the share of the mean's variance that more seeds would take off.
        Intervals end where the metric does. NaN where the metric of any seed is not defined, as
        with fewer than two groups; the interval is NaN too where neither seeds nor draws of people
        differ, unless the value is 0.

    Raises:
        InvalidInputError: If there is one seed only, a column is missing, an emotion unknown, or
            the tables are not about the same people with the same emotions.
    """
    check_several(frames, instead="evaluate")
    named = {f"seed {name}": frame for name, frame in frames.items()}
    parts, n_people = parts_of(named, attributes, emotions, params.minimum_group_size)
    weights = people_weights(n_people, params, seed_for(seed, "people of "))
    models = np.arange(len(frames))[:, np.newaxis]
    rows: list[Row] = []
    for part in parts:
        found = measured(part, weights, seed)
        means, _ = found.means(models)
        rows += score_rows(part, means, found.raw[models].mean(axis=0), 0, params.confidence)
    return pd.DataFrame(rows, columns=list(SEED_SCORE_COLUMNS))


def score_rows(
    part: Part, means: SeedMeans, raw: Array, variant: int, confidence: float
) -> Iterator[Row]:
    """The rows of one variant in one part.

    Args:
        part: The part.
        means: Of all variants, arrays of shape (variants, metrics).
        raw: Means as counted, shape (variants, metrics).
        variant: Place of the variant.
        confidence: Level of the intervals.
    """
    halves = means.half_widths(1.0 - confidence)[variant]
    for place, metric in enumerate(part.metrics):
        value = float(means.values[variant, place])
        ends = value - halves[place], value + halves[place]
        low, high = np.clip(ends, 0.0, np.fmax(metric.highest, value)).tolist()
        yield {
            "metric": metric.name,
            "attribute": part.attribute,
            "value": value,
            "ci_low": low,
            "ci_high": high,
            "raw_value": float(raw[variant, place]),
            "seed_standard_deviation": float(means.seed_standard_deviation[variant, place]),
            "seed_share": float(means.seed_share[variant, place]),
            "n_seeds": means.n_seeds,
            "n_people": part.people.n_people,
            "n_faces": len(part.people.true),
        }


def check_several(frames: Frames, *, instead: str) -> None:
    """Refuse a single training seed.

    Args:
        frames: Predictions by training seed.
        instead: The function for one seed.

    Raises:
        InvalidInputError: Naming the seeds given.
    """
    if len(frames) < 2:
        given = ", ".join(map(str, frames)) or "none"
        raise InvalidInputError(
            f"Seeds given: {given}. The noise between seeds is seen in at least two, better five. "
            f"Train the variant with more seeds, or use `{instead}` for one seed: its intervals "
            "hold for that trained model only."
        )
