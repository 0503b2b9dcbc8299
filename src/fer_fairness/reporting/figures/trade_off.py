"""Between-group gaps against accuracy: what a mitigation gains and costs."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.figures.gaps import NO_GAPS
from fer_fairness.reporting.findings.gap_sentences import gap_words
from fer_fairness.reporting.number_text import percent
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, OverallRow

_MOST_NAMED: Final = 8
"""Of more variants most are dots: names and intervals would cover each other."""


def fairness_accuracy_figure(
    overall: Sequence[OverallRow],
    gaps: Sequence[GapRow],
    *,
    variants: Sequence[str],
    metric: str = "accuracy_gap",
) -> Figure:
    """Accuracy against a gap, one panel per attribute: what a mitigation gains and costs.

    Args:
        overall: Scores on one evaluation set.
        gaps: Gaps on the same.
        variants: All variants of the report in order.
        metric: The gap on the vertical axis.

    Returns:
        A full-width figure, two panels a row. The grey band reaches to what equal treatment gives
        (where groups show other emotions), the dotted line is what would be found in 8 audits of
        10 of the median variant, where it is not far off. Of more than 8 variants the first and
        those that no other one beats have names and intervals, the others are dots.
    """
    accuracy = {row.variant: row for row in reversed(overall) if row.metric == "accuracy"}
    rows = [row for row in gaps if row.metric == metric and row.variant in accuracy]
    if not rows:
        return style.message_figure(NO_GAPS)
    blocks = list(grouped(rows, lambda row: row.people).values())
    columns = min(2, len(blocks))
    height = -(-len(blocks) // columns)
    figure = style.new_figure(style.WIDTH if columns == 2 else style.WIDTH / 2, 0.2 + 2.5 * height)
    panels = style.panel_grid(figure, len(blocks), columns=columns, share="x")
    for panel, block in zip(panels, blocks, strict=True):
        suffix = ", predicted labels" if block[0].predicted else ""
        style.quiet(
            panel, title=f"{style.sentence_case(block[0].attribute_label)}{suffix}", grid="both"
        )
        style.label_axes(panel, x="Accuracy (%)", y=f"{metric_words(metric).label} (points)")
        panel.tick_params(labelbottom=True)
        _draw_trade_off(panel, block, accuracy, style.marks(variants))
    return figure


def fairness_accuracy_words(
    overall: Sequence[OverallRow], gaps: Sequence[GapRow], *, metric: str = "accuracy_gap"
) -> str:
    """What that figure shows: for each attribute the smallest gap and that of the first variant."""
    accuracy = {row.variant: row.value for row in reversed(overall) if row.metric == "accuracy"}
    rows = [
        row
        for row in gaps
        if row.metric == metric and row.variant in accuracy and np.isfinite(row.value)
    ]
    told = []
    for block in grouped(rows, lambda row: row.people).values():
        least = min(block, key=lambda row: row.value)
        of = [
            f"{row.variant_label} {row.amount(row.value)} at {percent(accuracy[row.variant])} "
            "accuracy"
            for row in dict.fromkeys((block[0], least))
        ]
        told.append(f"{block[0].attribute_label}, {', smallest '.join(of)}")
    label = metric_words(metric).label
    return f"{label}: {'; '.join(told)}." if told else NO_GAPS


def _draw_trade_off(
    panel: Axes,
    rows: list[GapRow],
    accuracy: Mapping[str, OverallRow],
    by_variant: Mapping[str, style.Mark],
) -> None:
    ends = np.array([(row.ci_high, row.value, row.equal_treatment) for row in rows])
    top = 100 * float(np.max(ends, initial=0.01, where=np.isfinite(ends)))
    panel.set_ylim(0, 1.15 * top)
    equal = 100 * np.max(ends[:, 2], initial=0.0, where=np.isfinite(ends[:, 2]))
    panel.axhspan(0, equal, color=style.CHANCE, linewidth=0)
    seen = [100 * row.detectable for row in rows if np.isfinite(row.detectable)]
    if seen and median(seen) < 1.15 * top:
        panel.axhline(median(seen), color=style.SEEN, linewidth=1.0, linestyle=(0, (1, 1.2)))
    known = [
        row for row in rows if np.isfinite(row.value) and np.isfinite(accuracy[row.variant].value)
    ]
    named = _named(known, accuracy, next(iter(by_variant)))
    for row in known:
        if row not in named:
            x, y = 100 * accuracy[row.variant].value, 100 * row.value
            (point,) = panel.plot([x], [y], "o", markersize=3, color=style.QUIET, clip_on=False)
            style.tell_when_pointed_at(point, _told(row, accuracy[row.variant]))
    heights = style.spread([100 * row.value for row in named], apart=0.095 * top)
    for row, height in zip(named, heights, strict=True):
        mark, right = by_variant[row.variant], accuracy[row.variant]
        x, y = 100 * right.value, 100 * row.value
        across = [100 * right.ci_low, 100 * right.ci_high]
        panel.plot(across, [y, y], color=mark.colour, linewidth=0.9)
        along = [100 * row.ci_low, 100 * row.ci_high]
        panel.plot([x, x], along, color=mark.colour, linewidth=0.9)
        (point,) = panel.plot(
            [x],
            [y],
            marker=mark.marker,
            markersize=6,
            color=mark.colour,
            markerfacecolor=mark.colour if row.found else "white",
            clip_on=False,
        )
        style.tell_when_pointed_at(point, _told(row, right))
        panel.annotate(
            style.literal(row.variant_label),
            (x, y),
            xytext=(1.03, height),
            textcoords=panel.get_yaxis_transform(),
            va="center",
            fontsize=style.TEXT_SIZE - 1,
            color=style.for_text(mark.colour),
            arrowprops={"arrowstyle": "-", "color": mark.colour, "linewidth": 0.4, "alpha": 0.5},
        )


def _named(rows: Sequence[GapRow], accuracy: Mapping[str, OverallRow], first: str) -> list[GapRow]:
    """Those that are drawn with name and interval, by their gaps: all, or of many the best.

    Of many the first variant, and the most accurate of those that no other one beats in both.
    """
    ordered = sorted(rows, key=lambda row: row.value)
    if len(rows) <= _MOST_NAMED:
        return ordered
    unbeaten, best = [], -np.inf
    for row in sorted(rows, key=lambda row: (row.value, -accuracy[row.variant].value)):
        if row.variant != first and accuracy[row.variant].value > best:
            best = accuracy[row.variant].value
            unbeaten.append(row)
    kept = unbeaten[-(_MOST_NAMED - 1) :]
    return [row for row in ordered if row.variant == first or row in kept]


def _told(row: GapRow, right: OverallRow) -> str:
    return f"{row.variant_label}: accuracy {percent(right.value)}, gap {gap_words(row)}"
