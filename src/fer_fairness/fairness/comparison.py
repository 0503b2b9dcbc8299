"""Two models on the same people: what changed, for whom, and whether a gap closed by loss."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import pandas as pd

from fer_fairness.fairness.alignment import aligned
from fer_fairness.fairness.counts import (
    EVERYBODY,
    PairedCounts,
    everybody_of,
    groups_of,
    paired_counts,
)
from fer_fairness.fairness.inference.draws import Seed, seed_for
from fer_fairness.fairness.inference.paired import paired_differences
from fer_fairness.fairness.metrics import GAP_METRICS, GapMetric
from fer_fairness.fairness.metrics.gap_metrics import OVERALL_METRICS
from fer_fairness.params.inference import InferenceParameters

COMPARISON_COLUMNS: Final = (
    "metric",
    "attribute",
    "difference",
    "corrected_difference",
    "ci_low",
    "ci_high",
    "level_down",
    "n_people",
)

Row: TypeAlias = dict[str, str | int | float | bool | None]


def compare(
    frame_a: pd.DataFrame,
    frame_b: pd.DataFrame,
    *,
    attributes: Sequence[str],
    emotions: Sequence[str],
    params: InferenceParameters,
    seed: int,
) -> pd.DataFrame:
    """How a second model differs from a first on the same people, second minus first.

    Args:
        frame_a: The first model's predictions: sample_id, emotion, predicted_emotion, and the
            attribute columns.
        frame_b: The second model's predictions of the same people, in any order; its attribute
            columns are not read.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the tables may hold no other.
        params: Number of replicates, confidence, smallest group.
        seed: Seed of all draws.

    Returns:
        `COMPARISON_COLUMNS`, one row a metric: first those of all people together (attribute
        None), then the gaps of each attribute between its groups of sufficient size. `ci_low` and
        `ci_high` bound the difference without noise, about `corrected_difference`. `level_down`
        marks a gap that closed because the group served best is served worse, and no group better.

    Raises:
        InvalidInputError: If a column is missing, an emotion unknown, or the tables are not about
            the same people with the same emotions.
    """
    people, predicted = aligned({"the first model": frame_a, "the second model": frame_b})

    def count(groups: pd.Series, group_names: Sequence[str] | None = None) -> PairedCounts:
        predictions = predicted["the first model"], predicted["the second model"]
        return paired_counts(
            people["emotion"], predictions, groups, classes=emotions, group_names=group_names
        )

    everybody = count(everybody_of(people), (EVERYBODY,))
    rows = _rows(None, everybody, OVERALL_METRICS, params, seed_for(seed, EVERYBODY))
    for attribute in attributes:
        compared = count(groups_of(people, attribute)).reaching(params.minimum_group_size)
        metrics = tuple(GAP_METRICS.values())
        rows += _rows(attribute, compared, metrics, params, seed_for(seed, attribute))
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))


def _rows(
    attribute: str | None,
    joint: PairedCounts,
    metrics: Sequence[GapMetric],
    params: InferenceParameters,
    seed: Seed,
) -> list[Row]:
    differences = paired_differences(
        joint, metrics, n=params.n_bootstrap, confidence=params.confidence, seed=seed
    )
    return [
        {
            "metric": name,
            "attribute": attribute,
            "difference": found.value,
            "corrected_difference": found.corrected,
            "ci_low": found.interval.low,
            "ci_high": found.interval.high,
            "level_down": found.level_down,
            "n_people": int(joint.sizes.sum()),
        }
        for name, found in differences.items()
    ]
