"""Between-group gaps against what chance alone gives, and against accuracy."""

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
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    Mark,
    label_axes,
    literal,
    marks,
    message_figure,
    new_figure,
    quiet,
    spread,
)
from fer_fairness.reporting.inputs import DIFFERENCE_FOUND
from fer_fairness.reporting.tables import p_equals, thousands
from fer_fairness.reporting.words import attribute_label, metric_words, variant_label

_ROW: Final = 0.2
_NO_GAPS: Final = "No between-group metric was computed."


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
        A full-width figure; rows are variants under a heading per attribute. The grey bar reaches
        to `null_95`, its dark tick is `null_mean`; a filled mark is a difference found.
    """
    rows = gaps[gaps["metric"].isin(list(metrics))]
    if rows.empty:
        return message_figure(_NO_GAPS)
    lines = _forest_lines(rows, variants)
    figure = new_figure(WIDTH, 0.75 + _ROW * len(lines))
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for panel, metric in zip(panels, metrics, strict=True):
        words = metric_words(metric)
        unit = " (percentage points)" if words.in_points else ""
        quiet(panel, title=words.label, grid="x")
        label_axes(panel, x=f"{words.label}{unit}")
        _draw_forest(panel, rows[rows["metric"] == metric], lines, marks(variants))
        panel.spines["left"].set_visible(False)
        panel.tick_params(axis="y", length=0)
    heads = [place for place, (_, _, variant) in enumerate(lines) if not variant]
    panels[0].set_yticks(range(len(lines)), [_line_label(line, rows) for line in lines])
    for place in heads:
        panels[0].get_yticklabels()[place].set_fontweight("bold")
    panels[0].set_ylim(len(lines) - 0.4, -0.6)
    return figure


def _forest_lines(rows: pd.DataFrame, variants: Sequence[str]) -> list[tuple[str, str, str]]:
    lines: list[tuple[str, str, str]] = []
    for (attribute, source), block in rows.groupby(["attribute", "attribute_source"], sort=False):
        present = set(block["variant"])
        lines.append((str(attribute), str(source), ""))
        lines += [(str(attribute), str(source), name) for name in variants if name in present]
    return lines


def _line_label(line: tuple[str, str, str], rows: pd.DataFrame) -> str:
    attribute, source, variant = line
    if variant:
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
    chance_from = scale if words.higher_is_more_equal else 0.0
    for row in rows.to_dict("records"):
        place = places[(str(row["attribute"]), str(row["attribute_source"]), str(row["variant"]))]
        mark = by_variant[str(row["variant"])]
        limit = scale * float(row["null_95"])
        if np.isfinite(limit):
            panel.barh(place, limit - chance_from, 0.62, left=chance_from, color=CHANCE)
            mean = scale * float(row["null_mean"])
            panel.plot([mean, mean], [place - 0.31, place + 0.31], color=QUIET, linewidth=1.2)
        value, low, high = (scale * float(row[name]) for name in ("value", "ci_low", "ci_high"))
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
        panel.annotate(
            f"p {p_equals(float(row['p_value_adjusted']))}",
            (1.0, place),
            xycoords=panel.get_yaxis_transform(),
            ha="left",
            va="center",
            fontsize=SMALL_SIZE - 1,
            color=INK if found else QUIET,
        )


def fairness_accuracy_figure(
    overall: pd.DataFrame,
    gaps: pd.DataFrame,
    *,
    variants: Sequence[str],
    metric: str = "accuracy_gap",
) -> Figure:
    """Accuracy against a gap, one panel per attribute: what a mitigation gains and costs.

    Args:
        overall: The `overall` table of one evaluation set.
        gaps: The `gaps` table of the same.
        variants: All variants of the report in order.
        metric: The gap on the vertical axis.

    Returns:
        A full-width figure, two panels a row. The grey band is what chance alone gives (up to the
        largest `null_95` of the variants), the dashed line its largest mean.
    """
    accuracy = overall[overall["metric"] == "accuracy"].drop_duplicates("variant")
    rows = gaps[gaps["metric"] == metric].merge(
        accuracy[["variant", "value", "ci_low", "ci_high"]],
        on="variant",
        suffixes=("", "_accuracy"),
    )
    if rows.empty:
        return message_figure(_NO_GAPS)
    blocks = list(rows.groupby(["attribute", "attribute_source"], sort=False))
    columns = min(2, len(blocks))
    height = -(-len(blocks) // columns)
    figure = new_figure(WIDTH if columns == 2 else WIDTH / 2, 0.2 + 2.5 * height)
    panels = figure.subplots(height, columns, squeeze=False, sharex=True).ravel()
    for panel, ((attribute, source), block) in zip(panels, blocks, strict=False):
        suffix = ", predicted labels" if source == "predicted" else ""
        title = f"{sentence_case(attribute_label(str(attribute)))}{suffix}"
        quiet(panel, title=title, grid="both")
        label_axes(panel, x="Accuracy (%)", y=f"{metric_words(metric).label} (points)")
        panel.tick_params(labelbottom=True)
        _draw_trade_off(panel, block, marks(variants))
    for panel in panels[len(blocks) :]:
        panel.remove()
    return figure


def _draw_trade_off(panel: Axes, rows: pd.DataFrame, by_variant: dict[str, Mark]) -> None:
    known = rows.dropna(subset=["value", "value_accuracy"])
    records = sorted(known.to_dict("records"), key=lambda row: float(row["value"]))
    limit = 100 * float(rows["null_95"].max())
    if np.isfinite(limit):
        panel.axhspan(0, limit, color=CHANCE, linewidth=0)
        panel.axhline(
            100 * float(rows["null_mean"].max()), color=QUIET, linewidth=0.8, linestyle=(0, (4, 3))
        )
    reached = rows[["ci_high", "value", "null_95"]].to_numpy(dtype=float)
    top = 100 * float(np.max(reached, initial=0.01, where=np.isfinite(reached)))
    panel.set_ylim(0, 1.15 * top)
    heights = spread([100 * float(row["value"]) for row in records], apart=0.095 * top)
    for row, height in zip(records, heights, strict=True):
        mark = by_variant[str(row["variant"])]
        x, y = 100 * float(row["value_accuracy"]), 100 * float(row["value"])
        across = [100 * float(row["ci_low_accuracy"]), 100 * float(row["ci_high_accuracy"])]
        panel.plot(across, [y, y], color=mark.colour, linewidth=0.9)
        along = [100 * float(row["ci_low"]), 100 * float(row["ci_high"])]
        panel.plot([x, x], along, color=mark.colour, linewidth=0.9)
        found = str(row["verdict"]).startswith(DIFFERENCE_FOUND)
        face = mark.colour if found else "white"
        panel.plot(
            [x],
            [y],
            marker=mark.marker,
            markersize=6,
            color=mark.colour,
            markerfacecolor=face,
            clip_on=False,
        )
        panel.annotate(
            literal(variant_label(str(row["variant"]))),
            (x, y),
            xytext=(1.03, height),
            textcoords=panel.get_yaxis_transform(),
            va="center",
            fontsize=TEXT_SIZE - 1,
            color=mark.colour,
            arrowprops={"arrowstyle": "-", "color": mark.colour, "linewidth": 0.4, "alpha": 0.5},
        )
