"""What an audit came to in a few lines: for a console of 80 columns, and for a notebook."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fer_fairness.reporting.findings.changes import change_finding
from fer_fairness.reporting.glance import Sign, Statement, statements, subject
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.json_blocks import json_text
from fer_fairness.reporting.labels import capitalised, shortened
from fer_fairness.reporting.number_text import MISSING, NARROW_SPACE, thousands
from fer_fairness.reporting.rows.changes import ComparisonRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, GapRow
from fer_fairness.reporting.sections.data_and_run import role_label
from fer_fairness.reporting.templating import template

WIDTH: Final = 80
"""Columns of a console."""

_MARKS: Final = {
    Sign.FOUND: "\N{BLACK UP-POINTING TRIANGLE}",
    Sign.NOT_FOUND: "\N{WHITE CIRCLE}",
    Sign.CANNOT_TELL: "?",
}
"""The signs of the page."""
_HEADS: Final = ("", "Smallest", "Accuracy gap", "Equal opportunity gap")
_CAPTION: Final = (
    "Gaps in percentage points, noise taken off, in brackets their intervals; the size of the "
    "smallest group. *: difference found after correction for everything that was tested."
)
_LEGEND: Final = "  ".join(f"{mark} {sign}" for sign, mark in _MARKS.items())


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
    parts += ["", f"({_LEGEND})", "", *_table_lines(_rows(inputs)), "", _wrapped(_CAPTION)]
    for heading, text in _changes(inputs):
        parts += ["", _wrapped(_plain(f"{heading}: {text}"), "  ")]
    return "\n".join(parts)


def reading_text(reading: Mapping[str, Any]) -> str:
    """How the predictions were read, as lines of at most `WIDTH` columns.

    Args:
        reading: As the manifest of an audit has it.

    Returns:
        Which column is what, given or guessed, then a line for each thing assumed or left out.
    """
    roles = {role_label(role): json_text(found) for role, found in reading["columns"].items()}
    width = max(map(len, roles))
    lines = [_wrapped(f"  {role.ljust(width)}  {told}", "    ") for role, told in roles.items()]
    lines += [_wrapped(f"- {note}", "  ") for note in reading["notes"]]
    return "\n".join(["How the predictions were read", *lines])


def summary_html(inputs: ReportInputs) -> str:
    """The same as a fragment of HTML, for a notebook; every name in it is escaped."""
    return template("summary.html.jinja").render(
        subject=subject(inputs),
        statements=statements(inputs),
        marks=_MARKS,
        heads=_HEADS,
        rows=_rows(inputs),
        caption=_CAPTION,
        changes=_changes(inputs),
    )


def _changes(inputs: ReportInputs) -> list[tuple[str, str]]:
    """What each other model changes: the two models, and what was found."""
    by_model = grouped(inputs.rows(ComparisonRow), lambda row: row.variant)
    return [
        (f"“{inputs.label_of(name)}” against {inputs.reference}", change_finding(rows, name).text)
        for name, rows in by_model.items()
    ]


def _statement(one: Statement) -> str:
    """`! Race. Accuracy differs by 7.1 points.`; further lines stand below the first word."""
    text = f"{_MARKS[one.sign]} {one.about}: {one.text}"
    return _wrapped(_plain(text), "  ")


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


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
