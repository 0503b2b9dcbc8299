"""What variants change against the baseline, in the mean over training seeds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
from matplotlib.figure import Figure

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import attribute_label, in_sentence
from fer_fairness.reporting.number_text import first_few, p_equals, thousands
from fer_fairness.reporting.rows.changes import ComparisonOverSeedsRow
from fer_fairness.reporting.rows.schema import grouped

_ROW: Final = 0.2
_Line: TypeAlias = tuple[str, ComparisonOverSeedsRow | None]


def seed_differences_figure(
    comparisons: Sequence[ComparisonOverSeedsRow], *, variants: Sequence[str]
) -> Figure:
    """Differences to the baseline in percentage points, each with its interval.

    Args:
        comparisons: Rows of one evaluation set, of metrics that read in percentage points.
        variants: All variants of the report in order, so that marks agree between figures.

    Returns:
        A full-width figure: under a heading for each metric and attribute a row for each variant.
        Left of zero is less: worse for a score, more even for a gap. A filled mark is a difference
        found.
    """
    lines = _lines(comparisons)
    if not lines:
        return style.message_figure("No variant was compared with the baseline over seeds.")
    figure = style.new_figure(style.WIDTH, 0.75 + _ROW * len(lines))
    axes = figure.subplots()
    style.quiet(axes, grid="x")
    style.label_axes(axes, x="Variant minus baseline, mean over training seeds (percentage points)")
    axes.axvline(0.0, color=style.QUIET, linewidth=0.8)
    for place, (_, row) in enumerate(lines):
        if row is None:
            continue
        mark = replace(style.marks(variants)[row.variant], filled=row.found)
        estimate = (row.difference, row.ci_low, row.ci_high)
        style.draw_estimates(axes, [place], [estimate], mark)
        told = f"p {p_equals(row.p)}" if np.isfinite(row.p) else "not defined"
        style.tell_at_right(axes, place, told, strong=row.found)
    style.forest_rows(axes, [text for text, _ in lines])
    for label, (_, row) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if row is None else "normal")
    return figure


def seed_differences_words(comparisons: Sequence[ComparisonOverSeedsRow]) -> str:
    """What that figure shows: the changes found, the largest first, and how many were not."""
    found = sorted((row for row in comparisons if row.found), key=lambda row: -abs(row.difference))
    rest = len(comparisons) - len(found)
    told = [
        f"{row.variant_label}, {row.label}: {row.measured}, interval {row.interval}"
        for row in found
    ]
    if not told:
        return f"No difference found in any of {thousands(rest)} changes against the baseline."
    return (
        f"Difference found. {'; '.join(first_few(told))}. None found in {thousands(rest)} other "
        "changes."
    )


def _lines(comparisons: Sequence[ComparisonOverSeedsRow]) -> list[_Line]:
    """A heading (without a row) for each metric and attribute, then the variants' rows."""
    lines: list[_Line] = []
    blocks = grouped(comparisons, lambda row: (row.metric, row.attribute, row.attribute_source))
    for (metric, attribute, _), rows in blocks.items():
        label = metric_words(metric).label
        if attribute is not None:
            label = f"{style.sentence_case(attribute_label(attribute))}, {in_sentence(label)}"
        suffix = " (predicted)" if rows[0].predicted else ""
        lines.append((f"{label}{suffix}", None))
        lines += [(style.literal(row.variant_label), row) for row in rows]
    return lines
