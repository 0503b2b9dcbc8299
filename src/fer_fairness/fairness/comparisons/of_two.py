"""Two models on the same people: what changed, for whom, and whether a gap closed by loss."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.family import CHANGE_COLUMNS, PRIMARY, changes
from fer_fairness.fairness.comparisons.over_seeds import Frames, check_several
from fer_fairness.params.inference import InferenceParameters

COMPARISON_COLUMNS: Final = tuple(
    name for name in CHANGE_COLUMNS if name not in ("evaluation_set", "variant")
)
_FIRST, _SECOND = "the first model", "the second model"
_FIRST_VARIANT, _SECOND_VARIANT = "the first variant", "the second variant"


def compare(
    frame_a: pd.DataFrame,
    frame_b: pd.DataFrame,
    *,
    attributes: Sequence[str],
    emotions: Sequence[str],
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> pd.DataFrame:
    """How a second model differs from a first on the same people, second minus first.

    Args:
        frame_a: The first model's predictions: sample_id, emotion, predicted_emotion, and the
            attribute columns; a column `person` where rows are not people.
        frame_b: The second model's predictions of the same people, in any order; its attribute
            columns are not read.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the tables may hold no other.
        params: Number of draws, confidence, significance, smallest group.
        seed: Seed of all draws.
        primary: Metrics that are tested first, the others only behind them.

    Returns:
        `COMPARISON_COLUMNS`, one row a metric; see `family.changes` for what they hold. All rows
        are corrected together. Several models are compared with one by `changes`: the best of many
        looks good by chance.

    Raises:
        InvalidInputError: As for `family.changes`.
    """
    frames = {_FIRST: {0: frame_a}, _SECOND: {0: frame_b}}
    audience = Audience("", frames, tuple(attributes), tuple(emotions))
    found = changes([audience], params=params, seed=seed, primary=primary)
    return found[list(COMPARISON_COLUMNS)]


def compare_over_seeds(
    frames_a: Frames,
    frames_b: Frames,
    *,
    attributes: Sequence[str],
    emotions: Sequence[str],
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> pd.DataFrame:
    """How a second variant differs from a first over training seeds, second minus first.

    Each seed gives one difference, between the two models that were trained with it, on the same
    people; what noise adds to a gap is taken off each model's. The interval is for the mean over
    all seeds that could have been drawn and all people that could have been met. Coverage:
    `benchmarks/seeds_coverage.py`.

    Args:
        frames_a: Predictions of the first variant by training seed, two seeds at least.
        frames_b: Predictions of the second variant for the same seeds and people, in any order.
        attributes: As for `compare`.
        emotions: As for `compare`.
        params: As for `compare`.
        seed: Seed of all draws.
        primary: As for `compare`.

    Returns:
        `COMPARISON_COLUMNS`, as for `compare`.

    Raises:
        InvalidInputError: As for `family.changes`, or with fewer than two seeds.
    """
    check_several(frames_a, instead="compare")
    frames = {_FIRST_VARIANT: frames_a, _SECOND_VARIANT: frames_b}
    audience = Audience("", frames, tuple(attributes), tuple(emotions))
    found = changes([audience], params=params, seed=seed, primary=primary)
    return found[list(COMPARISON_COLUMNS)]
