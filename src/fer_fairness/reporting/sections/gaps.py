"""Gaps between groups in full: the figure, the tables of all metrics and those by emotion."""

import math
from collections.abc import Sequence
from typing import Final

from fer_fairness.fairness.metrics.words import (
    CLASS_METRIC_WORDS,
    METRIC_WORDS,
    class_metric,
    metric_words,
)
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.gaps import gap_forest_figure, gap_forest_words
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.findings.label_correction import (
    LabelErrors,
    corrected_cell,
    label_errors,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import group_label, in_order
from fer_fairness.reporting.number_text import p_value, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, GapRow

_READING: Final = (
    "Gaps are in percentage points, ratios and indices plain numbers. A gap is shown with the "
    "widening by noise taken off; “as counted” it is the largest value of a group minus the "
    "smallest, to be set beside what shuffled groups give. The interval beside the value is at "
    "the level of its test among all tests here, so it leaves out equal treatment exactly where "
    "a difference was found (equal treatment is not always no gap: groups that show other emotions "
    "have another accuracy); “95 % alone” is the interval of this one difference if nothing else "
    "had been looked at. “Found in 8 of 10” is the value from which on such audits find a "
    "difference 8 times of 10. Verdicts follow the corrected p; those after Holm and after "
    "Benjamini and Hochberg are given beside it."
)
_GATEKEEPING: Final = (
    "First comes one question for each attribute: is anyone of any group recognised differently, "
    "given the emotion? Metrics are looked at where its answer is yes, and single emotions and "
    "pairs of groups where a metric found a difference."
)
_LABEL_ERRORS: Final = (
    "Where groups were predicted, “corrected for label errors” is the gap between people of the "
    "groups, with what the labeller's errors do to it, and the widening by noise, taken off, with "
    "its 95 % interval: set it beside the value. p and verdict are of the groups as labelled. A "
    "dash: the metric needs more than counts and is not corrected. The section on predicted groups "
    "has more."
)


def gaps_section(inputs: ReportInputs) -> page.Section:
    """Gaps of every variant beside what chance alone gives, and all gap metrics in tables."""
    gaps, errors = inputs.rows(GapRow), label_errors(inputs)
    texts = [page.Text(_READING)] if gaps else []
    if any(row.of_one_emotion for row in gaps):
        texts.append(page.Text(_GATEKEEPING))
    if any(row.predicted for row in gaps):
        texts.append(page.Text(_LABEL_ERRORS))
    blocks: list[page.Block] = (
        [page.Folded("How to read the tables", tuple(texts))] if texts else []
    )
    for rows in grouped(gaps, lambda row: row.evaluation_set).values():
        if inputs.kind == "project":
            blocks.append(page.Heading(rows[0].set_label))
        shown = {row.metric for row in rows}
        metrics = [name for name in HEADLINE_METRICS if name in shown]
        if metrics:
            drawn = [row for row in rows if row.variant in inputs.variants_shown()]
            is_first = not any(isinstance(block, page.Drawing) for block in blocks)
            blocks.append(_forest(drawn, metrics, inputs.variants(), told=not is_first))
        for block in grouped(rows, lambda row: row.people).values():
            parts = (_by_metric(block), _by_emotion(block), _by_pair(block))
            blocks += [_gap_table(inputs, part, errors) for part in parts if part]
    return page.Section(
        "gaps",
        "Gaps between groups",
        blocks or [page.absent("No gap between groups was computed.")],
    )


def _forest(
    rows: list[GapRow], metrics: Sequence[str], variants: Sequence[str], *, told: bool
) -> page.Drawing:
    """All gaps of one set; `told` is whether an earlier figure says how it is read."""
    where = f"Gaps between groups on {rows[0].set_label}"
    return page.Drawing(
        figure_name("gaps", rows[0].evaluation_set),
        gap_forest_figure(rows, metrics=metrics, variants=variants),
        caption=f"{where}, drawn alike." if told else _caption(where, rows),
        alone=_caption(where, rows),
        alternative=gap_forest_words(rows, metrics=metrics),
        rows=[row for row in rows if row.metric in metrics],
    )


def _caption(where: str, rows: list[GapRow]) -> str:
    caption = (
        f"{where}, the widening by noise taken off, with intervals at the level of the verdict. "
        "The grey bar is what a different mix of emotions in the groups gives by itself; the "
        "dotted blue line is what would be found in 8 audits of 10. Filled: difference found; "
        "hollow: no difference found. p is corrected for all tests made together."
    )
    if any(row.predicted for row in rows):
        caption += " Predicted groups are as labelled here."
    return caption


def _gap_table(inputs: ReportInputs, rows: list[GapRow], errors: LabelErrors) -> page.Table:
    """A folded table of rows of one attribute and of one kind; of many those found come first."""
    first = rows[0]
    single = first.of_one_emotion or first.of_a_pair
    with_correction = first.predicted and not single
    labelled = first.predicted and single
    what = (
        "Metrics of each emotion"
        if first.of_one_emotion
        else "Pairs of groups, recall at the same emotion,"
        if first.of_a_pair
        else "All metrics"
    )
    caption = (
        f"{what} for {first.attribute_label} "
        f"on {first.set_label} ({first.source_label}; smallest group "
        f"{group_label(first.smallest_group)}, n = {thousands(first.smallest_group_size)}"
        f"{'; as labelled, not corrected for label errors' if labelled else ''})"
    )
    columns = _named_by(first)
    if len(inputs.variants()) > 1:
        columns.append(("Variant", lambda row: row.variant_label))
    columns.append(("Value [interval]", page.estimate))
    if with_correction:
        columns.append(("Corrected for label errors", lambda row: corrected_cell(row, errors)))
    if not first.of_a_pair:
        columns.append(
            ("Equal treatment", lambda row: page.numeric(row.in_unit(row.equal_treatment)))
        )
    columns += [
        ("95 % alone", lambda row: page.numeric(row.alone)),
        ("Found in 8 of 10", lambda row: page.numeric(row.in_unit(row.detectable))),
    ]
    if not first.of_a_pair:
        columns += [
            ("As counted", lambda row: page.numeric(row.in_unit(row.raw_value))),
            ("Shuffled, mean", lambda row: page.numeric(row.in_unit(row.null_mean))),
            ("Shuffled, 95 of 100", lambda row: page.numeric(row.in_unit(row.null_95))),
        ]
    columns += [
        ("p", lambda row: page.numeric(p_value(row.p_value))),
        ("Corrected p", lambda row: page.numeric(p_value(row.p_value_corrected))),
        ("Holm p", lambda row: page.numeric(p_value(row.p_value_holm))),
        ("BH p", lambda row: page.numeric(p_value(row.p_value_benjamini_hochberg))),
        ("Verdict", lambda row: page.Cell(row.judgement, strong=row.found, muted=not row.found)),
    ]
    if len(rows) > page.MOST_ROWS:
        rows = sorted(rows, key=lambda row: (not row.found, _last_if_missing(row.p)))
    return page.table(caption, rows, columns, folded=True, all_in=inputs.file_of(GapRow))


def _last_if_missing(p: float) -> float:
    return p if math.isfinite(p) else math.inf


def _named_by(row: GapRow) -> "list[page.Column[GapRow]]":
    """The columns that tell the rows of a table apart."""
    if row.of_one_emotion:
        return [
            ("Emotion", lambda row: group_label(_parts(row)[1])),
            ("Metric", _class_metric_label),
        ]
    if row.of_a_pair:
        return [
            ("Group", lambda row: group_label(row.group)),
            ("minus", lambda row: group_label(row.other_group)),
        ]
    return [("Metric", lambda row: row.words.label)]


def _by_metric(rows: list[GapRow]) -> list[GapRow]:
    """The question and the rows over all emotions, by metric in the report's order."""
    order = {name: place for place, name in enumerate(METRIC_WORDS)}
    shown = (row for row in rows if row.over_all_emotions or row.question)
    return sorted(shown, key=lambda row: (not row.question, order.get(row.metric, len(order))))


def _by_pair(rows: list[GapRow]) -> list[GapRow]:
    """The differences between two groups, the widest first."""
    return sorted((row for row in rows if row.of_a_pair), key=lambda row: -abs(row.value))


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
