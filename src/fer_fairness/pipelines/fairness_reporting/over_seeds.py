"""Nodes that put the training seeds of a variant together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.fairness.inference.corrections import holm
from fer_fairness.fairness.seeds import compare_over_seeds, scores_over_seeds
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.pipelines.scored_faces import ScoredFaces, scored_faces, with_context
from fer_fairness.pipelines.seeds import check_seed


def score_over_seeds(
    parameters: EvaluationParameters, seed: int, seeds: list[int], *scored: pd.DataFrame
) -> pd.DataFrame:
    """Mean scores and gaps of one variant over its training seeds, on every evaluation set.

    Args:
        parameters: How groups are compared, and by which attributes.
        seed: Seed of the resamples.
        seeds: The training seeds.
        scored: Scored faces of every seed.

    Returns:
        The columns of `scores_over_seeds`, marked with variant, set and attribute source.

    Raises:
        InvalidInputError: Predictions are not those of the seed in their place.
    """
    return with_context(
        [
            (
                part.first,
                scores_over_seeds(
                    part.frames,
                    attributes=part.first.attributes(parameters.attributes),
                    emotions=part.first.emotions,
                    params=_with_draws_enough(parameters),
                    seed=seed,
                ),
            )
            for part in _over_seeds(seeds, scored)
        ]
    )


def compare_with_baseline_over_seeds(
    parameters: EvaluationParameters, seed: int, seeds: list[int], *scored: pd.DataFrame
) -> pd.DataFrame:
    """Differences of one variant to the baseline, paired by training seed and by face.

    Args:
        parameters: How groups are compared, and by which attributes.
        seed: Seed of the resamples.
        seeds: The training seeds.
        scored: Scored faces of the baseline of every seed, then the same of the variant.

    Returns:
        The columns of `compare_over_seeds`, marked with variant, set and attribute source, with
        `p_value_holm`, p adjusted for all differences of this variant on one evaluation set, and
        the verdict that follows from it.

    Raises:
        InvalidInputError: Predictions are not those of the seed in their place.
    """
    before = _over_seeds(seeds, scored[: len(seeds)])
    after = _over_seeds(seeds, scored[len(seeds) :])
    tables = []
    for reference, part in zip(before, after, strict=True):
        table = compare_over_seeds(
            reference.frames,
            part.frames,
            attributes=part.first.attributes(parameters.attributes),
            emotions=part.first.emotions,
            params=_with_draws_enough(parameters),
            seed=seed,
        )
        tables.append((part.first, _judged(table, parameters.significance)))
    return with_context(tables)


def _with_draws_enough(parameters: EvaluationParameters) -> EvaluationParameters:
    """Of the resamples only the covariance is used, and 2,000 give a standard error within 2 %."""
    return parameters.model_copy(update={"n_bootstrap": min(parameters.n_bootstrap, 2_000)})


def _judged(table: pd.DataFrame, significance: float) -> pd.DataFrame:
    adjusted = holm(table["p_value"])
    verdicts = np.where(
        np.isfinite(adjusted),
        np.where(adjusted <= significance, Verdict.FOUND, Verdict.NOT_FOUND),
        Verdict.TOO_FEW,
    )
    return table.assign(p_value_holm=adjusted, verdict=verdicts)


@dataclass(frozen=True)
class _OverSeeds:
    """One variant on one evaluation set: that of the first seed, and the scored faces by seed."""

    first: ScoredFaces
    frames: dict[int, pd.DataFrame]


def _over_seeds(seeds: Sequence[int], scored: Sequence[pd.DataFrame]) -> list[_OverSeeds]:
    """Every evaluation set that there are predictions on."""
    for seed, table in zip(seeds, scored, strict=True):
        check_seed(table, seed)
    return [
        _OverSeeds(first=parts[0], frames=dict(zip(seeds, (p.table for p in parts), strict=True)))
        for parts in zip(*map(scored_faces, scored), strict=True)
    ]
