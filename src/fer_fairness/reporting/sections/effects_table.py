"""A grid of methods and attributes: what each was found to change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from fer_fairness.reporting import page
from fer_fairness.reporting.findings.effects import Effect, effects, set_against
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import attribute_label, capitalised, evaluation_set_label
from fer_fairness.reporting.number_text import MISSING

_Line: TypeAlias = tuple[str, Mapping[str | None, Effect]]

_SIGNS: Final = {
    Effect.HELPED: "+",
    Effect.MIXED: "\N{PLUS-MINUS SIGN}",
    Effect.LEVELLED_DOWN: "\N{DOWNWARDS ARROW}",
    Effect.HARMED: "\N{MINUS SIGN}",
    Effect.UNCLEAR: "?",
}
SIGNS_READ: Final = ", ".join(f"{sign} {effect}" for effect, sign in _SIGNS.items())
"""What the signs stand for."""


def effects_table(
    caption: str,
    methods: Sequence[_Line],
    *,
    head: str,
    most: int | None = None,
    folded: bool = False,
) -> page.Table:
    """A line a method and a column an attribute, the first of them everybody.

    Args:
        caption: What the table shows.
        methods: The name of each for people, and what it changed by attribute; None is everybody.
        head: What one of them is called.
        most: How many attributes are shown at most; all where it is not told.
        folded: Whether only the caption is seen at first.
    """
    attributes = dict.fromkeys(name for _, told in methods for name in told)
    heads = {name: _head(name) for name in sorted(attributes, key=lambda name: name is not None)}
    shown = list(heads)[: None if most is None else 1 + most]
    columns: list[page.Column[_Line]] = [
        (head, lambda line: line[0]),
        *((heads[attribute], _cell_of(attribute)) for attribute in shown),
    ]
    return page.table(caption, methods, columns, folded=folded)


def effects_by_set(inputs: ReportInputs) -> Iterator[page.Table]:
    """Of each evaluation set what every method was found to change, folded up."""
    methods = effects(inputs)
    for evaluation_set in inputs.evaluation_sets():
        told = [
            (
                inputs.label_of(one.variant),
                {
                    attribute: effect
                    for (on, attribute), effect in one.by_audience.items()
                    if on == evaluation_set
                },
            )
            for one in methods
        ]
        if any(changed for _, changed in told):
            where = evaluation_set_label(evaluation_set)
            caption = f"What was found to change on {where} against {set_against(inputs)}"
            head = capitalised(inputs.noun)
            yield effects_table(f"{caption}: {SIGNS_READ}", told, head=head, folded=True)


def _head(attribute: str | None) -> str:
    label = "all faces" if attribute is None else attribute_label(attribute)
    return capitalised(label.removeprefix("perceived "))


def _cell_of(attribute: str | None) -> Callable[[_Line], page.Cell]:
    def cell(line: _Line) -> page.Cell:
        effect = line[1].get(attribute)
        if effect is None:
            return page.Cell(MISSING, muted=True)
        unclear = effect is Effect.UNCLEAR
        return page.Cell(_SIGNS[effect], muted=unclear, strong=not unclear, spoken=effect)

    return cell
