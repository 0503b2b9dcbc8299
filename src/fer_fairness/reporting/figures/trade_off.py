"""Between-group gaps against accuracy: what a mitigation gains and costs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.gaps import NO_GAPS, sentence_case
from fer_fairness.reporting.figures.style import (
    CHANCE,
    QUIET,
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
from fer_fairness.reporting.words import attribute_label, metric_words, variant_label


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
        return message_figure(NO_GAPS)
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
