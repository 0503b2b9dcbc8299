"""Between-group gaps with what would have been found, and what equal treatment gives."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.findings.gap_sentences import gap_words
from fer_fairness.reporting.labels import capitalised, in_sentence
from fer_fairness.reporting.number_text import first_few, p_equals, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow

_ROW: Final = 0.2
NO_GAPS: Final = "No between-group metric was computed."
"""What a figure says that has no gap to draw."""


def gap_forest_figure(
    gaps: Sequence[GapRow], *, metrics: Sequence[str], variants: Sequence[str]
) -> Figure:
    """Each gap with its interval, beside what would have been found.

    Args:
        gaps: Rows of one evaluation set.
        metrics: One panel for each.
        variants: All variants of the report in order, so that marks agree between figures.

    Returns:
        A full-width figure; rows are variants under a heading per attribute, or attributes where
        there is one variant. The grey bar reaches to equal treatment, the dotted line is what
        would be found in 8 audits of 10; a filled mark is a difference found.
    """
    rows = [row for row in gaps if row.metric in metrics]
    if not rows:
        return style.message_figure(NO_GAPS)
    lines = _forest_lines(rows, variants)
    figure = style.new_figure(style.WIDTH, 0.75 + _ROW * len(lines))
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for panel, metric in zip(panels, metrics, strict=True):
        words = metric_words(metric)
        unit = " (percentage points)" if words.in_points else ""
        style.quiet(panel, title=words.label, grid="x")
        style.label_axes(panel, x=f"{words.label}{unit}")
        panel.use_sticky_edges = False  # else a mark at zero touches the labels
        for place, (_, of_line) in enumerate(lines):
            for row in of_line:
                if row.metric == metric:
                    draw_gap(panel, row, place, style.marks(variants)[row.variant])
        style.forest_rows(panel, [label for label, _ in lines])
    for label, (_, of_line) in zip(panels[0].get_yticklabels(), lines, strict=True):
        label.set_fontweight("normal" if of_line else "bold")
    return figure


def gap_forest_words(gaps: Sequence[GapRow], *, metrics: Sequence[str]) -> str:
    """What that figure shows: the differences found, the widest first, and how many were not."""
    rows = [row for row in gaps if row.metric in metrics]
    found = sorted((row for row in rows if row.found), key=lambda row: -abs(row.value))
    told = [
        f"{row.variant_label}, {row.attribute_label}, {in_sentence(row.words.label)}: "
        f"{gap_words(row)}"
        for row in found
    ]
    rest = len(rows) - len(found)
    if not told:
        return f"No difference found in any of {thousands(rest)} gaps."
    return f"{capitalised('; '.join(first_few(told)))}. None found in {thousands(rest)} other gaps."


def _forest_lines(rows: list[GapRow], variants: Sequence[str]) -> list[tuple[str, list[GapRow]]]:
    """Labels of the lines, each with its rows; a heading has none."""
    lines: list[tuple[str, list[GapRow]]] = []
    several = len({row.variant for row in rows}) > 1
    label_of = {row.variant: style.literal(row.variant_label) for row in rows}
    for block in grouped(rows, lambda row: row.people).values():
        first, by_variant = block[0], grouped(block, lambda row: row.variant)
        smallest = thousands(min(row.smallest_group_size for row in block))
        suffix = ", predicted" if first.predicted else ""
        label = f"{style.sentence_case(first.attribute_label)}{suffix} (n ≥ {smallest})"
        if several:
            lines.append((label, []))
        lines += [
            (label_of[name] if several else label, by_variant[name])
            for name in variants
            if name in by_variant
        ]
    return lines


def draw_gap(panel: Axes, row: GapRow, place: int, mark: style.Mark) -> None:
    """One gap with its interval, what equal treatment gives, and what would have been found."""
    scale = 100.0 if row.in_points else 1.0
    ideal = scale if row.words.higher_is_more_equal else 0.0
    equal = scale * row.equal_treatment
    if np.isfinite(equal):
        panel.barh(place, equal - ideal, 0.62, left=ideal, color=style.CHANCE)
    _draw_detectable(panel, place, scale * row.detectable)
    mark = replace(mark, filled=row.found)
    estimate = (row.value, row.ci_low, row.ci_high)
    size = thousands(row.smallest_group_size)
    told = f"{row.variant_label}, {row.groups_label}: {gap_words(row)}; smallest group {size}"
    style.draw_estimates(panel, [place], [estimate], mark, scale=scale, told=[told])
    style.tell_at_right(panel, place, f"p {p_equals(row.p)}", strong=row.found)


def _draw_detectable(panel: Axes, place: int, seen: float) -> None:
    """A faint line at the difference that would be found in 8 audits of 10."""
    if np.isfinite(seen):
        panel.plot(
            [seen, seen],
            [place - 0.38, place + 0.38],
            color=style.SEEN,
            linewidth=1.0,
            linestyle=(0, (1, 1.2)),
        )
