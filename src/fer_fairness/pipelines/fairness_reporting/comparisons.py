"""Nodes that compare all variants with the baseline, for one training seed and over several."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.comparisons.audience import Audience, with_sources
from fer_fairness.fairness.comparisons.bench import Bench, bench
from fer_fairness.fairness.comparisons.family import changes
from fer_fairness.mitigation.post.class_offsets import ClassOffsets
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.pipelines.scored_faces import scored_faces
from fer_fairness.pipelines.variants.controls import Controls
from fer_fairness.taxonomy import ATTRIBUTES

BENCH_TABLES: Final = ("changes_against_control", "ranks", "rank_tests", "fronts")
"""The tables of the report on which method helps."""


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
        audiences,
        params=parameters,
        seed=seed,
        primary=parameters.comparison_primary,
    )
    return with_sources(compared, audiences)


def compare_one_seed(
    parameters: EvaluationParameters, seed: int, controls: dict[str, Any], *scored: pd.DataFrame
) -> tuple[pd.DataFrame, ...]:
    """`compare_with_baseline` where there is one training seed, and which method helps.

    Args:
        parameters: As there.
        seed: As there.
        controls: What each method is set against, see `Controls`.
        scored: As there.

    Returns:
        What `compare_with_baseline` gives, and the tables `BENCH_TABLES`, without rows where there
        are too few variants.
    """
    found, audiences = _benched(parameters, seed, [0], controls, scored)
    return with_sources(found.changes, audiences), *_bench_tables(found, audiences)


def compare_over_seeds(
    parameters: EvaluationParameters,
    seed: int,
    seeds: list[int],
    controls: dict[str, Any],
    *scored: pd.DataFrame,
) -> tuple[pd.DataFrame, ...]:
    """Mean scores of all variants over the training seeds, their changes, and which method helps.

    Args:
        parameters: How groups are compared, by which attributes, and what is looked at first.
        seed: Seed of the draws.
        seeds: The training seeds.
        controls: What each method is set against, see `Controls`.
        scored: Scored faces of every seed of the baseline, then of every variant.

    Returns:
        The columns of `scores_over_seeds` and those of `changes`, both marked with variant, set and
        attribute source; and the tables `BENCH_TABLES`, without rows where there are too few
        variants.
    """
    found, audiences = _benched(parameters, seed, seeds, controls, scored)
    return (
        with_sources(found.scores, audiences),
        with_sources(found.changes, audiences),
        *_bench_tables(found, audiences),
    )


def compare_with_offsets(
    parameters: EvaluationParameters,
    seed: int,
    seeds: list[int] | None,
    controls: dict[str, Any],
    *tables: pd.DataFrame,
) -> pd.DataFrame:
    """What methods change against the control where both are given offsets by emotion.

    Offsets raise mean recall by answering rare emotions more often, at the cost of accuracy, and
    can be had without any training: what a method changes beyond them is its own.

    Args:
        parameters: As for `compare_over_seeds`.
        seed: As there.
        seeds: As there; None where there is one.
        controls: As there.
        tables: Of every seed of the baseline, then of every trained variant: its scored faces, and
            its validation predictions on each evaluation set.

    Returns:
        `changes_against_control` of these, corrected as one family of its own.
    """
    n_tables = 1 + len(EVALUATION_SETS)
    shifted = [
        _with_offsets(*tables[start : start + n_tables])
        for start in range(0, len(tables), n_tables)
    ]
    found, audiences = _benched(parameters, seed, seeds or [0], controls, shifted)
    return with_sources(found.against_control, audiences)


def _with_offsets(scored: pd.DataFrame, *validation: pd.DataFrame) -> pd.DataFrame:
    """Scored faces after offsets of the validation predictions of their evaluation sets."""
    method, shifted = ClassOffsets(), scored.copy()
    for name, predictions in zip(EVALUATION_SETS, validation, strict=True):
        is_of_set = scored["evaluation_set"] == name
        if is_of_set.any():
            rules = method.fit(_of_nobody_known(predictions))
            changed = method.applied(_of_nobody_known(scored[is_of_set]), rules, seed=0)
            shifted.loc[is_of_set, changed.columns] = changed
    return shifted


def _of_nobody_known(predictions: pd.DataFrame) -> pd.DataFrame:
    """As methods on predictions are given them, of faces whose groups nobody knows."""
    unknown = dict.fromkeys(ATTRIBUTES)
    return predictions.assign(**unknown, **{f"{name}_confidence": np.nan for name in ATTRIBUTES})


def _benched(
    parameters: EvaluationParameters,
    seed: int,
    seeds: Sequence[int],
    controls: dict[str, Any],
    scored: Sequence[pd.DataFrame],
) -> tuple[Bench, list[Audience]]:
    audiences = _audiences(parameters, seeds, scored)
    found = bench(
        audiences,
        controls=Controls.from_parameters(controls).of(
            audiences[0].variants, [audience.name for audience in audiences]
        ),
        params=parameters,
        seed=seed,
        primary=parameters.comparison_primary,
    )
    return found, audiences


def _bench_tables(found: Bench, audiences: Sequence[Audience]) -> tuple[pd.DataFrame, ...]:
    """`BENCH_TABLES` in their order."""
    against_control = with_sources(found.against_control, audiences)
    return against_control, found.ranks, found.rank_tests, found.fronts


def _audiences(
    parameters: EvaluationParameters, seeds: Sequence[int], scored: Sequence[pd.DataFrame]
) -> list[Audience]:
    """Each evaluation set as all variants and seeds predict it."""
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
        sources = {attribute: first.source(attribute) for attribute in attributes}
        audiences.append(
            Audience(first.evaluation_set, frames, attributes, first.emotions, sources)
        )
    return audiences
