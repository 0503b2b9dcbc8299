"""What an audit came to in a few lines: for a console of 80 columns, and for a notebook."""

import math
import textwrap
from collections.abc import Sequence
from typing import Final

from fer_fairness.reporting.glance import Sign, Statement, statements, subject
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, shortened
from fer_fairness.reporting.number_text import MISSING, NARROW_SPACE, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, GapRow
from fer_fairness.reporting.templating import template

WIDTH: Final = 80
"""Columns of a console."""

_MARKS: Final = {Sign.FOUND: "!", Sign.NOT_FOUND: "=", Sign.CANNOT_TELL: "?"}
_HEADS: Final = ("", "Smallest group", "Accuracy gap", "Equal opportunity gap")
_CAPTION: Final = (
    "Gaps in percentage points, noise taken off, in brackets their intervals. *: difference found "
    "after correction for everything that was tested."
)


def summary_text(inputs: ReportInputs) -> str:
    """The first screen of the report as lines of at most `WIDTH` columns.

    Args:
        inputs: The tables of an audit; at least overall, groups and gaps.

    Returns:
        How often the model is right, a marked sentence an attribute, the headline gaps as a table.
    """
    told = statements(inputs)
    parts = [_wrapped(_plain(subject(inputs)))]
    if not told:
        return "\n".join([*parts, "No gap between groups was computed."])
    parts.append("")
    parts += [_statement(one) for one in told]
    parts += ["", *_table_lines(_rows(inputs)), "", _wrapped(_CAPTION)]
    return "\n".join(parts)


def summary_html(inputs: ReportInputs) -> str:
    """The same as a fragment of HTML, for a notebook; every name in it is escaped."""
    return template("summary.html.jinja").render(
        subject=subject(inputs),
        statements=statements(inputs),
        marks=_MARKS,
        heads=_HEADS,
        rows=_rows(inputs),
        caption=_CAPTION,
    )


def _statement(one: Statement) -> str:
    """`! Race. Accuracy differs by 7.1 points.`; further lines stand below the first word."""
    text = f"{_MARKS[one.sign]} {one.about}: {one.text}"
    return _wrapped(_plain(text), indent="  ")


def _rows(inputs: ReportInputs) -> list[tuple[str, ...]]:
    """Of each attribute of the first model its label, smallest group and headline gaps."""
    first = inputs.variants()[:1]
    headline = [row for row in inputs.rows(GapRow) if row.headline and row.variant in first]
    rows = []
    for of_people in grouped(headline, lambda row: row.people).values():
        by_metric = {row.metric: row for row in of_people}
        label = shortened(capitalised(of_people[0].attribute_label))
        smallest = min(row.smallest_group_size for row in of_people)
        gaps = (_gap(by_metric.get(metric)) for metric in HEADLINE_METRICS)
        rows.append((label, thousands(smallest), *gaps))
    return rows


def _gap(row: GapRow | None) -> str:
    if row is None or not math.isfinite(row.value):
        return MISSING
    return f"{row.estimate}{' *' if row.found else ''}"


def _table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of text; names that would make it wider than the console are cut."""
    told = [_HEADS, *(tuple(map(_plain, row)) for row in rows)]
    widths = [max(len(row[place]) for row in told) for place in range(len(_HEADS))]
    widths[0] = min(widths[0], WIDTH - sum(widths[1:]) - 2 * (len(widths) - 1))
    lines = []
    for label, *cells in told:
        name = textwrap.shorten(label, widths[0], placeholder="…") if label else ""
        padded = (cell.ljust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join([name.ljust(widths[0]), *padded]).rstrip())
    return lines


def _plain(text: str) -> str:
    """Text with spaces of one width: a console may break lines at none of the others."""
    return text.replace(NARROW_SPACE, "\N{NO-BREAK SPACE}")


def _wrapped(text: str, *, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
