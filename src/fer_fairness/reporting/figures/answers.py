"""Accuracy among answered faces as fewer are answered."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.number_text import is_few, percent
from fer_fairness.reporting.rows.answers import AnswerCurveRow
from fer_fairness.reporting.rows.schema import grouped


def answers_figure(rows: Sequence[AnswerCurveRow]) -> Figure:
    """Accuracy among answered faces by the share of all that is answered, a panel an attribute.

    Args:
        rows: Of one variant on one evaluation set, all faces first.

    Returns:
        A full-width figure, two panels a row; groups of few people are left out.
    """
    everybody = [row for row in rows if not row.attribute]
    blocks = grouped([row for row in rows if row.attribute], lambda row: row.attribute) or {
        "": everybody
    }
    columns = min(2, len(blocks))
    height = -(-len(blocks) // columns)
    figure = style.new_figure(style.WIDTH * columns / 2, 0.2 + 2.6 * height)
    panels = style.panel_grid(figure, len(blocks), columns=columns, share="both")
    for panel, (attribute, block) in zip(panels, blocks.items(), strict=True):
        title = style.sentence_case(block[0].attribute_label) if attribute else "All faces"
        style.quiet(panel, title=title, grid="both")
        style.label_axes(panel, x="Answered of all faces (%)", y="Accuracy of the answered (%)")
        panel.tick_params(labelbottom=True)
        _draw(panel, everybody, "all faces", style.QUIET, dashed=True)
        of_groups = grouped(block, lambda row: row.group) if attribute else {}
        seen = {name: line for name, line in of_groups.items() if not is_few(line[0].n_people)}
        for (_, line), mark in zip(seen.items(), style.marks([*seen]).values(), strict=True):
            _draw(panel, line, line[0].label, mark.colour)
        panel.legend(loc="best", **style.LEGEND)
    return figure


def answers_words(rows: Sequence[AnswerCurveRow]) -> str:
    """What that figure shows: how accurate answers are for each group, of all faces and of few."""
    seen = [row for row in rows if not is_few(row.n_people)]
    told = []
    for line in grouped(seen, lambda row: (row.attribute, row.group)).values():
        few, every = (end(line, key=lambda row: row.common_coverage) for end in (min, max))
        told.append(
            f"{line[0].label}: {percent(every.accuracy)} with {percent(every.common_coverage)} of "
            f"all faces answered, {percent(few.accuracy)} with {percent(few.common_coverage)}"
        )
    return f"Accuracy of answered faces. {'; '.join(told)}."


def _draw(
    panel: Axes, rows: Sequence[AnswerCurveRow], label: str, colour: str, *, dashed: bool = False
) -> None:
    if not rows:
        return
    points = [(row.common_coverage, row.accuracy, row.ci_low, row.ci_high) for row in rows]
    across, accuracy, low, high = 100 * np.array(points).T
    dashes = (0, (4, 2)) if dashed else "-"
    panel.plot(
        across, accuracy, color=colour, linewidth=1.3, linestyle=dashes, label=style.literal(label)
    )
    if not dashed:
        panel.fill_between(across, low, high, color=colour, alpha=0.12, linewidth=0)
