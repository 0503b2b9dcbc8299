"""What models change against another: in the mean over training seeds, from report to report."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
from matplotlib.figure import Figure

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import attribute_label, in_sentence
from fer_fairness.reporting.number_text import first_few, p_equals, thousands
from fer_fairness.reporting.rows.changes import Change
from fer_fairness.reporting.rows.schema import grouped

_ROW: Final = 0.2
_Line: TypeAlias = tuple[str, Change | None]


def changes_figure(rows: Sequence[Change], *, variants: Sequence[str], axis: str) -> Figure:
    """Differences in percentage points, each with its interval.

    Args:
        rows: Of one evaluation set, of metrics that read in percentage points.
        variants: All variants of the report in order, so that marks agree between figures.
        axis: What is subtracted from what: "Variant minus baseline".

    Returns:
        A full-width figure: under a heading for each metric and attribute a row for each variant,
        or a row for each metric and attribute where there is one variant. A filled mark is a
        difference found; beside it stand both values, and whether it is for the better.
    """
    lines = _lines(rows)
    if not lines:
        return style.message_figure("Nothing was compared.")
    figure = style.new_figure(style.WIDTH, 0.75 + _ROW * len(lines))
    axes = figure.subplots()
    style.quiet(axes, grid="x")
    style.label_axes(axes, x=f"{axis} (percentage points)")
    axes.axvline(0.0, color=style.QUIET, linewidth=0.8)
    for place, (_, row) in enumerate(lines):
        if row is None:
            continue
        mark = replace(style.marks(variants)[row.variant], filled=row.found)
        style.draw_estimates(axes, [place], [(row.difference, *row.shown_bounds)], mark)
        style.tell_at_right(axes, place, f"{row.from_to}, {_told(row)}", strong=row.found)
    style.forest_rows(axes, [text for text, _ in lines])
    for label, (_, row) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if row is None else "normal")
    return figure


def changes_words(rows: Sequence[Change]) -> str:
    """What that figure shows: the changes found, the largest first, and how many were not.

    Where nothing was tested, all of them.
    """
    found = [row for row in rows if row.found]
    tested = any(np.isfinite(row.p) for row in rows)
    shown = sorted(found if tested else rows, key=lambda row: -abs(row.difference))
    told = [
        f"{row.variant_label}, {row.label}: {row.measured}, "
        f"interval {row.bounds(*row.shown_bounds)}"
        for row in shown
    ]
    if not tested:
        return f"Not tested. {'; '.join(first_few(told))}."
    if not told:
        return f"No difference found in any of {thousands(len(rows))} changes."
    rest = thousands(len(rows) - len(found))
    return f"Difference found. {'; '.join(first_few(told))}. None found in {rest} other changes."


def _told(row: Change) -> str:
    """Whether it is for the better, and its p-value; of what was not tested that it was not."""
    if not np.isfinite(row.p):
        return str(row.judgement)
    p = f"p {p_equals(row.p)}"
    if not row.found:
        return p
    kind = "better" if row.better else "levelled down" if row.level_down else "worse"
    return f"{kind}, {p}"


def _lines(comparisons: Sequence[Change]) -> list[_Line]:
    """A heading (without a row) for each metric and attribute, then the variants' rows.

    One variant alone has its rows under these names.
    """
    lines: list[_Line] = []
    several = len({row.variant for row in comparisons}) > 1
    blocks = grouped(comparisons, lambda row: (row.metric, row.attribute, row.attribute_source))
    for (metric, attribute, _), rows in blocks.items():
        label = metric_words(metric).label
        if attribute is not None:
            label = f"{style.sentence_case(attribute_label(attribute))}, {in_sentence(label)}"
        suffix = " (predicted)" if rows[0].predicted else ""
        if several:
            lines.append((f"{label}{suffix}", None))
        lines += [
            (style.literal(row.variant_label) if several else f"{label}{suffix}", row)
            for row in rows
        ]
    return lines
