"""Gaps between groups in full: the figure, the tables of all metrics and those by emotion."""

from collections.abc import Sequence
from typing import Final

from fer_fairness.fairness.metrics.words import (
    CLASS_METRIC_WORDS,
    METRIC_WORDS,
    class_metric,
    metric_words,
)
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.gaps import gap_forest_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_correction import LabelErrors, corrected_cell, label_errors
from fer_fairness.reporting.labels import group_label, in_order
from fer_fairness.reporting.number_text import p_value, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, GapRow

_READING: Final = (
    "Gaps are in percentage points, ratios and indices plain numbers. “Noise-corrected” is the "
    "value with the widening by noise taken off; intervals are of the difference without noise, "
    "so a value can lie above its interval. “Minimum detectable” is the value from which "
    "on the verdict finds a difference in 8 samples of 10; “smaller than ... could not have been "
    "seen” says how far that is beyond what a different mix of emotions gives by itself. "
    "Verdicts follow Holm's p. The Benjamini-Hochberg p, which lets more through, is given beside "
    "it."
)
_GATEKEEPING: Final = (
    "The tables by emotion hold many tests. A difference in one emotion counts as found only where "
    "its own Holm p allows it and a metric over all emotions found a difference for the same "
    "attribute."
)
_LABEL_ERRORS: Final = (
    "Where groups were predicted, “corrected for label errors” is the gap between people of the "
    "groups, with what the labeller's errors do to it, and the widening by noise, taken off: set "
    "it beside “noise-corrected”. p and verdict are of the groups as labelled. A dash: the "
    "metric needs more than counts and is not corrected. The section on predicted groups has more."
)


def gaps_section(inputs: ReportInputs) -> page.Section:
    """Gaps of every variant beside what chance alone gives, and all gap metrics in tables."""
    gaps, errors = inputs.rows(GapRow), label_errors(inputs)
    blocks: list[page.Block] = []
    if gaps:
        blocks.append(page.Text(_READING))
    if any(row.of_one_emotion for row in gaps):
        blocks.append(page.Text(_GATEKEEPING))
    if any(row.predicted for row in gaps):
        blocks.append(page.Text(_LABEL_ERRORS))
    for rows in grouped(gaps, lambda row: row.evaluation_set).values():
        if inputs.kind == "project":
            blocks.append(page.Heading(rows[0].set_label))
        shown = {row.metric for row in rows}
        metrics = [name for name in HEADLINE_METRICS if name in shown]
        if metrics:
            figure = gap_forest_figure(rows, metrics=metrics, variants=inputs.variants())
            blocks.append(page.drawing(figure, key=f"forest-{len(blocks)}", caption=_caption(rows)))
        for block in grouped(rows, lambda row: row.people).values():
            parts = (_by_metric(block), _by_emotion(block))
            blocks += [_gap_table(part, inputs.variants(), errors) for part in parts if part]
    return page.Section(
        "gaps",
        "Gaps between groups",
        blocks or [page.absent("No gap between groups was computed.")],
    )


def _caption(rows: list[GapRow]) -> str:
    caption = (
        f"Gaps between groups on {rows[0].set_label} with 95 % intervals of the gap without noise; "
        "the small cross is the noise-corrected value. The grey bar reaches to what chance alone "
        "gives in 95 draws of 100 at these group sizes, its dark tick is the mean of those draws. "
        "The dotted blue line is the minimum detectable difference. Filled: difference found; "
        "hollow: no difference found. p is Holm's, corrected for many comparisons."
    )
    if any(row.predicted for row in rows):
        caption += " Predicted groups are as labelled here."
    return caption


def _gap_table(rows: list[GapRow], variants: Sequence[str], errors: LabelErrors) -> page.Table:
    """A folded table of rows of one attribute, either all of single emotions or none."""
    first = rows[0]
    by_class = first.of_one_emotion
    uncorrected = by_class and first.predicted
    caption = (
        f"{'Metrics of each emotion' if by_class else 'All metrics'} for {first.attribute_label} "
        f"on {first.set_label} ({first.source_label}; smallest group "
        f"{group_label(first.smallest_group)}, n = {thousands(first.smallest_group_size)}"
        f"{'; as labelled, not corrected for label errors' if uncorrected else ''})"
    )
    columns: list[page.Column[GapRow]] = (
        [("Emotion", lambda row: group_label(_parts(row)[1])), ("Metric", _class_metric_label)]
        if by_class
        else [("Metric", lambda row: row.words.label)]
    )
    if len(variants) > 1:
        columns.append(("Variant", lambda row: row.variant_label))
    columns += [
        ("Value [95 % interval]", page.estimate),
        ("Noise-corrected", lambda row: page.numeric(row.in_unit(row.corrected_value))),
    ]
    if first.predicted and not by_class:
        columns.append(("Corrected for label errors", lambda row: corrected_cell(row, errors)))
    columns += [
        ("Minimum detectable", lambda row: page.numeric(row.in_unit(row.detectable))),
        ("Chance mean", lambda row: page.numeric(row.in_unit(row.null_mean))),
        ("Chance 95 of 100", lambda row: page.numeric(row.in_unit(row.null_95))),
        ("p", lambda row: page.numeric(p_value(row.p_value))),
        ("Holm p", lambda row: page.numeric(p_value(row.p_value_holm))),
        ("BH p", lambda row: page.numeric(p_value(row.p_value_benjamini_hochberg))),
        ("Verdict", lambda row: page.Cell(row.judgement, strong=row.found, muted=not row.found)),
    ]
    return page.table(caption, rows, columns, folded=True)


def _by_metric(rows: list[GapRow]) -> list[GapRow]:
    """The rows over all emotions, by metric in the report's order."""
    order = {name: place for place, name in enumerate(METRIC_WORDS)}
    shown = (row for row in rows if not row.of_one_emotion)
    return sorted(shown, key=lambda row: order.get(row.metric, len(order)))


def _by_emotion(rows: list[GapRow]) -> list[GapRow]:
    """The rows of single emotions, by emotion and metric; a name of no known kind comes last."""
    shown = [row for row in rows if row.of_one_emotion]
    emotions = in_order([emotion for _, emotion in map(_parts, shown) if emotion])
    kinds = list(CLASS_METRIC_WORDS)

    def place(row: GapRow) -> tuple[int, int]:
        kind, emotion = _parts(row)
        return (emotions.index(emotion), kinds.index(kind)) if emotion else (len(emotions), 0)

    return sorted(shown, key=place)


def _parts(row: GapRow) -> tuple[str, str]:
    """Kind of metric and emotion; a name of no known kind is its own kind, of no emotion."""
    return class_metric(row.metric) or (row.metric, "")


def _class_metric_label(row: GapRow) -> str:
    kind, _ = _parts(row)
    return CLASS_METRIC_WORDS.get(kind, metric_words(kind)).label
