"""The first screen: who is treated differently, what methods changed, what to trust."""

from collections.abc import Sequence
from typing import Final

from fer_fairness.reporting import page
from fer_fairness.reporting.figures.fronts import front_figure
from fer_fairness.reporting.figures.glance import (
    HEADLINE_GAPS_CAPTION,
    group_accuracy_figure,
    group_accuracy_words,
    headline_gaps_figure,
    headline_gaps_words,
)
from fer_fairness.reporting.findings.changes import seen_range
from fer_fairness.reporting.findings.effects import (
    Effect,
    MethodEffects,
    effects,
    set_against,
    told_changes,
)
from fer_fairness.reporting.findings.methods import front_sentence
from fer_fairness.reporting.glance import Statement, named_by_sign, statements
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, in_sentence
from fer_fairness.reporting.number_text import thousands
from fer_fairness.reporting.rows.bench import FrontRow
from fer_fairness.reporting.rows.changes import AgainstControlRow
from fer_fairness.reporting.sections.effects_table import SIGNS_READ, effects_table

_MOST_STATEMENTS: Final = 5
_MOST_METHODS: Final = 8
_MOST_ATTRIBUTES: Final = 6
_ALONE: Final = (
    ", the widening by noise taken off, with intervals at the level of the verdict and p corrected "
    "for all tests. Grey bars reach to what equal treatment gives, dotted lines are what would be "
    "found in 8 audits of 10, filled marks are differences found, diamonds differences found in "
    "another metric than accuracy."
)


def glance_section(inputs: ReportInputs) -> page.Section:
    """The first screen, and the notes on the run."""
    told = statements(inputs)
    notes = [page.Notes(tuple(inputs.notes))] if inputs.notes else []
    if not told:
        nothing = page.absent("No gap between groups was computed.")
        return page.Section("glance", "At a glance", [nothing, *notes])
    shown = told[:_MOST_STATEMENTS]
    left: list[page.Block] = [
        page.Heading(f"Where {_model(inputs)} treats groups differently"),
        page.Statements(tuple(shown), _rest(told[_MOST_STATEMENTS:])),
        *_methods(inputs),
    ]
    right: list[page.Block] = [
        page.Heading("By how much"),
        page.Drawing(
            "accuracy_gaps",
            headline_gaps_figure(shown),
            caption=HEADLINE_GAPS_CAPTION,
            alternative=headline_gaps_words(shown),
            rows=[one.gap for one in shown],
            half=True,
            alone=f"Accuracy gaps of {_model(inputs)} between perceived groups{_ALONE}",
        ),
        *_groups(inputs, shown[0]),
        *_front(inputs, shown[0]),
    ]
    columns = page.Columns((tuple(left), tuple(right)))
    return page.Section("glance", "At a glance", [columns, *notes])


def _model(inputs: ReportInputs) -> str:
    one_model = inputs.kind == "audit" and len(inputs.variants()) < 2
    return "the model" if one_model else inputs.reference


def _rest(statements: Sequence[Statement]) -> str:
    """Whom the statements are about that are not on the first screen, by what they came to."""
    return f"More below. {named_by_sign(statements)}" if statements else ""


def _groups(inputs: ReportInputs, statement: Statement) -> list[page.Block]:
    if len(statement.groups) < 2:
        return []
    heading, caption = f"{statement.about}: accuracy of each group", "With 95 % intervals."
    gap = statement.gap
    people = f"{gap.attribute_label} ({gap.source_label}) of {gap.set_label}"
    drawing = page.Drawing(
        "group_accuracy",
        group_accuracy_figure(statement),
        caption=caption,
        alternative=group_accuracy_words(statement),
        rows=statement.groups,
        half=True,
        alone=f"Accuracy of {_model(inputs)} for each group of {people}, with 95 % intervals.",
    )
    return [page.Heading(heading), drawing]


def _front(inputs: ReportInputs, statement: Statement) -> list[page.Block]:
    """Accuracy of all methods against that of the group served worst."""
    rows = [
        row
        for row in inputs.rows(FrontRow)
        if row.metric == "worst_group_accuracy"
        and (row.evaluation_set, row.attribute, row.attribute_source) == statement.gap.people
    ]
    if not rows:
        return []
    caption = "Upper right is better. Number: how probably none is better."
    drawing = page.Drawing(
        "worst_group_front",
        front_figure(rows),
        caption=caption,
        alternative=front_sentence(rows),
        rows=rows,
        half=True,
        alone=f"{statement.about}: accuracy of every method for all faces and for the group served "
        "worst; upper right is better. The larger the mark, the more probably, with the number, "
        "nobody is better in both.",
    )
    where = f" ({rows[0].set_label})" if len(inputs.evaluation_sets()) > 1 else ""
    return [page.Heading(f"What methods cost and gain{where}"), drawing]


def _methods(inputs: ReportInputs) -> list[page.Block]:
    """A grid of methods and attributes: what was found to change, on whichever set.

    Of many methods those of which nothing was found are counted, not shown.
    """
    methods = effects(inputs)
    if not methods:
        return []
    heading = page.Heading(f"What {_others(inputs)}s changed")
    found = [one for one in methods if one.for_anybody is not Effect.UNCLEAR]
    shown = methods if len(methods) <= _MOST_METHODS else found[:_MOST_METHODS]
    where = ", on any evaluation set" if len(inputs.evaluation_sets()) > 1 else ""
    against = f"gainst {set_against(inputs)}, after correction{where}"
    if not shown:
        none = f"None of {thousands(len(methods))} {_others(inputs)}s was found to change anything"
        return [heading, page.Text(f"{none} a{against}. {_seen(inputs)}")]
    section = "Which method helps" if inputs.rows(AgainstControlRow) else "Fairness and accuracy"
    rest = f" All are under “{section}”." if len(shown) < len(methods) else ""
    grid = effects_table(
        f"A{against}: {_counted(methods)}.{rest} {capitalised(SIGNS_READ)}.",
        [(inputs.label_of(one.variant), one.anywhere) for one in shown],
        head="Model" if inputs.kind == "audit" else "Method",
        most=_MOST_ATTRIBUTES,
    )
    return [heading, grid]


def _counted(methods: Sequence[MethodEffects]) -> str:
    """Of how many methods what was found: "none helped, 3 harmed, 44 changed nothing found"."""
    told = [one.for_anybody for one in methods]
    n_helped = told.count(Effect.HELPED)
    parts = [f"{thousands(n_helped) if n_helped else 'none'} {Effect.HELPED}"]
    parts += [
        f"{thousands(told.count(effect))} {effect}"
        for effect in Effect
        if effect not in {Effect.HELPED, Effect.UNCLEAR} and effect in told
    ]
    n_unclear = told.count(Effect.UNCLEAR)
    parts += [f"of {thousands(n_unclear)} no change was found"] if n_unclear else []
    return ", ".join(parts)


def _seen(inputs: ReportInputs) -> str:
    """From which size on a change would have been found, of the score of all faces tested first."""
    primary = [row for row in told_changes(inputs) if row.primary and row.attribute is None]
    if not primary:
        return ""
    first = [row for row in primary if row.metric == primary[0].metric]
    return f"In {in_sentence(first[0].label)} {seen_range(first)}."


def _others(inputs: ReportInputs) -> str:
    return "other model" if inputs.kind == "audit" else "method"
