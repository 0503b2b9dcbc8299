"""Models trained on each dataset, scored on all: one small matrix a quantity."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import attribute_label
from fer_fairness.reporting.rows.crossed import ChangeBetweenSets, MatrixRow
from fer_fairness.reporting.rows.schema import grouped

_SHOWN: Final = ("balanced_accuracy", "accuracy", "calibration_error", "accuracy_gap")
"""Metrics of everybody or between the groups of an attribute, in the order of the panels."""

_COLUMNS: Final = 3
_DARK_BELOW: Final = 0.47
"""Share of the range of colours below which letters are white."""


def crossed_figure(rows: Sequence[MatrixRow], changes: Sequence[ChangeBetweenSets]) -> Figure:
    """A panel a quantity: what models were trained on down, what they are scored on across.

    Args:
        rows: The matrix.
        changes: What changes for a model away from its own set: what was found is marked.

    Returns:
        A full-width figure. Framed: the model's own set. An arrow: another value than there was
        found, upwards or downwards. Each panel has colours of its own, the brightest its best cell.
    """
    panels = {
        key: of_one
        for key, of_one in grouped(
            (row for row in rows if row.metric in _SHOWN and row.group is None),
            lambda row: (_SHOWN.index(row.metric), row.attribute or ""),
        ).items()
        if any(np.isfinite(row.value) for row in of_one)
    }
    if not panels:
        return style.message_figure("No model was scored.")
    models = list(dict.fromkeys((row.model, row.trained_label) for row in rows))
    models.sort(key=lambda model: "_without_" in model[0])
    sets = list(dict.fromkeys((row.evaluation_set, row.set_label) for row in rows))
    n_rows = -(-len(panels) // _COLUMNS)
    height = n_rows * (0.75 + 0.5 * len(models))
    figure = style.new_figure(style.WIDTH, height)
    axes = style.panel_grid(figure, len(panels), columns=_COLUMNS, share="both")
    found = {
        (one.metric, one.attribute, one.model, one.evaluation_set): one.difference
        for one in changes
        if one.found and one.group is None
    }
    for place, (panel, key) in enumerate(zip(axes, sorted(panels), strict=True)):
        of_one = panels[key]
        _draw(panel, of_one, found, [name for name, _ in models], [name for name, _ in sets])
        panel.set_xticks(range(len(sets)), [style.literal(label) for _, label in sets])
        panel.set_yticks(range(len(models)), [_wrapped(label) for _, label in models])
        panel.tick_params(length=0, labelbottom=True)
        last_row = place // _COLUMNS == n_rows - 1
        style.label_axes(
            panel,
            x="Scored on" if last_row else "",
            y="Trained on" if place % _COLUMNS == 0 else "",
        )
    return figure


def crossed_words(rows: Sequence[MatrixRow]) -> str:
    """What the matrix shows, for who cannot see it."""
    told = [
        f"trained on {row.trained_label}, scored on {row.set_label}: {row.estimate}"
        for row in rows
        if row.metric == "balanced_accuracy" and row.group is None
    ]
    return f"Mean recall in percent. {'; '.join(told)}."


def _draw(
    panel: Axes,
    rows: Sequence[MatrixRow],
    found: dict[tuple[str, str | None, str, str], float],
    models: Sequence[str],
    sets: Sequence[str],
) -> None:
    values = np.full((len(models), len(sets)), np.nan)
    for row in rows:
        values[models.index(row.model), sets.index(row.evaluation_set)] = row.value
    first = rows[0]
    worse_is_more = first.metric in ("calibration_error", "accuracy_gap")
    colours = "cividis_r" if worse_is_more else "cividis"
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    high = high if high > low else low + 1.0
    panel.imshow(values, cmap=colours, vmin=low, vmax=high, aspect="auto")
    title = first.words.label
    if first.attribute is not None:
        title = f"{title}, {attribute_label(first.attribute)}"
    style.quiet(panel, title=style.literal(title))
    panel.spines[:].set_visible(False)
    for row in rows:
        down, across = models.index(row.model), sets.index(row.evaluation_set)
        change = found.get((row.metric, row.attribute, row.model, row.evaluation_set), 0.0)
        arrow = {0: "", 1: " ↑", -1: " ↓"}[int(np.sign(change))]
        share = (row.value - low) / (high - low)
        bright = 1.0 - share if worse_is_more else share
        panel.text(
            across,
            down,
            f"{row.in_unit(row.value)}{arrow}\n{row.interval}",
            ha="center",
            va="center",
            fontsize=style.SMALL_SIZE,
            color="white" if bright < _DARK_BELOW else "black",
            in_layout=False,
        )
        if row.at_home:
            corner = (across - 0.48, down - 0.47)
            panel.add_patch(
                Rectangle(corner, 0.96, 0.94, fill=False, linewidth=2.2, edgecolor=style.ADDED)
            )


def _wrapped(label: str) -> str:
    """A label with a line for each dataset."""
    return style.unparsed(label).replace(", ", ",\n").replace(" and ", "\nand ")
