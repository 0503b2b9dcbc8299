"""What the models were trained on, and how training went."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.fairness.group_names import CELL, joined_names, split_names
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import group_label, in_order, variant_label
from fer_fairness.reporting.number_text import first_few, listed, percent, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.training import DistributionRow, HistoryRow

_PANELS_A_ROW: Final = 4
_LETTERS: Final = 16
"""Of a line above a narrow panel."""


def distribution_figure(distributions: Sequence[DistributionRow], *, variant: str) -> Figure:
    """Training faces per cell, before augmentation and added by it, as stacked bars.

    Args:
        distributions: Cells of any variants.
        variant: The variant to draw.

    Returns:
        One panel with a bar an emotion where cells are emotions; else a panel an emotion with a
        bar a demographic group. Counts after augmentation stand at the end of the bars.
    """
    rows = [row for row in distributions if row.variant == variant]
    if not rows:
        return style.message_figure("No training distribution was recorded.")
    emotions = in_order([row.emotion for row in rows])
    if len(rows) == len(emotions):
        figure = style.new_figure(style.WIDTH * 0.7, 0.9 + 0.24 * len(emotions))
        panels = [figure.subplots()]
        blocks = {"": {row.emotion: row for row in rows}}
        names = emotions
    else:
        names = in_order([_without_emotion(row) for row in rows])
        height = -(-len(emotions) // _PANELS_A_ROW) * (0.4 + 0.19 * len(names))
        figure = style.new_figure(style.WIDTH, 0.7 + height)
        panels = style.panel_grid(figure, len(emotions), columns=_PANELS_A_ROW, share="y")
        blocks = {
            emotion: {_without_emotion(row): row for row in rows if row.emotion == emotion}
            for emotion in emotions
        }
    for panel, (emotion, block) in zip(panels, blocks.items(), strict=True):
        style.quiet(panel, title=style.literal(emotion.capitalize()))
        _stacked_bars(panel, block, names)
    panels[0].set_yticks(range(len(names)), [style.literal(group_label(name)) for name in names])
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2, **style.LEGEND)
    return figure


def distribution_words(rows: Sequence[DistributionRow]) -> str:
    """What that figure shows: how many faces there are, and the cells that most were added to."""
    before = thousands(sum(row.n_before for row in rows))
    after = thousands(sum(row.n_after for row in rows))
    added = sorted((row for row in rows if row.n_added > 0), key=lambda row: -row.n_added)
    told = [f"{group_label(row.cell)} {thousands(row.n_added)}" for row in added]
    most = f"; most added to {listed(first_few(told, others='other cells'))}" if told else ""
    return f"{before} training faces before augmentation, {after} after{most}."


def _stacked_bars(panel: Axes, rows: Mapping[str, DistributionRow], names: list[str]) -> None:
    places = [names.index(name) for name in rows]
    before = [row.n_before for row in rows.values()]
    added = [row.n_added for row in rows.values()]
    panel.barh(places, before, 0.7, color=style.BEFORE, label="Original faces")
    panel.barh(places, added, 0.7, left=before, color=style.ADDED, label="Added by augmentation")
    panel.tick_params(axis="y", length=0)
    panel.set_xticks([])
    panel.spines["bottom"].set_visible(False)
    most = max(row.n_after for row in rows.values())
    panel.set_xlim(0, 1.3 * most if most > 0 else 1)
    for place, row in zip(places, rows.values(), strict=True):
        panel.text(
            row.n_after + 0.02 * most,
            place,
            f"{row.n_after:,.0f}",
            va="center",
            fontsize=style.SMALL_SIZE,
            color=style.INK,
            in_layout=False,
        )


def _without_emotion(row: DistributionRow) -> str:
    names = split_names(row.cell, CELL)
    others = names[1:] if names[0] == row.emotion else names
    return joined_names(others) if len(others) > 1 else "".join(others) or row.cell


def training_curves_figure(histories: Sequence[HistoryRow], *, variants: Sequence[str]) -> Figure:
    """Loss and accuracy over epochs, a column a variant; validation solid, training dashed.

    Args:
        histories: Epochs of any variants.
        variants: All variants of the report in order, so that colours agree between figures.

    Returns:
        A figure of two rows (loss, accuracy) that share their vertical axes.
    """
    by_variant = grouped(sorted(histories, key=lambda row: row.epoch), lambda row: row.variant)
    present = [name for name in variants if name in by_variant]
    if not present:
        return style.message_figure("No training history was recorded.")
    figure = style.new_figure(min(style.WIDTH, 0.9 + 2.6 * len(present)), 4.0)
    panels = figure.subplots(2, len(present), squeeze=False, sharey="row", sharex="col")
    for (top, bottom), name in zip(panels.T, present, strict=True):
        rows, colour = by_variant[name], style.marks(variants)[name].colour
        # In one line it would run into the next panel's.
        title = textwrap.fill(style.literal(variant_label(name)), _LETTERS)
        style.quiet(top, title=title, grid="y")
        style.quiet(bottom, grid="y")
        epochs = [row.epoch for row in rows]
        loss = np.array([(row.validation_loss, row.loss) for row in rows])
        accuracy = np.array([(row.validation_accuracy, row.accuracy) for row in rows])
        _curves(top, epochs, loss, colour)
        _curves(bottom, epochs, 100 * accuracy, colour)
        style.label_axes(bottom, x="Epoch")
        bottom.xaxis.get_major_locator().set_params(integer=True)
    panels[0, 0].set_ylabel("Loss", fontsize=style.SMALL_SIZE)
    panels[1, 0].set_ylabel("Accuracy (%)", fontsize=style.SMALL_SIZE)
    panels[0, 0].legend(**style.LEGEND)
    return figure


def training_curves_words(histories: Sequence[HistoryRow]) -> str:
    """What that figure shows: how accurate the epoch was whose weights were kept."""
    kept = [row for row in histories if row.is_kept]
    told = [
        f"{variant_label(row.variant)} {percent(row.validation_accuracy)} in epoch "
        f"{thousands(row.epoch)}"
        for row in kept
    ]
    return f"Validation accuracy of the weights kept: {'; '.join(told) or 'not recorded'}."


def _curves(panel: Axes, epochs: Sequence[float], values: np.ndarray, colour: str) -> None:
    """Validation in the first column of `values`, training in the second."""
    # A single epoch has no line: the dot shows it all the same.
    marker = "o" if len(epochs) < 4 else ""
    looks: Sequence[tuple[str, dict[str, Any]]] = (
        ("Validation", {"linewidth": 1.5}),
        ("Training", {"linewidth": 1.0, "linestyle": (0, (3, 2)), "alpha": 0.7}),
    )
    for (label, look), shown in zip(looks, values.T, strict=True):
        panel.plot(epochs, shown, color=colour, marker=marker, ms=3, label=label, **look)
