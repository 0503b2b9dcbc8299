"""Between-group gaps against what chance alone gives."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.style import (
    CHANCE,
    INK,
    QUIET,
    SEEN,
    SMALL_SIZE,
    WIDTH,
    Mark,
    label_axes,
    literal,
    marks,
    message_figure,
    new_figure,
    quiet,
)
from fer_fairness.reporting.inputs import DIFFERENCE_FOUND
from fer_fairness.reporting.records import as_float, records
from fer_fairness.reporting.tables import p_equals, thousands
from fer_fairness.reporting.verdicts import detectable
from fer_fairness.reporting.words import attribute_label, metric_words, variant_label

CORRECTED_MARKER: Final = "x"
"""What marks a noise-corrected value; no variant has it."""

_ROW: Final = 0.2
NO_GAPS: Final = "No between-group metric was computed."
"""What a figure says that has no gap to draw."""


def sentence_case(text: str) -> str:
    """`text` with its first letter in upper case, and ready for matplotlib."""
    return literal(text[:1].upper() + text[1:])


def gap_forest_figure(
    gaps: pd.DataFrame, *, metrics: Sequence[str], variants: Sequence[str]
) -> Figure:
    """Each gap with its interval, beside the range that chance alone gives.

    Args:
        gaps: The `gaps` table of one evaluation set.
        metrics: One panel for each.
        variants: All variants of the report in order, so that marks agree between figures.

    Returns:
        A full-width figure; rows are variants under a heading per attribute, or attributes where
        there is one variant. The grey bar reaches to `null_95`, its dark tick is `null_mean`, the
        dotted line is the minimum detectable difference, the cross the noise-corrected value; a
        filled mark is a difference found.
    """
    rows = gaps[gaps["metric"].isin(list(metrics))]
    if rows.empty:
        return message_figure(NO_GAPS)
    lines = _forest_lines(rows, variants)
    figure = new_figure(WIDTH, 0.75 + _ROW * len(lines))
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for panel, metric in zip(panels, metrics, strict=True):
        words = metric_words(metric)
        unit = " (percentage points)" if words.in_points else ""
        quiet(panel, title=words.label, grid="x")
        label_axes(panel, x=f"{words.label}{unit}")
        panel.use_sticky_edges = False  # else a mark at zero touches the labels
        _draw_forest(panel, rows[rows["metric"] == metric], lines, marks(variants))
        panel.spines["left"].set_visible(False)
        panel.tick_params(axis="y", length=0)
    several = rows["variant"].nunique() > 1
    heads = [place for place, (_, _, variant) in enumerate(lines) if several and not variant]
    panels[0].set_yticks(range(len(lines)), [_line_label(line, rows) for line in lines])
    for place in heads:
        panels[0].get_yticklabels()[place].set_fontweight("bold")
    panels[0].set_ylim(len(lines) - 0.4, -0.6)
    return figure


def _forest_lines(rows: pd.DataFrame, variants: Sequence[str]) -> list[tuple[str, str, str]]:
    lines: list[tuple[str, str, str]] = []
    several = rows["variant"].nunique() > 1
    for (attribute, source), block in rows.groupby(["attribute", "attribute_source"], sort=False):
        present = set(block["variant"])
        if several:
            lines.append((str(attribute), str(source), ""))
        lines += [(str(attribute), str(source), name) for name in variants if name in present]
    return lines


def _line_label(line: tuple[str, str, str], rows: pd.DataFrame) -> str:
    attribute, source, variant = line
    if variant and rows["variant"].nunique() > 1:
        return literal(variant_label(variant))
    block = rows[(rows["attribute"] == attribute) & (rows["attribute_source"] == source)]
    smallest = thousands(float(block["smallest_group_size"].min()))
    suffix = ", predicted" if source == "predicted" else ""
    return f"{sentence_case(attribute_label(attribute))}{suffix} (n ≥ {smallest})"


def _draw_forest(
    panel: Axes, rows: pd.DataFrame, lines: list[tuple[str, str, str]], by_variant: dict[str, Mark]
) -> None:
    words = metric_words(str(rows["metric"].iloc[0])) if len(rows) else metric_words("")
    scale = 100.0 if words.in_points else 1.0
    places = {line: place for place, line in enumerate(lines)}
    ideal = scale if words.higher_is_more_equal else 0.0
    for row in records(rows):
        place = places[(str(row["attribute"]), str(row["attribute_source"]), str(row["variant"]))]
        mark = by_variant[str(row["variant"])]
        limit = scale * as_float(row["null_95"])
        if np.isfinite(limit):
            panel.barh(place, limit - ideal, 0.62, left=ideal, color=CHANCE)
            mean = scale * as_float(row["null_mean"])
            panel.plot([mean, mean], [place - 0.31, place + 0.31], color=QUIET, linewidth=1.2)
        _draw_detectable(panel, place, scale * detectable(row))
        value, low, high = (scale * as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
        found = str(row["verdict"]).startswith(DIFFERENCE_FOUND)
        panel.plot([low, high], [place, place], color=mark.colour, linewidth=1.3)
        panel.plot(
            [value],
            [place],
            marker=mark.marker,
            markersize=5,
            clip_on=False,
            color=mark.colour,
            markerfacecolor=mark.colour if found else "white",
        )
        _draw_corrected(panel, place, scale * as_float(row["corrected_value"]))
        panel.annotate(
            f"p {p_equals(as_float(row['p_value_holm']))}",
            (1.0, place),
            xycoords=panel.get_yaxis_transform(),
            ha="left",
            va="center",
            fontsize=SMALL_SIZE - 1,
            color=INK if found else QUIET,
        )


def _draw_detectable(panel: Axes, place: int, seen: float) -> None:
    """A faint line at the difference that would have been found in 8 samples of 10."""
    if np.isfinite(seen):
        panel.plot(
            [seen, seen],
            [place - 0.38, place + 0.38],
            color=SEEN,
            linewidth=1.0,
            linestyle=(0, (1, 1.2)),
        )


def _draw_corrected(panel: Axes, place: int, corrected: float) -> None:
    """A small cross at the value without the widening by noise."""
    panel.plot(
        [corrected],
        [place],
        marker=CORRECTED_MARKER,
        markersize=3.6,
        markeredgewidth=0.9,
        color=QUIET,
        linestyle="none",
        clip_on=False,
    )
