"""Whether the labeller is right as often as it is sure."""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.number_text import number, percent
from fer_fairness.reporting.rows.labeller import LabellerReliabilityRow, LabellerSummaryRow
from fer_fairness.reporting.rows.schema import grouped

NO_BINS: Final = "The labeller's reliability was not measured."
"""What the figure says that has no bin to draw."""

_LARGEST: Final = 7.0
_SMALLEST: Final = 1.8


def reliability_figure(
    reliability: Sequence[LabellerReliabilityRow], summary: Sequence[LabellerSummaryRow]
) -> Figure:
    """Accuracy by confidence, a panel an attribute; calibrated labels lie on the diagonal.

    Args:
        reliability: Rows of one condition, one grouping an attribute.
        summary: Rows of the same, for the expected calibration error.

    Returns:
        A full-width figure: points are bins with 95 % intervals, their areas the numbers of faces.
        The expected calibration error stands in the title of a panel.
    """
    by_attribute = grouped(reliability, lambda row: row.attribute)
    if not by_attribute:
        return style.message_figure(NO_BINS)
    errors = {row.attribute: row.expected_calibration_error for row in summary}
    figure = style.new_figure(style.WIDTH * min(1.0, len(by_attribute) / 3), 2.9)
    panels = figure.subplots(1, len(by_attribute), sharey=True, squeeze=False)[0]
    for panel, (attribute, bins) in zip(panels, by_attribute.items(), strict=True):
        title = style.sentence_case(bins[0].attribute_label)
        if attribute in errors:
            title = f"{title}\nECE {number(errors[attribute])}"
        style.quiet(panel, title=title, grid="both")
        _draw(panel, bins)
        style.label_axes(panel, x="Confidence (%)")
    style.label_axes(panels[0], x="Confidence (%)", y="Labelled rightly (%)")
    return figure


def reliability_words(summary: Sequence[LabellerSummaryRow]) -> str:
    """What that figure shows: how far confidence is off for each attribute."""
    told = (
        f"{row.attribute_label} {number(row.expected_calibration_error)}, "
        f"{percent(row.accuracy)} labelled rightly"
        for row in summary
    )
    return f"Expected calibration error of the labeller: {'; '.join(told)}."


def _draw(panel: Axes, bins: Sequence[LabellerReliabilityRow]) -> None:
    panel.plot(
        [0, 100], [0, 100], color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1.5
    )
    largest = max(row.n_faces for row in bins)
    for row in bins:
        at, bounds = 100 * row.mean_confidence, [100 * row.ci_low, 100 * row.ci_high]
        panel.plot([at, at], bounds, color=style.BLUE, linewidth=1.0, zorder=2)
        size = max(_LARGEST * (row.n_faces / largest) ** 0.5, _SMALLEST)
        right = [100 * row.accuracy]
        panel.plot([at], right, marker="o", markersize=size, color=style.BLUE, zorder=3)
    panel.text(
        98,
        2,
        "surer than right",
        ha="right",
        va="bottom",
        fontsize=style.SMALL_SIZE,
        color=style.QUIET,
    )
    panel.fill_between([0, 100], [0, 100], 0, color=style.CHANCE, alpha=0.25, linewidth=0)
    panel.set(xlim=(0, 101), ylim=(0, 101), xticks=range(0, 101, 25), yticks=range(0, 101, 25))
    panel.set_aspect("equal")
