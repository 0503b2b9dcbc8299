"""Tests of many changes corrected together, each with the interval that its test has left."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.fairness.comparisons.estimates import SeedMeans
from fer_fairness.fairness.comparisons.step_down import corrected
from fer_fairness.fairness.comparisons.tails import Tails
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.inference import InferenceParameters

_NOT_LOOKED_AT: Final = 0.05
"""Level of the interval of a change that was not looked at, where it reaches zero anyway."""


def joint_tests(
    means: Sequence[SeedMeans],
    scores: Sequence[Array],
    primary: npt.NDArray[np.bool_],
    blocks: npt.NDArray[np.int64],
    params: InferenceParameters,
    *,
    seed: int,
) -> pd.DataFrame:
    """Test that changes are zero, all of them together.

    Args:
        means: The changes of each part, of any shape; tests are numbered in the order of their
            elements.
        scores: Draws of their noise by people, shape (n, ...), rows are joint draws.
        primary: Which tests are looked at first, shape (tests,).
        blocks: Block of each test; see `step_down.corrected`.
        params: Confidence and significance.
        seed: Seed of the draws of the noise of seeds.

    Returns:
        A row a test: `p_value`, `p_value_corrected`, `ci_low`, `ci_high` at the level that is left,
        `uncorrected_ci_low`, `uncorrected_ci_high`, `minimum_detectable` (NaN where nothing was
        looked at), `n_tested` and `verdict`.
    """
    draws = _joint_scores(means, scores, seed)
    tails = Tails.of(draws)
    p_values = tails.of_normal(np.concatenate([part.p_values().ravel() for part in means]))
    found = corrected(p_values, tails.p_values(draws), primary, blocks, params.significance)
    closed = found.levels == 0.0
    levels = tails.to_normal(np.where(closed, _NOT_LOOKED_AT, found.levels))
    alone = tails.to_normal(np.full(p_values.shape, 1.0 - params.confidence))
    looked_at = np.where(closed, np.nan, levels)
    low, high = _bounds(means, levels, closed)
    low_alone, high_alone = _bounds(means, alone, np.zeros(closed.shape, dtype=bool))
    return pd.DataFrame(
        {
            "p_value": p_values,
            "p_value_corrected": found.p_values,
            "ci_low": low,
            "ci_high": high,
            "uncorrected_ci_low": low_alone,
            "uncorrected_ci_high": high_alone,
            "minimum_detectable": _detectable(means, looked_at, params.power),
            "n_tested": int(np.isfinite(p_values).sum()),
            "verdict": np.select(
                [found.p_values <= params.significance, closed, np.isfinite(p_values)],
                [Verdict.FOUND, Verdict.NOT_TESTED, Verdict.NOT_FOUND],
                Verdict.TOO_FEW,
            ),
        }
    )


def _joint_scores(means: Sequence[SeedMeans], scores: Sequence[Array], seed: int) -> Array:
    """Joint draws of all tests where nothing differs, shape (n, tests).

    The part of people is drawn for all tests together. That of seeds is drawn for each test alone:
    the greatest of many tests comes out no smaller than where they vary together. Sets of very many
    people have fewer draws (`people_weights`): as many are used as all parts have.
    """
    generator = np.random.default_rng(seed_for(seed, "noise of seeds"))
    n = min(len(of_people) for of_people in scores)
    parts = []
    for part, all_draws in zip(means, scores, strict=True):
        of_people = all_draws[:n]
        share = np.nan_to_num(part.seed_share)
        of_seeds = generator.standard_normal(of_people.shape) if share.any() else 0.0
        joint = np.sqrt(1.0 - share) * of_people + np.sqrt(share) * of_seeds
        parts.append(joint.reshape(len(joint), -1))
    return np.concatenate(parts, axis=1)


def _bounds(
    means: Sequence[SeedMeans], levels: Array, closed: npt.NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Intervals at the level of each test; of what was not looked at, so wide that they hold zero.

    Bounds touch zero only where they hold it.
    """
    ends = np.cumsum([part.values.size for part in means])[:-1]
    bounds = []
    for part, level, is_closed in zip(
        means, np.split(levels, ends), np.split(closed, ends), strict=True
    ):
        half = part.half_widths(level.reshape(part.values.shape)).ravel()
        values = part.values.ravel()
        half = np.where(is_closed, np.maximum(half, np.abs(values)), half)
        bounds.append(np.stack([values - half, values + half]))
    low, high = np.concatenate(bounds, axis=1)
    return low, high


def _detectable(means: Sequence[SeedMeans], levels: Array, power: float) -> Array:
    """The changes that tests at these levels find with the power asked for, shape (tests,)."""
    ends = np.cumsum([part.values.size for part in means])[:-1]
    return np.concatenate(
        [
            part.detectable(of_part.reshape(part.values.shape), power).ravel()
            for part, of_part in zip(means, np.split(levels, ends), strict=True)
        ]
    )
