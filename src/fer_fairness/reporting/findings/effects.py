"""What each method was found to change: against the control of a bench, else the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import in_sentence
from fer_fairness.reporting.rows.changes import (
    AgainstControlRow,
    Change,
    ComparisonOverSeedsRow,
    ComparisonRow,
)
from fer_fairness.reporting.rows.schema import grouped


class Effect(StrEnum):
    """What a method changed for the groups of an attribute, or for everybody."""

    HELPED = "helped"
    MIXED = "helped and harmed"
    LEVELLED_DOWN = "levelled down"
    HARMED = "harmed"
    UNCLEAR = "cannot tell"


Audience: TypeAlias = tuple[str, str | None]
"""An evaluation set and an attribute; None is everybody."""


@dataclass(frozen=True)
class MethodEffects:
    """What one method changed: for anybody, by whom it is about, and by attribute of any set."""

    variant: str
    for_anybody: Effect
    by_audience: dict[Audience, Effect]
    anywhere: dict[str | None, Effect]


def told_changes(inputs: ReportInputs) -> Sequence[Change]:
    """The changes that effects are made of.

    Against the control where there is a bench, because what the control changes too no method did;
    else against the baseline, over training seeds where they were compared, else of one model. The
    baseline is no method, so its own difference to the control is not among them.
    """
    of_bench = inputs.rows(AgainstControlRow)
    if of_bench:
        first = inputs.variants()[0]
        return [row for row in of_bench if row.variant != first]
    return inputs.rows(ComparisonOverSeedsRow) or inputs.rows(ComparisonRow)


def control_of(inputs: ReportInputs) -> str | None:
    """The variant that effects are set against, if it is not the baseline or first model."""
    control = next((row.control for row in inputs.rows(AgainstControlRow)), None)
    return control if control is not None and control != inputs.variants()[0] else None


def controls(inputs: ReportInputs) -> dict[str, str]:
    """What each variant of a bench is set against, by their names."""
    return {row.variant: row.control for row in inputs.rows(AgainstControlRow)}


def set_against(inputs: ReportInputs) -> str:
    """What effects are set against, within a sentence: "continued training", "the baseline"."""
    control = control_of(inputs)
    if len(set(controls(inputs).values())) > 1:
        return "continued training on the same faces"
    return inputs.reference if control is None else in_sentence(inputs.label_of(control))


def effects(inputs: ReportInputs) -> list[MethodEffects]:
    """What each method changed (`told_changes`), those with most help and least harm first."""
    found = []
    for variant, rows in grouped(told_changes(inputs), lambda row: row.variant).items():
        by_audience = grouped(rows, lambda row: (row.evaluation_set, row.attribute))
        by_attribute = grouped(rows, lambda row: row.attribute)
        found.append(
            MethodEffects(
                variant,
                effect_of(rows),
                {audience: effect_of(about) for audience, about in by_audience.items()},
                {attribute: effect_of(about) for attribute, about in by_attribute.items()},
            )
        )
    return sorted(found, key=_rank)


def effect_of(changes: Sequence[Change]) -> Effect:
    """What changes of one method came to, after correction."""
    helped = any(change.better for change in changes)
    down = any(change.found and change.level_down for change in changes)
    harmed = any(change.worse and not change.level_down for change in changes)
    if helped and (harmed or down):
        return Effect.MIXED
    if helped:
        return Effect.HELPED
    if harmed:
        return Effect.HARMED
    return Effect.LEVELLED_DOWN if down else Effect.UNCLEAR


def _rank(method: MethodEffects) -> tuple[bool, int]:
    """Methods of which nothing was found come last."""
    worth = {Effect.HELPED: 1, Effect.HARMED: -1, Effect.LEVELLED_DOWN: -1}
    told = method.by_audience.values()
    nothing = method.for_anybody is Effect.UNCLEAR
    return nothing, -sum(worth.get(effect, 0) for effect in told)
