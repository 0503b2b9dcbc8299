"""Recall of each emotion in each group."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import group_label, in_order
from fer_fairness.reporting.number_text import interval, is_few, percent, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GroupRow

_PREFIX: Final = "recall_"
_PANELS_A_ROW: Final = 4
_TOP: Final = 0.55
_TOP_WITHOUT_LEGEND: Final = 0.3
_BOTTOM: Final = 0.45
_BETWEEN: Final = 0.45
_LETTER: Final = 0.62 * style.SMALL_SIZE / 72
"""Inches: room above, below and between the panels, and for a letter of a label."""
_MOST_DOTS: Final = 25
"""Above this many dots a panel, variants but the first lose their intervals and their pale dots."""


def recall_by_emotion_and_group_figure(
    groups: Sequence[GroupRow], *, attribute: str, variants: Sequence[str]
) -> Figure:
    """Recall with interval, a panel an emotion and a line a group.

    Args:
        groups: Rows of one evaluation set and one source of labels.
        attribute: The attribute whose groups are drawn.
        variants: All variants of the report in order, so that marks agree between figures.

    Returns:
        A full-width figure. Groups with fewer than `FEW_PEOPLE` faces of the emotion are pale.
    """
    same = [row for row in groups if row.attribute == attribute]
    rows = [row for row in same if row.metric.startswith(_PREFIX)]
    if not rows:
        return style.message_figure("No recall within groups was computed.")
    emotions = in_order([row.metric.removeprefix(_PREFIX) for row in rows])
    names = in_order([row.group for row in rows])
    scored = {row.variant for row in rows}
    present = [variant for variant in variants if variant in scored]
    labels = [_group_text(name, same) for name in names]
    figure, panels = _panels(len(emotions), labels, variants=len(present))
    for panel, emotion in zip(panels, emotions, strict=True):
        style.quiet(panel, title=style.sentence_case(emotion), grid="x")
        of_emotion = [row for row in rows if row.metric == _PREFIX + emotion]
        _draw(panel, of_emotion, names, present, variants)
        panel.tick_params(axis="y", length=0)
    # The panels share their axes: once is for all.
    panels[0].set(xlim=(-3, 103), xticks=[0, 50, 100], ylim=(len(names) - 0.5, -0.5))
    panels[0].set_yticks(range(len(names)), labels)
    for panel in panels[-_PANELS_A_ROW:]:
        panel.tick_params(labelbottom=True)
        style.label_axes(panel, x="Recall (%)")
    if len(present) > 1:
        label_of = {row.variant: row.variant_label for row in rows}
        looks = {label_of[name]: style.marks(variants)[name] for name in present}
        style.add_legend(figure, looks, columns=4)
    return figure


def recall_words(groups: Sequence[GroupRow], *, variants: Sequence[str]) -> str:
    """What that figure shows of the first variant: of each emotion the groups at its ends.

    Emotions whose groups lie farthest apart come first; groups of few faces of it are left out.
    """
    scored = {row.variant for row in groups}
    first = next((name for name in variants if name in scored), "")
    rows = [
        row
        for row in groups
        if row.variant == first and row.metric.startswith(_PREFIX) and not is_few(row.n_people)
    ]
    ends = []
    for emotion, of_emotion in grouped(rows, lambda row: row.metric).items():
        known = sorted(
            (row for row in of_emotion if row.value == row.value), key=lambda row: row.value
        )
        if len(known) > 1:
            ends.append((emotion.removeprefix(_PREFIX), known[0], known[-1]))
    ends.sort(key=lambda end: end[1].value - end[2].value)
    told = [
        f"{group_label(emotion)} from {percent(low.value)} ({group_label(low.group)}) to "
        f"{percent(high.value)} ({group_label(high.group)})"
        for emotion, low, high in ends
    ]
    if not told:
        return "Too few faces in the groups to compare recalls."
    return f"Recall, {rows[0].variant_label}: {'; '.join(told)}."


def _panels(emotions: int, labels: Sequence[str], *, variants: int) -> tuple[Figure, list[Axes]]:
    """A grid placed by the inch: letting matplotlib measure so many texts takes seconds."""
    columns = min(_PANELS_A_ROW, emotions)
    rows = -(-emotions // columns)
    line = max(0.2, min(0.09 * variants, 0.4)) * len(labels)
    top = _TOP if variants > 1 else _TOP_WITHOUT_LEGEND
    height = top + _BOTTOM + rows * line + (rows - 1) * _BETWEEN
    figure = style.new_figure(style.WIDTH, height)
    left = 0.2 + _LETTER * max(len(label) for label in labels)
    figure.set_layout_engine(_ByTheInch(left=left, top=top, hspace=_BETWEEN / line))
    return figure, style.panel_grid(figure, emotions, columns=columns, share="both")


class _ByTheInch(LayoutEngine):
    """Margins in inches, whatever the size of the figure."""

    _adjust_compatible = True
    _colorbar_gridspec = True

    def __init__(self, *, left: float, top: float, hspace: float) -> None:
        super().__init__()
        self._left, self._top, self._hspace = left, top, hspace

    def execute(self, fig: Figure) -> None:
        width, height = fig.get_size_inches()
        fig.subplots_adjust(
            left=min(0.4, self._left / width),
            right=1 - 0.1 / width,
            bottom=_BOTTOM / height,
            top=1 - self._top / height,
            hspace=self._hspace,
            wspace=0.1,
        )


def _group_text(name: str, groups: Sequence[GroupRow]) -> str:
    rows = [row for row in groups if row.group == name and row.metric == "accuracy"]
    size = f" (n={max(rows, key=lambda row: row.n_faces).size})" if rows else ""
    return style.literal(group_label(name)) + size


def _draw(
    panel: Axes,
    rows: Sequence[GroupRow],
    names: list[str],
    present: list[str],
    variants: Sequence[str],
) -> None:
    by_variant = style.marks(variants)
    offsets = np.linspace(-0.3, 0.3, len(present)) if len(present) > 1 else np.zeros(1)
    places = {
        (name, variant): line + float(offset)
        for line, name in enumerate(names)
        for variant, offset in zip(present, offsets, strict=True)
    }
    crowded = len(places) > _MOST_DOTS
    style.separate_rows(panel, len(names))
    for variant in present:
        of_variant = [row for row in rows if row.variant == variant]
        leading = not crowded or variant == present[0]
        for pale in (True, False) if leading else (False,):
            chosen = [row for row in of_variant if is_few(row.n_people) == pale]
            heights = [places[(row.group, variant)] for row in chosen]
            alpha = 0.35 if pale else 1.0
            style.draw_estimates(
                panel,
                heights,
                [(row.value, row.ci_low, row.ci_high) for row in chosen],
                replace(by_variant[variant], size=3.4, width=1.0, alpha=alpha),
                with_intervals=leading,
                told=[_told(row) for row in chosen] if leading else (),
            )


def _told(row: GroupRow) -> str:
    """What a mark says that is pointed at: "Baseline, black: 81.2 %, n = 34"."""
    bounds = interval(row.ci_low, row.ci_high, scale=100, digits=1)
    who = f"{row.variant_label}, {group_label(row.group)}"
    return f"{who}: {percent(row.value)}, interval {bounds}, n = {thousands(row.n_people)}"
