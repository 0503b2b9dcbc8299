"""The quantitative analyses of a model card: scores, verdicts with their figure, what changed."""

from collections.abc import Sequence
from typing import Final

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting import page
from fer_fairness.reporting.findings.effects import Audience, Effect, effects, set_against
from fer_fairness.reporting.findings.gap_sentences import group_ends
from fer_fairness.reporting.findings.label_correction import (
    LabelErrors,
    corrected_cell,
    label_errors,
)
from fer_fairness.reporting.glance import Statement, named_by_sign
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import (
    attribute_label,
    capitalised,
    evaluation_set_label,
    group_label,
)
from fer_fairness.reporting.number_text import MISSING, listed, p_value, percent
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, GroupRow, OverallRow

MOST_STATEMENTS: Final = 10
"""More attributes are counted, so that a card stays on two pages."""

_SCORES: Final = ("accuracy", "balanced_accuracy", "macro_f1", "calibration_error")


def analyses(
    inputs: ReportInputs, variant: str, told: Sequence[Statement], drawing: page.Drawing | None
) -> list[page.Block]:
    """The blocks of the section.

    Args:
        inputs: The report's tables.
        variant: Whose card it is.
        told: What was found by attribute; of many the first are told, and the others counted.
        drawing: The figure of these; None where there is none.
    """
    shown, rest = told[:MOST_STATEMENTS], told[MOST_STATEMENTS:]
    more = f"{len(rest)} more attributes. {named_by_sign(rest)} " if rest else ""
    files = listed([inputs.file_of(kind) for kind in (OverallRow, GroupRow, GapRow)])
    overall = _overall(inputs, variant)
    return [
        page.Columns(((overall, *_changes(inputs, variant)), (drawing,))) if drawing else overall,
        _verdicts(inputs, shown) if shown else page.absent("No gap between groups was computed."),
        page.Text(f"{more}All metrics, emotions and groups: {files}."),
    ]


def _overall(inputs: ReportInputs, variant: str) -> page.Block:
    rows = [row for row in inputs.rows(OverallRow) if row.variant == variant]
    lines = [
        {row.metric: row for row in of_set if row.metric in _SCORES}
        for of_set in grouped(rows, lambda row: row.evaluation_set).values()
    ]
    lines = [line for line in lines if line]
    if not lines:
        return page.absent("This variant was not scored.")
    metrics = [name for name in _SCORES if any(name in line for line in lines)]
    heads = {name: metric_words(name).label for name in metrics}
    return page.table(
        "All faces, in percent with 95 % intervals.",
        lines,
        [
            ("Evaluation set", lambda line: page.first_of(line).set_label),
            *page.columns(heads, page.estimate),
        ],
    )


def _verdicts(inputs: ReportInputs, told: Sequence[Statement]) -> page.Table:
    """What was found by attribute, with the accuracy gap and the groups at its ends."""
    errors = label_errors(inputs)
    columns: list[page.Column[Statement]] = [
        ("Groups", lambda one: one.about),
        ("Verdict", _verdict),
        ("Lowest and highest accuracy (n)", _ends),
        ("Accuracy gap, points", lambda one: page.estimate(one.gap)),
        ("p of the gap", lambda one: page.numeric(p_value(one.gap.p))),
    ]
    if any(one.gap.predicted for one in told):
        columns += [
            ("Gap without label errors", lambda one: _corrected(one, errors)),
            ("Without a label", lambda one: _unlabelled(one, errors)),
        ]
    caption = (
        "Between groups: the verdict over all metrics, and the accuracy gap with its interval and "
        "corrected p-value."
    )
    return page.table(caption, told, columns)


def _verdict(statement: Statement) -> str:
    sign = capitalised(statement.sign)
    return statement.text if statement.text.startswith(sign) else f"{sign}. {statement.text}"


def _ends(statement: Statement) -> str:
    ends = group_ends(statement.groups, statement.gap, metric="accuracy")
    if ends is None:
        return MISSING
    told = (f"{group_label(end.group)} {percent(end.value)} ({end.size})" for end in ends)
    return ";\n".join(told)


def _corrected(statement: Statement, errors: LabelErrors) -> page.Cell:
    return corrected_cell(statement.gap if statement.gap.predicted else None, errors)


def _unlabelled(statement: Statement, errors: LabelErrors) -> str:
    known = errors.attributes.get(statement.gap.key) if statement.gap.predicted else None
    return MISSING if known is None else percent(known.share_abstained)


def _changes(inputs: ReportInputs, variant: str) -> list[page.Block]:
    """What the method changed; nothing of the baseline and the control."""
    of_variant = [method for method in effects(inputs) if method.variant == variant]
    if not of_variant:
        return []
    told = of_variant[0].by_audience
    by_effect = grouped(told, lambda audience: told[audience])
    n_unclear = len(by_effect.pop(Effect.UNCLEAR, []))
    lines = [
        f"{capitalised(effect)}: {'; '.join(map(_audience, found))}."
        for effect, found in by_effect.items()
    ]
    lines += [f"{capitalised(Effect.UNCLEAR)} for {n_unclear} audiences."] if n_unclear else []
    heading = page.Heading(f"Against {set_against(inputs)}, after correction")
    return [heading, page.Bullets(tuple(lines))]


def _audience(audience: Audience) -> str:
    name, attribute = audience
    who = "everybody" if attribute is None else attribute_label(attribute)
    return f"{evaluation_set_label(name)}, {who}"
