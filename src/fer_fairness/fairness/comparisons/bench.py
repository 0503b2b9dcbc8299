"""Which of many methods helps: against the control, their ranks, and the Pareto fronts.

All of it is made of the values that `changes` compares, measured once, so that a bench costs little
more than the comparison with the baseline.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.audience import Audience, MeasuredPart, measured_parts
from fer_fairness.fairness.comparisons.compared import compared
from fer_fairness.fairness.comparisons.family import (
    PRIMARY,
    changes_of,
    check_metrics,
    scores_of,
)
from fer_fairness.fairness.comparisons.front import joint_draws, on_front, seed_draws
from fer_fairness.fairness.comparisons.measured import Measured
from fer_fairness.fairness.comparisons.outcomes import (
    RANK_COLUMNS,
    RANK_TEST_COLUMNS,
    outcomes,
    ranked,
    source_of,
)
from fer_fairness.fairness.comparisons.over_seeds import Row
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

FEWEST: Final = 4
"""Variants, the control among them, from which on there is a bench: of three, pairs say it all."""

_ACCURACY: Final = "accuracy"
_FRONTS: Final = ("worst_group_accuracy", "accuracy_gap")
"""What accuracy is set against."""

FRONT_COLUMNS: Final = (
    "evaluation_set",
    "attribute",
    "attribute_source",
    "metric",
    "variant",
    "is_control",
    "accuracy",
    "value",
    "probability",
    "on_front",
    "n_seeds",
)


@dataclass(frozen=True)
class Bench:
    """What is said of many methods.

    Attributes:
        changes: Of all variants against the reference, as `changes` gives them.
        scores: Of all variants, as `changes_and_scores` gives them.
        against_control: `CHANGE_COLUMNS` with each variant's control, named in `control`, in place
            of the reference: the primary outcomes alone, all variants and sets one family of tests.
        ranks: `RANK_COLUMNS`, a row for each primary outcome and each variant that is held against
            the first control, and for that. An outcome is a metric,
            and an attribute as one source labelled it; `value` is the mean over the
            `evaluation_sets` that have it. `mean_rank` is over blocks (seed and set). `rank_low` to
            `rank_high` are the ranks that the variant may have by its value; `not_told_apart` names
            the others that it is not told apart from.
        rank_tests: `RANK_TEST_COLUMNS`, a row for each outcome; see `ranking`.
        fronts: `FRONT_COLUMNS`, a row for each set, attribute, metric and variant: `probability` is
            the share of draws of people and seeds in which no other variant dominates it in
            accuracy and the metric, `on_front` whether none does by the values.
    """

    changes: pd.DataFrame
    scores: pd.DataFrame
    against_control: pd.DataFrame
    ranks: pd.DataFrame
    rank_tests: pd.DataFrame
    fronts: pd.DataFrame


def bench(
    audiences: Sequence[Audience],
    *,
    controls: Mapping[str, str],
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> Bench:
    """Compare many methods with their reference, with their controls, and with each other.

    Args:
        audiences: The evaluation sets, each with the same variants and the same reference.
        controls: Of each variant the one that was treated alike but for the method. Those of the
            first control, trained on the same faces, are compared with each other too; those that
            are not named, only with the reference.
        params: Number of draws, confidence, significance, smallest group.
        seed: Seed of all draws.
        primary: The outcomes that are looked at first, and the only ones that are ranked.

    Returns:
        The tables. With fewer than `FEWEST` variants all but the first two are empty.

    Raises:
        InvalidInputError: If sets have other variants or seeds than the first, or lack a control;
            or as for `changes`.
    """
    check_metrics(primary)
    _check_variants(audiences, controls)
    looked_at = (*primary, _ACCURACY, *_FRONTS)
    found, kept = [], []
    for one in measured_parts(audiences, params, seed):
        found.append(compared(one))
        kept.append(one.of_metrics(looked_at))
    changes = changes_of(found, params=params, seed=seed, primary=primary)
    scores = scores_of(found, params)
    if any(len(audience.variants) < FEWEST for audience in audiences):
        kept = []
    control = next(iter(controls.values()), "")
    alike = [name for name in audiences[0].variants if controls.get(name, name) == control]
    side_by_side = [_only(one, alike) for one in kept] if len(alike) >= FEWEST else []
    ranked_outcomes = [
        ranked(one, control, params, seed) for one in outcomes(side_by_side, primary)
    ]
    return Bench(
        changes,
        scores,
        against_control=_against_controls(kept, controls, params, seed, primary),
        ranks=pd.DataFrame(
            [row for rows, _ in ranked_outcomes for row in rows], columns=list(RANK_COLUMNS)
        ),
        rank_tests=pd.DataFrame(
            [test for _, test in ranked_outcomes], columns=list(RANK_TEST_COLUMNS)
        ),
        fronts=pd.DataFrame(
            list(_front_rows(side_by_side, control, seed)), columns=list(FRONT_COLUMNS)
        ),
    )


def _check_variants(audiences: Sequence[Audience], controls: Mapping[str, str]) -> None:
    for audience in audiences:
        first = audiences[0]
        if (audience.variants, audience.seeds) != (first.variants, first.seeds):
            raise InvalidInputError(
                f"The evaluation set {audience.name} has the variants {list(audience.variants)} "
                f"and seeds {list(audience.seeds)}, {first.name} has {list(first.variants)} and "
                f"{list(first.seeds)}. Methods are ranked over sets: give the same ones, in the "
                "same order, for each."
            )
        for control in controls.values():
            if control not in audience.variants:
                raise InvalidInputError(
                    f"The evaluation set {audience.name} has no variant {control!r} to be the "
                    f"control; it has {', '.join(audience.variants)}. Name one of them."
                )


def _against_controls(
    kept: Sequence[MeasuredPart],
    controls: Mapping[str, str],
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str],
) -> pd.DataFrame:
    parts = []
    for one in kept:
        for control in dict.fromkeys(controls.values()):
            held = [name for name in one.audience.variants if controls.get(name) == control]
            parts.append(compared(_only(one.of_metrics(primary), [control, *held])))
    found = changes_of(parts, params=params, seed=seed, primary=primary)
    return found.assign(control=found["variant"].map(controls)).astype({"control": object})


def _only(one: MeasuredPart, names: Collection[str]) -> MeasuredPart:
    """The same of some of its variants, in their order; the first is the reference."""
    audience, found, people = one.audience, one.found, one.part.people
    places = [audience.variants.index(name) for name in names]
    models = audience.models[:, places].T.ravel()
    return MeasuredPart(
        replace(audience, frames={name: audience.frames[name] for name in names}),
        replace(one.part, people=replace(people, predicted=people.predicted[:, models])),
        Measured(found.raw[models], found.values[models], found.draws[:, :, models]),
    )


def _front_rows(kept: Sequence[MeasuredPart], control: str, seed: int) -> Iterator[Row]:
    """The rows of `fronts`: of each set its attributes, of each both metrics."""
    accuracy: dict[str, tuple[Array, Array]] = {}
    for one in kept:
        name = one.audience.name
        if one.part.attribute is None:
            accuracy[name] = _drawn(one.of_metrics([_ACCURACY]), seed)
            continue
        for metric in _FRONTS:
            of_metric = one.of_metrics([metric])
            if np.isfinite(of_metric.found.values).all():
                yield from _front_of(of_metric, accuracy[name], control, seed)


def _drawn(one: MeasuredPart, seed: int) -> tuple[Array, Array]:
    """Means over seeds of one metric, shape (variants,), and their joint draws, (n, variants)."""
    models = one.audience.models
    n, seeds = one.found.draws.shape[1], len(one.audience.seeds)
    of_seeds = seed_draws(n, seeds, seed_for(seed, "seeds of fronts"))
    highest = np.array([metric.highest for metric in one.part.metrics])
    draws = joint_draws(one.found, models, of_seeds, highest)
    return one.found.values[models, 0].mean(axis=0), draws[:, :, 0]


def _front_of(
    one: MeasuredPart, accuracy: tuple[Array, Array], control: str, seed: int
) -> Iterator[Row]:
    (metric,) = one.part.metrics
    sign = -1.0 if metric.higher_is_worse else 1.0
    values, draws = _drawn(one, seed)
    probability = on_front(accuracy[1], sign * draws).mean(axis=0)
    measured_on = on_front(accuracy[0], sign * values)
    for place, name in enumerate(one.audience.variants):
        yield {
            "evaluation_set": one.audience.name,
            "attribute": one.part.attribute,
            "attribute_source": source_of(one),
            "metric": metric.name,
            "variant": name,
            "is_control": name == control,
            "accuracy": float(accuracy[0][place]),
            "value": float(values[place]),
            "probability": float(probability[place]),
            "on_front": bool(measured_on[place]),
            "n_seeds": len(one.audience.seeds),
        }
