"""Confusion matrices: of emotions, and of the demographic labeller."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import (
    attribute_label,
    capitalised,
    group_label,
    in_order,
    variant_label,
)
from fer_fairness.reporting.number_text import MISSING, percent
from fer_fairness.reporting.rows.labeller import LabellerConfusionRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import ConfusionRow

_LIGHT_TEXT_BELOW: Final = 0.47
"""Share in [0, 1] on whose colour white and black letters have a contrast of 4.5 alike."""


def confusion_matrix_figure(
    confusion: Sequence[ConfusionRow],
    *,
    variant: str,
    title: str = "",
    true_label: str = "Majority label",
) -> Figure:
    """The confusion matrix of one variant on one evaluation set.

    Args:
        confusion: Rows of one evaluation set.
        variant: The variant to draw.
        title: What stands above the matrix; the variant's name if not given.
        true_label: What the rows are.

    Returns:
        A half-width figure: rows are true emotions and sum to 100 %, cells tell percent and count.
    """
    counts = [
        (row.emotion, row.predicted_emotion, row.n_faces)
        for row in confusion
        if row.variant == variant
    ]
    if not counts:
        return style.message_figure("No predictions to count.")
    title = style.literal(title or variant_label(variant))
    return _matrix(counts, title=title, axes=("Predicted", true_label))


def labeller_confusion_figure(
    confusion: Sequence[LabellerConfusionRow], *, attribute: str
) -> Figure:
    """Held-out confusion of the demographic labeller for one attribute.

    Args:
        confusion: Rows of one condition and grouping.
        attribute: The attribute to draw.

    Returns:
        A half-width figure of the same kind as the emotions' confusion matrix.
    """
    counts = [
        (row.true, row.predicted, row.n_faces) for row in confusion if row.attribute == attribute
    ]
    if not counts:
        return style.message_figure("The demographic labeller was not run.")
    title = style.sentence_case(attribute_label(attribute))
    return _matrix(counts, title=title, axes=("Labeller", "Annotated"))


def confusion_words(told: Iterable[tuple[str, str, float]]) -> str:
    """What a matrix shows: how many of each are told rightly, and the most frequent mistake.

    Args:
        told: True names, predicted names and how many faces there are of each pair.
    """
    parts = []
    for true, pairs in grouped(told, lambda pair: pair[0]).items():
        total = sum(count for *_, count in pairs)
        if total == 0:
            continue
        right = sum(count for _, predicted, count in pairs if predicted == true)
        part = f"{group_label(true)} {percent(right / total, digits=0)} right"
        wrong = [pair for pair in pairs if pair[1] != true and pair[2] > 0]
        if wrong:
            _, mistake, count = max(wrong, key=lambda pair: pair[2])
            part += f", {percent(count / total, digits=0)} taken for {group_label(mistake)}"
        parts.append(part)
    return f"{capitalised('; '.join(parts))}." if parts else "No predictions to count."


def _matrix(told: Iterable[tuple[str, str, float]], *, title: str, axes: tuple[str, str]) -> Figure:
    """A matrix of true names, predicted names and how many there are of each pair."""
    names = in_order([name for *pair, _ in told for name in pair])
    counts = np.zeros((len(names), len(names)))
    for true, predicted, count in told:
        counts[names.index(true), names.index(predicted)] += count
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    figure = style.new_figure(style.WIDTH / 2 - 0.1, max(2.2, 1.0 + 0.38 * len(names)))
    panel = figure.subplots()
    panel.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    style.quiet(panel, title=title)
    labels = [style.literal(group_label(name)) for name in names]
    rows = [f"{label}\nn={total:,.0f}" for label, total in zip(labels, totals[:, 0], strict=True)]
    panel.set_xticks(range(len(names)), labels, rotation=40, ha="right", rotation_mode="anchor")
    panel.set_yticks(range(len(names)), rows, fontsize=style.SMALL_SIZE - 0.5)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    style.label_axes(panel, x=axes[0], y=axes[1])
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
            fontsize=style.SMALL_SIZE - 1.0,
            linespacing=0.95,
            color="white" if share < _LIGHT_TEXT_BELOW else "black",
            in_layout=False,  # inside the panel: measuring it would only cost time
        )
    panel.xaxis.label.set_color(style.QUIET)
    panel.yaxis.label.set_color(style.QUIET)
    return figure
