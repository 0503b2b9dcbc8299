"""Pareto plots: accuracy against the worst group and the gap, and who is on the front."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.figures.gaps import NO_GAPS
from fer_fairness.reporting.labels import in_sentence
from fer_fairness.reporting.number_text import percent
from fer_fairness.reporting.rows.bench import FrontRow
from fer_fairness.reporting.rows.schema import grouped

_NAMED: Final = 0.1
"""Of many methods the less probable are drawn without a name."""

_MOST_NAMED: Final = 9
"""So many names have room beside a panel."""

_HEIGHT: Final = 2.5
_HEIGHT_ALONE: Final = 1.75


def front_figure(rows: Sequence[FrontRow]) -> Figure:
    """Accuracy against what gaps there are, a row of panels for each attribute.

    Args:
        rows: The places of all variants on the fronts of one evaluation set.

    Returns:
        A full-width figure, half as wide with a single panel. The more probably a method is on the
        front, the larger and darker its mark; names are those of the most probable ones, with their
        probability, and the control's. A thin line joins those that are on the front as measured.
    """
    known = [row for row in rows if np.isfinite([row.accuracy, row.value]).all()]
    by_attribute = grouped(known, lambda row: row.attribute).values()
    blocks = [
        block for part in by_attribute for block in grouped(part, lambda row: row.outcome).values()
    ]
    if not blocks:
        return style.message_figure(NO_GAPS)
    columns = min(2, len(blocks))
    height = _HEIGHT_ALONE if len(blocks) == 1 else _HEIGHT * -(-len(blocks) // columns)
    figure = style.new_figure(style.WIDTH * columns / 2, 0.2 + height)
    panels = style.panel_grid(figure, len(blocks), columns=columns, share="x")
    for panel, block in zip(panels, blocks, strict=True):
        first = block[0]
        style.quiet(panel, title=style.sentence_case(first.people), grid="both")
        unit = "%" if first.words.higher_is_more_equal else "points"
        style.label_axes(panel, x="Accuracy (%)", y=f"{first.words.label} ({unit})")
        panel.tick_params(labelbottom=True)
        _draw_front(panel, block)
    return figure


def _draw_front(panel: Axes, rows: list[FrontRow]) -> None:
    front = sorted((row for row in rows if row.on_front), key=lambda row: row.accuracy)
    line = [100 * row.accuracy for row in front], [100 * row.value for row in front]
    panel.plot(*line, color=style.QUIET, linewidth=0.6)
    colours = colormaps["cividis_r"]
    for row in sorted(rows, key=lambda row: (row.is_control, row.probability)):
        (mark,) = panel.plot(
            [100 * row.accuracy],
            [100 * row.value],
            marker="D" if row.is_control else "o",
            markersize=3.5 + 5.0 * row.probability**0.5,
            color=colours(row.probability),
            markeredgecolor=style.ADDED if row.is_control else style.INK,
            markeredgewidth=1.4 if row.is_control else 0.4,
            linestyle="none",
            clip_on=False,
        )
        style.tell_when_pointed_at(
            mark,
            f"{row.variant_label}: accuracy {percent(row.accuracy)}, "
            f"{in_sentence(row.words.label)} {row.in_unit(row.value)}, probability to be on the "
            f"front {row.probability_text}",
        )
    panel.margins(0.08)
    _draw_names(panel, rows)


def _draw_names(panel: Axes, rows: list[FrontRow]) -> None:
    """At the right edge, each led to its mark."""
    probable = sorted(rows, key=lambda row: (not row.is_control, -row.probability))
    if len(rows) > _MOST_NAMED:
        probable = [row for row in probable if row.is_control or row.probability >= _NAMED]
    named = probable[:_MOST_NAMED]
    named.sort(key=lambda row: row.value)
    bottom, top = panel.get_ylim()
    heights = style.spread([100 * row.value for row in named], apart=0.1 * (top - bottom))
    # All of them beside their own panel.
    low, high = min(heights, default=bottom), max(heights, default=top)
    beyond = max(high - top, 0.0) + min(low - bottom, 0.0)
    for row, height in zip(named, heights, strict=True):
        colour = style.for_text(style.ADDED) if row.is_control else style.INK
        control = ", control" if row.is_control else ""
        panel.annotate(
            f"{style.literal(row.variant_label)}{control} ({row.probability_text})",
            (100 * row.accuracy, 100 * row.value),
            xytext=(1.03, height - beyond),
            textcoords=panel.get_yaxis_transform(),
            va="center",
            fontsize=style.TEXT_SIZE - 1,
            color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.4, "alpha": 0.5},
        )
