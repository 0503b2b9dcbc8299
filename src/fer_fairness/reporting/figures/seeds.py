"""What variants change against the baseline, in the mean over training seeds."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.gaps import sentence_case
from fer_fairness.reporting.figures.style import (
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
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.tables import p_equals
from fer_fairness.reporting.verdicts import difference_found
from fer_fairness.reporting.words import attribute_label, in_sentence, metric_words, variant_label

_ROW = 0.2
_Line: TypeAlias = tuple[str, Row | None]


def seed_differences_figure(comparisons: pd.DataFrame, *, variants: Sequence[str]) -> Figure:
    """Differences to the baseline in percentage points, each with its interval.

    Args:
        comparisons: Rows of `comparisons_over_seeds` of one evaluation set, of metrics that read in
            percentage points.
        variants: All variants of the report in order, so that marks agree between figures.

    Returns:
        A full-width figure: under a heading for each metric and attribute a row for each variant.
        Left of zero is less: worse for a score, more even for a gap. A filled mark is a difference
        found.
    """
    lines = _lines(comparisons)
    if not lines:
        return message_figure("No variant was compared with the baseline over seeds.")
    figure = new_figure(WIDTH, 0.75 + _ROW * len(lines))
    axes = figure.subplots()
    quiet(axes, grid="x")
    label_axes(axes, x="Variant minus baseline, mean over training seeds (percentage points)")
    axes.axvline(0.0, color=QUIET, linewidth=0.8)
    by_variant = marks(variants)
    for place, (_, row) in enumerate(lines):
        if row is None:
            continue
        mark = by_variant[str(row["variant"])]
        value, low, high = (
            100 * as_float(row[name]) for name in ("difference", "ci_low", "ci_high")
        )
        p = as_float(row["p_value_holm"])
        found = difference_found(row)
        axes.plot([low, high], [place, place], color=mark.colour, linewidth=1.3)
        face = mark.colour if found else "white"
        axes.plot(
            [value], [place], marker=mark.marker, ms=5, color=mark.colour, markerfacecolor=face
        )
        axes.annotate(
            f"p {p_equals(p)}" if np.isfinite(p) else "not defined",
            (1.0, place),
            xycoords=axes.get_yaxis_transform(),
            ha="left",
            va="center",
            fontsize=SMALL_SIZE - 1,
            color=INK if found else QUIET,
        )
    axes.set_yticks(range(len(lines)), [text for text, _ in lines])
    for label, (_, row) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if row is None else "normal")
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


def _lines(comparisons: pd.DataFrame) -> list[_Line]:
    """A heading (without a row) for each metric and attribute, then the variants' rows."""
    lines: list[_Line] = []
    named = comparisons.fillna({"attribute": "", "attribute_source": ""})
    keys = ["metric", "attribute", "attribute_source"]
    for (metric, attribute, source), rows in named.groupby(keys, sort=False):
        label = metric_words(str(metric)).label
        if attribute:
            people = sentence_case(attribute_label(str(attribute)))
            label = f"{people}, {in_sentence(label)}"
        suffix = " (predicted)" if source == "predicted" else ""
        lines.append((f"{label}{suffix}", None))
        lines += [(literal(variant_label(str(row["variant"]))), row) for row in records(rows)]
    return lines
