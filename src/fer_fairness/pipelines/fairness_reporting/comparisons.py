"""Nodes that compare all variants with the baseline, for one training seed and over several."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fer_fairness.fairness import Audience
from fer_fairness.fairness.comparisons.family import changes, changes_and_scores
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.pipelines.scored_faces import ScoredFaces, scored_faces


def compare_with_baseline(
    parameters: EvaluationParameters, seed: int, *scored: pd.DataFrame
) -> pd.DataFrame:
    """Differences of all variants to the baseline on the same faces, corrected together.

    Args:
        parameters: How groups are compared, by which attributes, and what is looked at first.
        seed: Seed of the draws.
        scored: Scored faces of the first training seed: of the baseline, then of every variant.

    Returns:
        The columns of `changes`, marked with the attribute source.
    """
    audiences = _audiences(parameters, [0], scored)
    compared = changes(
        [audience for audience, _ in audiences],
        params=parameters,
        seed=seed,
        primary=parameters.comparison_primary,
    )
    return _with_source(compared, audiences)


def compare_over_seeds(
    parameters: EvaluationParameters, seed: int, seeds: list[int], *scored: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean scores of all variants over the training seeds, and their differences to the baseline.

    Args:
        parameters: How groups are compared, by which attributes, and what is looked at first.
        seed: Seed of the draws.
        seeds: The training seeds.
        scored: Scored faces of every seed of the baseline, then of every variant.

    Returns:
        The columns of `scores_over_seeds` and those of `changes`, both marked with variant, set and
        attribute source.
    """
    audiences = _audiences(parameters, seeds, scored)
    compared, scores = changes_and_scores(
        [audience for audience, _ in audiences],
        params=parameters,
        seed=seed,
        primary=parameters.comparison_primary,
    )
    return _with_source(scores, audiences), _with_source(compared, audiences)


def _audiences(
    parameters: EvaluationParameters, seeds: Sequence[int], scored: Sequence[pd.DataFrame]
) -> list[tuple[Audience, ScoredFaces]]:
    """Each evaluation set as all variants and seeds predict it, and its faces."""
    audiences = []
    for parts in zip(*map(scored_faces, scored), strict=True):
        first, n_seeds = parts[0], len(seeds)
        frames = {
            parts[start].variant: dict(
                zip(seeds, (part.table for part in parts[start : start + n_seeds]), strict=True)
            )
            for start in range(0, len(parts), n_seeds)
        }
        attributes = first.attributes(parameters.attributes)
        audience = Audience(first.evaluation_set, frames, attributes, first.emotions)
        audiences.append((audience, first))
    return audiences


def _with_source(
    table: pd.DataFrame, audiences: Sequence[tuple[Audience, ScoredFaces]]
) -> pd.DataFrame:
    """The table with who labelled the groups of each row."""
    faces = {audience.name: part for audience, part in audiences}
    sources = [
        None if pd.isna(attribute) else faces[name].source(attribute)
        for name, attribute in zip(table["evaluation_set"], table["attribute"], strict=True)
    ]
    return table.assign(attribute_source=pd.Series(np.array(sources, dtype=object), dtype="str"))
