"""Each predicted group against everybody else: as labelled, corrected, by soft labels."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.fairness.label_noise import AS_LABELLED, CORRECTED, RECALL_DIFFERENCE, SOFT_LABELS
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import group_label, in_order
from fer_fairness.reporting.number_text import count_with_interval
from fer_fairness.reporting.rows.labeller import LabelNoiseGroupRow, LabelNoiseScoreRow

NO_SCORES: Final = "No predicted group was scored."
"""What the figure says that has no group to draw."""

_ROW: Final = 0.36


_LOOKS: Final = {
    AS_LABELLED: ("as labelled", -0.22, style.Mark(style.INK, "o", 4.6, 0.8, filled=False)),
    CORRECTED: ("corrected for label errors", 0.02, style.Mark(style.BLUE, "D", 5.0, 1.6)),
    SOFT_LABELS: ("soft labels", 0.25, style.Mark(style.QUIET, "s", 2.6, 0.8)),
}
"""What each method is called, where in a group's row its estimates are drawn, and how."""


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
        return style.message_figure(NO_SCORES)
    methods = {row.method for row in rows}
    known = {row.group: row for row in groups}
    pale = (
        {name: reason_not_compared(known.get(name)) for name in names}
        if CORRECTED in methods
        else {}
    )
    figure = style.new_figure(style.WIDTH, 0.95 + _ROW * len(names))
    panel = figure.subplots()
    style.quiet(panel, grid="x")
    style.label_axes(panel, x="Recall minus that of everybody else at the same emotion (points)")
    panel.axvline(0.0, color=style.INK, linewidth=0.9, zorder=1.5)
    places = {name: place for place, name in enumerate(names)}
    shown = {method: look for method, look in _LOOKS.items() if method in methods}
    for row in rows:
        if row.method in shown and math.isfinite(row.value):
            _, offset, mark = shown[row.method]
            mark = replace(mark, alpha=0.4 if pale.get(row.group) else 1.0)
            height, estimate = places[row.group] + offset, (row.value, row.ci_low, row.ci_high)
            style.draw_estimates(panel, [height], [estimate], mark)
    for name, reason in pale.items():
        if reason:
            _tell(panel, places[name], reason)
    _finish(panel, names, pale)
    looks = {label: mark for label, _, mark in shown.values()}
    style.add_legend(figure, looks, columns=len(looks))
    return figure


def predicted_groups_words(scores: Sequence[LabelNoiseScoreRow]) -> str:
    """What that figure shows: each group's difference, corrected for label errors where it is."""
    rows = [row for row in scores if row.metric == RECALL_DIFFERENCE and math.isfinite(row.value)]
    methods = {row.method for row in rows}
    shown = next((name for name in (CORRECTED, AS_LABELLED) if name in methods), "")
    told = [
        f"{group_label(row.group)} {row.amount(row.value, sign=True)}, interval {row.interval}"
        for row in rows
        if row.method == shown
    ]
    if not told:
        return NO_SCORES
    return f"Recall minus that of everybody else, {_LOOKS[shown][0]}: {'; '.join(told)}."


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


def _tell(panel: Axes, place: int, reason: str) -> None:
    """The reason why a group is not compared, at the right end of its row."""
    panel.annotate(
        reason,
        (1.0, place),
        xycoords=panel.get_yaxis_transform(),
        ha="right",
        va="center",
        fontsize=style.SMALL_SIZE,
        color=style.QUIET,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
    )


def _finish(panel: Axes, names: list[str], pale: dict[str, str]) -> None:
    """Names of the groups, pale ones in grey."""
    style.forest_rows(panel, [style.literal(group_label(name)) for name in names])
    for label, name in zip(panel.get_yticklabels(), names, strict=True):
        label.set_color(style.QUIET if pale.get(name) else style.INK)
    style.separate_rows(panel, len(names))
