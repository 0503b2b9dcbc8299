"""Confusion matrices: of emotions, and of the demographic labeller."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.style import (
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
from fer_fairness.reporting.tables import MISSING
from fer_fairness.reporting.words import attribute_label, group_label, variant_label
from fer_fairness.taxonomy import (
    EMOTIONS,
    FAIRFACE_RACES,
    GENDERS,
    RAF_DB_RACES,
)

_PLACES: Final = {
    name: place for place, name in enumerate((*EMOTIONS, *GENDERS, *FAIRFACE_RACES, *RAF_DB_RACES))
}
_AGE: Final = re.compile(r"(\d+)(?:-\d+|\+)")
_JOINT: Final = re.compile(r"\s+[x×·|]\s+")  # noqa: RUF001 -- how intersections are written
_LIGHT_TEXT_BELOW: Final = 0.55


def in_order(names: Sequence[str]) -> list[str]:
    """Distinct names in the project's own order, intersections part by part, unknown ones last."""

    def place(name: str) -> tuple[list[tuple[int, int]], str]:
        return [_place(part) for part in _JOINT.split(name)], name

    return sorted(dict.fromkeys(names), key=place)


def _place(name: str) -> tuple[int, int]:
    """Known names in their order, then ages by their first year, then everything else."""
    age = _AGE.fullmatch(name)
    if age:
        return 1, int(age[1])
    return (0, _PLACES[name]) if name in _PLACES else (2, 0)


def confusion_matrix_figure(
    confusion: pd.DataFrame, *, variant: str, title: str = "", true_label: str = "Majority label"
) -> Figure:
    """The confusion matrix of one variant on one evaluation set.

    Args:
        confusion: Columns variant, evaluation_set, emotion, predicted_emotion, n_people, of one
            evaluation set.
        variant: The variant to draw.
        title: What stands above the matrix; the variant's name if not given.
        true_label: What the rows are.

    Returns:
        A half-width figure: rows are true emotions and sum to 100 %, cells tell percent and count.
    """
    rows = confusion[confusion["variant"] == variant]
    if rows.empty:
        return message_figure("No predictions to count.")
    names = in_order([*rows["emotion"].astype(str), *rows["predicted_emotion"].astype(str)])
    counts = _counts(rows, "emotion", "predicted_emotion", "n_people", names)
    return _matrix(
        counts, names, title=title or variant_label(variant), axes=("Predicted", true_label)
    )


def labeller_confusion_figure(
    confusion: pd.DataFrame, *, attribute: str, title: str = ""
) -> Figure:
    """Held-out confusion of the demographic labeller for one attribute.

    Args:
        confusion: Columns attribute, true, predicted, n_faces, of one condition and grouping.
        attribute: The attribute to draw.
        title: What stands above the matrix; the attribute if not given.

    Returns:
        A half-width figure of the same kind as the emotions' confusion matrix.
    """
    rows = confusion[confusion["attribute"] == attribute]
    if rows.empty:
        return message_figure("The demographic labeller was not run.")
    names = in_order([*rows["true"].astype(str), *rows["predicted"].astype(str)])
    counts = _counts(rows, "true", "predicted", "n_faces", names)
    title = title or attribute_label(attribute)
    return _matrix(
        counts, names, title=title[:1].upper() + title[1:], axes=("Labeller", "Annotated")
    )


def _counts(
    rows: pd.DataFrame, true: str, predicted: str, count: str, names: list[str]
) -> npt.NDArray[np.float64]:
    wide = rows.pivot_table(index=true, columns=predicted, values=count, aggfunc="sum")
    return wide.reindex(index=names, columns=names).fillna(0).to_numpy(dtype=np.float64)


def _matrix(
    counts: npt.NDArray[np.float64], names: list[str], *, title: str, axes: tuple[str, str]
) -> Figure:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    figure = new_figure(WIDTH / 2 - 0.1, max(2.2, 1.0 + 0.38 * len(names)))
    panel = figure.subplots()
    panel.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    quiet(panel, title=literal(title))
    labels = [literal(group_label(name)) for name in names]
    rows = [f"{label}\nn={total:,.0f}" for label, total in zip(labels, totals[:, 0], strict=True)]
    panel.set_xticks(range(len(names)), labels, rotation=40, ha="right", rotation_mode="anchor")
    panel.set_yticks(range(len(names)), rows, fontsize=SMALL_SIZE - 0.5)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    label_axes(panel, x=axes[0], y=axes[1])
    for (row, column), share in np.ndenumerate(shares):
        if totals[row, 0] == 0:
            panel.text(
                column, row, MISSING, ha="center", va="center", color="white", in_layout=False
            )
            continue
        panel.text(
            column,
            row,
            f"{100 * share:.0f}%\n{counts[row, column]:,.0f}",
            ha="center",
            va="center",
            fontsize=SMALL_SIZE - 1.0,
            linespacing=0.95,
            color="white" if share < _LIGHT_TEXT_BELOW else INK,
            in_layout=False,  # inside the panel: measuring it would only cost time
        )
    panel.xaxis.label.set_color(QUIET)
    panel.yaxis.label.set_color(QUIET)
    return figure
