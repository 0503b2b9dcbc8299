"""Gaps between groups in full: the figure, the tables of all metrics and those by emotion."""

import pandas as pd

from fer_fairness.reporting.figures import gap_forest_figure
from fer_fairness.reporting.figures.matrices import in_order
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import (
    PREDICTED,
    LabelErrors,
    corrected_cell,
    label_errors,
)
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import Block, Heading, Section, Text, absent, drawing
from fer_fairness.reporting.tables import (
    Cell,
    Table,
    p_value,
    thousands,
    value_with_interval,
)
from fer_fairness.reporting.verdicts import (
    BY_CLASS,
    detectable,
    difference_found,
    in_unit,
    short_verdict,
)
from fer_fairness.reporting.words import (
    CLASS_METRICS,
    HEADLINE_METRICS,
    METRICS,
    attribute_label,
    class_metric,
    evaluation_set_label,
    group_label,
    metric_words,
    source_label,
    variant_label,
)

_READING = (
    "Gaps are in percentage points, ratios and indices plain numbers. “Noise-corrected” is the "
    "value with the widening by noise taken off; intervals are of the difference without noise, "
    "so a value can lie above its interval. “Minimum detectable” is the value from which "
    "on the verdict finds a difference in 8 samples of 10; “smaller than ... could not have been "
    "seen” says how far that is beyond what a different mix of emotions gives by itself. "
    "Verdicts follow Holm's p. The Benjamini-Hochberg p, which lets more through, is given beside "
    "it."
)
_GATEKEEPING = (
    "The tables by emotion hold many tests. A difference in one emotion counts as found only where "
    "its own Holm p allows it and a metric over all emotions found a difference for the same "
    "attribute."
)
_LABEL_ERRORS = (
    "Where groups were predicted, “corrected for label errors” is the gap between people of the "
    "groups, with what the labeller's errors do to it, and the widening by noise, taken off: set "
    "it beside “noise-corrected”. p and verdict are of the groups as labelled. A dash: the "
    "metric needs more than counts and is not corrected. The section on predicted groups has more."
)


def gaps_section(inputs: ReportInputs) -> Section:
    """Gaps of every variant beside what chance alone gives, and all gap metrics in tables."""
    blocks: list[Block] = []
    errors = label_errors(inputs)
    by_class = inputs.gaps["family"] == BY_CLASS
    if len(inputs.gaps):
        blocks.append(Text(_READING))
    if by_class.any():
        blocks.append(Text(_GATEKEEPING))
    if (inputs.gaps["attribute_source"] == PREDICTED).any():
        blocks.append(Text(_LABEL_ERRORS))
    for evaluation_set, rows in inputs.gaps.groupby("evaluation_set", sort=False):
        where = evaluation_set_label(str(evaluation_set))
        metrics = [name for name in HEADLINE_METRICS if name in set(rows["metric"])]
        if inputs.kind == "project":
            blocks.append(Heading(where))
        if metrics:
            figure = gap_forest_figure(rows, metrics=metrics, variants=inputs.variants())
            caption = (
                f"Gaps between groups on {where} with 95 % intervals of the gap without "
                "noise; the small cross is the noise-corrected value. The grey bar reaches to what "
                "chance alone gives in 95 draws of 100 at these group sizes, its dark tick is the "
                "mean of those draws. The "
                "dotted blue line is the minimum detectable difference. Filled: difference found; "
                "hollow: no difference found. p is Holm's, corrected for many comparisons."
            )
            if (rows["attribute_source"] == PREDICTED).any():
                caption += " Predicted groups are as labelled here."
            blocks.append(drawing(figure, key=f"forest-{len(blocks)}", caption=caption))
        keys = ["attribute", "attribute_source"]
        for _, block in rows.groupby(keys, sort=False):
            of_class = block["family"] == BY_CLASS
            blocks += [
                _gap_table(part, inputs.variants(), errors, by_class=is_class)
                for part, is_class in ((block[~of_class], False), (block[of_class], True))
                if len(part)
            ]
    return Section(
        "gaps", "Gaps between groups", blocks or [absent("No gap between groups was computed.")]
    )


def _gap_table(
    rows: pd.DataFrame, variants: tuple[str, ...], errors: LabelErrors, *, by_class: bool
) -> Table:
    first = rows.iloc[0]
    where = evaluation_set_label(str(first["evaluation_set"]))
    predicted = first["attribute_source"] == PREDICTED
    uncorrected = "; as labelled, not corrected for label errors" if predicted and by_class else ""
    what = "Metrics of each emotion" if by_class else "All metrics"
    caption = (
        f"{what} for {attribute_label(str(first['attribute']))} on {where} "
        f"({source_label(str(first['attribute_source']))}; smallest group "
        f"{group_label(str(first['smallest_group']))}, "
        f"n = {thousands(as_float(first['smallest_group_size']))}{uncorrected})"
    )
    several = len(variants) > 1
    header = (
        "Metric",
        *(["Variant"] if several else []),
        "Value [95 % interval]",
        "Noise-corrected",
        *(["Corrected for label errors"] if predicted and not by_class else []),
        "Minimum detectable",
        "Chance mean",
        "Chance 95 of 100",
        "p",
        "Holm p",
        "BH p",
        "Verdict",
    )
    ordered = _by_emotion(rows) if by_class else _by_metric(rows)
    return Table(
        caption=caption,
        header=("Emotion", *header) if by_class else header,
        rows=tuple(_gap_cells(row, errors, several=several, by_class=by_class) for row in ordered),
        folded=True,
    )


def _by_metric(rows: pd.DataFrame) -> list[Row]:
    order = {name: place for place, name in enumerate(METRICS)}
    return sorted(records(rows), key=lambda row: order.get(str(row["metric"]), len(order)))


def _by_emotion(rows: pd.DataFrame) -> list[Row]:
    """By emotion in the project's order, then by metric; a name of no known kind comes last."""
    parts = {name: class_metric(name) or (name, "") for name in rows["metric"].astype(str)}
    emotions = in_order([emotion for _, emotion in parts.values() if emotion])
    kinds = list(CLASS_METRICS)

    def place(row: Row) -> tuple[int, int]:
        kind, emotion = parts[str(row["metric"])]
        if not emotion:
            return len(emotions), 0
        return emotions.index(emotion), kinds.index(kind)

    return sorted(records(rows), key=place)


def _gap_cells(row: Row, errors: LabelErrors, *, several: bool, by_class: bool) -> tuple[Cell, ...]:
    metric = str(row["metric"])
    words = metric_words(metric)
    value, low, high = (as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
    estimate = value_with_interval(value, low, high, in_points=words.in_points)
    numbers = (detectable(row), as_float(row["null_mean"]), as_float(row["null_95"]))
    corrected = not by_class and errors.concern(row)
    chances = ("p_value", "p_value_holm", "p_value_benjamini_hochberg")
    found = difference_found(row)
    return (
        *_names(metric, by_class=by_class),
        *([Cell(variant_label(str(row["variant"])))] if several else []),
        Cell(estimate.replace(" [", "\n["), numeric=True),
        Cell(in_unit(as_float(row["corrected_value"]), words), numeric=True),
        *([corrected_cell(errors.gap(row), errors.reason(row))] if corrected else []),
        *(Cell(in_unit(shown, words), numeric=True) for shown in numbers),
        *(Cell(p_value(as_float(row[name])), numeric=True) for name in chances),
        Cell(short_verdict(row), strong=found, muted=not found),
    )


def _names(metric: str, *, by_class: bool) -> tuple[Cell, ...]:
    if not by_class:
        return (Cell(metric_words(metric).label),)
    kind, emotion = class_metric(metric) or (metric, "")
    words = CLASS_METRICS.get(kind, metric_words(kind))
    return Cell(group_label(emotion)), Cell(words.label)
