"""Each predicted group against everybody else: as labelled, corrected, by soft labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.fairness.label_noise.evaluation import AS_LABELLED, CORRECTED, SOFT_LABELS
from fer_fairness.fairness.label_noise.scores import RECALL_DIFFERENCE
from fer_fairness.reporting.figures.style import (
    BLUE,
    INK,
    QUIET,
    SMALL_SIZE,
    WIDTH,
    label_axes,
    literal,
    message_figure,
    new_figure,
    quiet,
)
from fer_fairness.reporting.labels import group_label, in_order
from fer_fairness.reporting.number_text import count_with_interval
from fer_fairness.reporting.rows import LabelNoiseGroupRow, LabelNoiseScoreRow

NO_SCORES: Final = "No predicted group was scored."
"""What the figure says that has no group to draw."""

_ROW: Final = 0.36


@dataclass(frozen=True)
class _Look:
    """How the estimates of one method are drawn: where in a group's row, and with what mark."""

    label: str
    offset: float
    colour: str
    marker: str
    size: float
    width: float
    filled: bool


_LOOKS: Final = {
    AS_LABELLED: _Look("as labelled", -0.22, INK, "o", 4.6, 0.8, filled=False),
    CORRECTED: _Look("corrected for label errors", 0.02, BLUE, "D", 5.0, 1.6, filled=True),
    SOFT_LABELS: _Look("soft labels", 0.25, QUIET, "s", 2.6, 0.8, filled=True),
}


def predicted_groups_figure(
    scores: Sequence[LabelNoiseScoreRow], groups: Sequence[LabelNoiseGroupRow]
) -> Figure:
    """Recall of each group minus that of everybody else, at the same emotion.

    Args:
        scores: Rows of one variant, evaluation set and attribute.
        groups: Rows of the same.

    Returns:
        A full-width figure, a line a group. Hollow: as labelled; filled: corrected for label
        errors; small and grey: soft labels; each with its 95 % interval. A group that is not
        compared once label errors are taken off is pale, with its corrected number of people.
    """
    rows = [row for row in scores if row.metric == RECALL_DIFFERENCE]
    names = in_order([row.group for row in rows])
    if not names:
        return message_figure(NO_SCORES)
    methods = {row.method for row in rows}
    known = {row.group: row for row in groups}
    pale = (
        {name: reason_not_compared(known.get(name)) for name in names}
        if CORRECTED in methods
        else {}
    )
    figure = new_figure(WIDTH, 0.95 + _ROW * len(names))
    panel = figure.subplots()
    quiet(panel, grid="x")
    label_axes(panel, x="Recall minus that of everybody else at the same emotion (points)")
    panel.axvline(0.0, color=INK, linewidth=0.9, zorder=1.5)
    places = {name: place for place, name in enumerate(names)}
    for row in rows:
        look = _LOOKS.get(row.method)
        if look is not None:
            height = places[row.group] + look.offset
            _draw(panel, row, height, look, alpha=0.4 if pale.get(row.group) else 1)
    for name, reason in pale.items():
        if reason:
            _tell(panel, places[name], reason)
    _finish(panel, names, pale)
    _legend(figure, [look for method, look in _LOOKS.items() if method in methods])
    return figure


def reason_not_compared(group: LabelNoiseGroupRow | None) -> str:
    """Why a group is not compared once label errors are taken off; empty where it is.

    Args:
        group: A row of `label_noise_groups` of an attribute that is corrected.

    Returns:
        The corrected number of people with its interval: "not compared: 8 [-9 to 25] people".
    """
    if group is None or group.compared:
        return ""
    people = count_with_interval(group.n_corrected, group.n_ci_low, group.n_ci_high)
    return f"not compared: {people} people"


def _draw(
    panel: Axes, row: LabelNoiseScoreRow, height: float, look: _Look, *, alpha: float
) -> None:
    value, low, high = 100 * row.value, 100 * row.ci_low, 100 * row.ci_high
    if not math.isfinite(value):
        return
    ends, line = [low, high], [height, height]
    panel.plot(ends, line, color=look.colour, linewidth=look.width, alpha=alpha)
    panel.plot(
        [value],
        [height],
        marker=look.marker,
        markersize=look.size,
        color=look.colour,
        markerfacecolor=look.colour if look.filled else "white",
        alpha=alpha,
        zorder=3,
    )


def _tell(panel: Axes, place: int, reason: str) -> None:
    """The reason why a group is not compared, at the right end of its row."""
    panel.annotate(
        reason,
        (1.0, place),
        xycoords=panel.get_yaxis_transform(),
        ha="right",
        va="center",
        fontsize=SMALL_SIZE - 0.5,
        color=QUIET,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
    )


def _finish(panel: Axes, names: list[str], pale: dict[str, str]) -> None:
    """Names of the groups, pale ones in grey, and an axis that shows zero and both sides of it."""
    panel.set_yticks(range(len(names)), [literal(group_label(name)) for name in names])
    for label, name in zip(panel.get_yticklabels(), names, strict=True):
        label.set_color(QUIET if pale.get(name) else INK)
    panel.set_ylim(len(names) - 0.45, -0.55)
    panel.hlines(
        [place - 0.5 for place in range(1, len(names))],
        0,
        1,
        transform=panel.get_yaxis_transform(),
        color="#f0f0f0",
        linewidth=0.6,
    )
    panel.spines["left"].set_visible(False)
    panel.tick_params(axis="y", length=0)


def _legend(figure: Figure, looks: list[_Look]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=look.colour,
            marker=look.marker,
            markersize=look.size,
            markerfacecolor=look.colour if look.filled else "white",
            linewidth=0.9,
            label=look.label,
        )
        for look in looks
    ]
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=len(handles),
        frameon=False,
        fontsize=SMALL_SIZE,
        labelcolor=INK,
        borderaxespad=0.1,
    )
