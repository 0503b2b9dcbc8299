"""Whether the labeller is right as often as it is sure."""

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.style import (
    BLUE,
    CHANCE,
    QUIET,
    SMALL_SIZE,
    WIDTH,
    label_axes,
    literal,
    message_figure,
    new_figure,
    quiet,
)
from fer_fairness.reporting.records import as_float, records
from fer_fairness.reporting.tables import number
from fer_fairness.reporting.words import attribute_label

NO_BINS: Final = "The labeller's reliability was not measured."
"""What the figure says that has no bin to draw."""

_LARGEST: Final = 7.0
_SMALLEST: Final = 1.8


def reliability_figure(reliability: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Accuracy by confidence, a panel an attribute; calibrated labels lie on the diagonal.

    Args:
        reliability: Rows of `labeller_reliability` of one condition, one grouping an attribute.
        summary: Rows of `labeller_summary` of the same, for the expected calibration error.

    Returns:
        A full-width figure: points are bins with 95 % intervals, their areas the numbers of faces.
        The expected calibration error stands in the title of a panel.
    """
    attributes = list(dict.fromkeys(reliability["attribute"].astype(str)))
    if not attributes:
        return message_figure(NO_BINS)
    errors = {
        str(row["attribute"]): as_float(row["expected_calibration_error"])
        for row in records(summary)
    }
    width = WIDTH * min(1.0, len(attributes) / 3)
    figure = new_figure(width, 2.9)
    panels = figure.subplots(1, len(attributes), sharey=True, squeeze=False)[0]
    for panel, attribute in zip(panels, attributes, strict=True):
        label = attribute_label(attribute)
        title = literal(label[:1].upper() + label[1:])
        if attribute in errors:
            title = f"{title}: ECE {number(errors[attribute])}"
        quiet(panel, title=title, grid="both")
        _draw(panel, reliability[reliability["attribute"] == attribute])
        label_axes(panel, x="Confidence (%)")
    label_axes(panels[0], x="Confidence (%)", y="Labelled rightly (%)")
    return figure


def _draw(panel: Axes, rows: pd.DataFrame) -> None:
    panel.plot([0, 100], [0, 100], color=QUIET, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1.5)
    bins = records(rows)
    largest = max(as_float(row["n_faces"]) for row in bins)
    for row in bins:
        at, value, low, high = (
            100 * as_float(row[name])
            for name in ("mean_confidence", "accuracy", "ci_low", "ci_high")
        )
        panel.plot([at, at], [low, high], color=BLUE, linewidth=1.0, zorder=2)
        size = _LARGEST * (as_float(row["n_faces"]) / largest) ** 0.5
        panel.plot([at], [value], marker="o", markersize=max(size, _SMALLEST), color=BLUE, zorder=3)
    panel.text(
        98,
        2,
        "surer than right",
        ha="right",
        va="bottom",
        fontsize=SMALL_SIZE - 1,
        color=QUIET,
    )
    panel.fill_between([0, 100], [0, 100], 0, color=CHANCE, alpha=0.25, linewidth=0)
    panel.set(xlim=(0, 101), ylim=(0, 101), xticks=range(0, 101, 25), yticks=range(0, 101, 25))
    panel.set_aspect("equal")
