"""What the models were trained on, and how training went."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.matrices import in_order
from fer_fairness.reporting.figures.style import (
    ADDED,
    BEFORE,
    INK,
    QUIET,
    SMALL_SIZE,
    WIDTH,
    label_axes,
    literal,
    marks,
    message_figure,
    new_figure,
    quiet,
)
from fer_fairness.reporting.words import group_label, variant_label

_PANELS_A_ROW: Final = 4
_SEPARATOR: Final = " · "


def distribution_figure(distributions: pd.DataFrame, *, variant: str) -> Figure:
    """Training faces per cell, before augmentation and added by it, as stacked bars.

    Args:
        distributions: The `distributions` table.
        variant: The variant to draw.

    Returns:
        One panel with a bar an emotion where cells are emotions; else a panel an emotion with a
        bar a demographic group. Counts after augmentation stand at the end of the bars.
    """
    rows = distributions[distributions["variant"] == variant]
    if rows.empty:
        return message_figure("No training distribution was recorded.")
    emotions = in_order(list(rows["emotion"].astype(str)))
    if len(rows) == len(emotions):
        figure = new_figure(WIDTH * 0.7, 0.9 + 0.24 * len(emotions))
        panels = [figure.subplots()]
        blocks = [("", rows.assign(group=rows["emotion"]))]
        names = emotions
    else:
        pairs = zip(rows["cell"].astype(str), rows["emotion"].astype(str), strict=True)
        rows = rows.assign(group=[_without_emotion(*pair) for pair in pairs])
        names = in_order(list(rows["group"]))
        figure, panels = _panel_grid(len(emotions), lines=len(names))
        blocks = [(name, rows[rows["emotion"] == name]) for name in emotions]
    for panel, (emotion, block) in zip(panels, blocks, strict=False):
        quiet(panel, title=literal(emotion.capitalize()))
        _stacked_bars(panel, block, names)
    panels[0].set_yticks(range(len(names)), [literal(group_label(name)) for name in names])
    panels[0].invert_yaxis()
    for panel in panels[len(blocks) :]:
        panel.remove()
    _add_legend(figure, panels[0])
    return figure


def _panel_grid(emotions: int, *, lines: int) -> tuple[Figure, list[Axes]]:
    columns = min(_PANELS_A_ROW, emotions)
    rows = -(-emotions // columns)
    figure = new_figure(WIDTH, 0.7 + rows * (0.4 + 0.19 * lines))
    return figure, list(figure.subplots(rows, columns, squeeze=False, sharey=True).ravel())


def _stacked_bars(panel: Axes, rows: pd.DataFrame, names: list[str]) -> None:
    places = [names.index(str(name)) for name in rows["group"]]
    before, added = rows["n_before"].to_numpy(), rows["n_added"].to_numpy()
    panel.barh(places, before, 0.7, color=BEFORE, label="Original faces")
    panel.barh(places, added, 0.7, left=before, color=ADDED, label="Added by augmentation")
    panel.tick_params(axis="y", length=0)
    panel.set_xticks([])
    panel.spines["bottom"].set_visible(False)
    most = float(rows["n_after"].max())
    panel.set_xlim(0, 1.3 * most if most > 0 else 1)
    for place, total in zip(places, rows["n_after"], strict=True):
        panel.text(
            float(total) + 0.02 * most,
            place,
            f"{float(total):,.0f}",
            va="center",
            fontsize=SMALL_SIZE - 1,
            color=INK,
            in_layout=False,
        )


def _without_emotion(cell: str, emotion: str) -> str:
    return _SEPARATOR.join(part for part in cell.split(_SEPARATOR) if part != emotion) or cell


def _add_legend(figure: Figure, panel: Axes) -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=2,
        frameon=False,
        fontsize=SMALL_SIZE,
        labelcolor=QUIET,
    )


def training_curves_figure(histories: pd.DataFrame, *, variants: Sequence[str]) -> Figure:
    """Loss and accuracy over epochs, a column a variant; validation solid, training dashed.

    Args:
        histories: The `histories` table.
        variants: All variants of the report in order, so that colours agree between figures.

    Returns:
        A figure of two rows (loss, accuracy) that share their vertical axes.
    """
    present = [name for name in variants if name in set(histories["variant"])]
    if not present:
        return message_figure("No training history was recorded.")
    width = min(WIDTH, 0.9 + 2.6 * len(present))
    figure = new_figure(width, 4.0)
    panels = figure.subplots(2, len(present), squeeze=False, sharey="row", sharex="col")
    for column, name in enumerate(present):
        rows = histories[histories["variant"] == name].sort_values("epoch")
        colour = marks(variants)[name].colour
        quiet(panels[0, column], title=literal(variant_label(name)), grid="y")
        quiet(panels[1, column], grid="y")
        _curve(panels[0, column], rows, "loss", colour, scale=1.0)
        _curve(panels[1, column], rows, "accuracy", colour, scale=100.0)
        label_axes(panels[1, column], x="Epoch")
        panels[1, column].xaxis.get_major_locator().set_params(integer=True)
    panels[0, 0].set_ylabel("Loss", fontsize=SMALL_SIZE)
    panels[1, 0].set_ylabel("Accuracy (%)", fontsize=SMALL_SIZE)
    panels[0, 0].legend(frameon=False, fontsize=SMALL_SIZE, labelcolor=QUIET)
    return figure


def _curve(panel: Axes, rows: pd.DataFrame, quantity: str, colour: str, *, scale: float) -> None:
    epochs = rows["epoch"].to_numpy()
    # A single epoch has no line: the dot shows it all the same.
    marker = "o" if len(rows) < 4 else ""
    validation = scale * rows[f"validation_{quantity}"].to_numpy(dtype=float)
    training = scale * rows[quantity].to_numpy(dtype=float)
    panel.plot(
        epochs, validation, color=colour, linewidth=1.5, marker=marker, ms=3, label="Validation"
    )
    panel.plot(
        epochs,
        training,
        color=colour,
        linewidth=1.0,
        linestyle=(0, (3, 2)),
        marker=marker,
        ms=3,
        alpha=0.7,
        label="Training",
    )
