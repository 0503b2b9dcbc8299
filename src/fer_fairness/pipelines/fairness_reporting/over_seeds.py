"""Nodes that put the training seeds of a variant together."""

from collections.abc import Sequence

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
                part,
                scores_over_seeds(
                    tables,
                    attributes=part.attributes(parameters.attributes),
                    emotions=part.emotions,
                    params=_with_draws_enough(parameters),
                    seed=seed,
                ),
            )
            for part, tables in _by_seed(seeds, scored)
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
    before = _by_seed(seeds, scored[: len(seeds)])
    after = _by_seed(seeds, scored[len(seeds) :])
    tables = []
    for (_, reference), (part, frames) in zip(before, after, strict=True):
        table = compare_over_seeds(
            reference,
            frames,
            attributes=part.attributes(parameters.attributes),
            emotions=part.emotions,
            params=_with_draws_enough(parameters),
            seed=seed,
        )
        tables.append((part, _judged(table, parameters.significance)))
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


def _by_seed(
    seeds: Sequence[int], scored: Sequence[pd.DataFrame]
) -> list[tuple[ScoredFaces, dict[int, pd.DataFrame]]]:
    """Of every evaluation set the faces of the first seed, and the tables of all by seed."""
    for seed, table in zip(seeds, scored, strict=True):
        check_seed(table, seed)
    return [
        (parts[0], dict(zip(seeds, (part.table for part in parts), strict=True)))
        for parts in zip(*map(scored_faces, scored), strict=True)
    ]
