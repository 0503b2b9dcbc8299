"""Names of classes, groups, attributes and models from anywhere: nothing stops, nothing is run."""

import io
import json
import re
from typing import Any

import pytest
from tests.reporting.rows import report

from fer_fairness.reporting import model_card, render_report, results_json
from fer_fairness.reporting.figures.matrices import confusion_matrix_figure
from fer_fairness.reporting.figures.style import any_letters
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.scores import ConfusionRow

NAMES = [
    "$}$",
    "$x^$",
    "a $ b",
    "\\",
    r"\$\frac{$",
    "n" * 400,
    "\u05e9\u05dc\u05d5\u05dd",
    "\u0645\u0631\u062d\u0628\u0627",
    "\U0001f600 \U0001f469\u200d\U0001f469",
    "two\nlines\r\n\tand a tab",
    "",
    " ",
    "_hidden",
    "\x0b\x1b\x00",
    "\u202eright to left",
    "%s {variant} {0}",
    "</svg><script>alert(1)</script>",
    "&lt;b&gt;",
    "a ` | [x](javascript:alert(1)) <b>",
    "\n# heading\n- item",
]


FOURS = [NAMES[place : place + 4] for place in range(0, len(NAMES), 4)]


def named(inputs: ReportInputs, names: list[str]) -> ReportInputs:
    """A report in which an emotion, a group, an attribute and a variant have these names."""
    emotion, group, attribute, variant = names
    tables: dict[str, Any] = {}
    for table_name in ("overall", "groups", "gaps", "confusion", "distributions", "histories"):
        table = inputs.tables[table_name].copy()
        for column, old, new in (
            ("emotion", "fear", emotion),
            ("predicted_emotion", "fear", emotion),
            ("group", "female", group),
            ("smallest_group", "female", group),
            ("attribute", "gender", attribute),
            ("variant", "reweighing", variant),
            ("cell", "fear", emotion),
        ):
            if column in table.columns:
                table[column] = table[column].replace(old, new)
        if "metric" in table.columns:
            table["metric"] = table["metric"].replace("recall_fear", f"recall_{emotion}")
        tables[table_name] = table
    return report(**tables, notes=names, manifest={"commit": names, "command": emotion})


@pytest.mark.parametrize("names", FOURS, ids=ascii)
def test_no_name_stops_a_report_or_gets_into_its_markup(
    small_inputs: ReportInputs, names: list[str]
) -> None:
    inputs = named(small_inputs, names)
    page = render_report(inputs)
    assert page.count("<script") == 1  # the page's own
    assert "<b>" not in page
    page.encode()
    json.dumps(results_json(inputs), allow_nan=False)


@pytest.mark.parametrize("names", FOURS, ids=ascii)
def test_no_name_gets_into_the_markup_of_a_card(
    small_inputs: ReportInputs, names: list[str]
) -> None:
    card = model_card(named(small_inputs, names), "baseline")
    plain = model_card(small_inputs, "baseline").markdown().splitlines()
    lines = card.markdown().splitlines()
    headings = [line for line in plain if line.startswith("#")]
    assert [line for line in lines if line.startswith("#")] == headings
    pictures = [line for line in plain if line.startswith("![")]
    rest = [line for line in lines if line not in pictures]
    assert len(rest) == len(lines) - 1
    assert not [line for line in rest if re.search(r"(?<!\\)<\w|(?<!\\)\]\(", line)]
    page = card.html()
    assert "<script" not in page
    assert "<b>" not in page
    page.encode()


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_name_is_drawn_as_it_is(small_inputs: ReportInputs, name: str) -> None:
    rows = named(small_inputs, [name] * 4).rows(ConfusionRow)
    figure = confusion_matrix_figure(rows, variant="baseline", title=name)
    with any_letters():
        figure.savefig(io.BytesIO(), format="png")
    (axes,) = figure.axes
    for text in (*axes.get_xticklabels(), axes.title):
        _, is_formula = text._preprocess_math(text.get_text())  # type: ignore[attr-defined]
        assert is_formula is False
