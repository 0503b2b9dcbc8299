"""The page of two reports side by side."""

import re
from typing import Any

import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from tests.reporting.rows import CHANGE, GAP_CHANGE, NO_CHANGE, report

from fer_fairness.fairness.group_names import INTERSECTION
from fer_fairness.reporting import page
from fer_fairness.reporting.side_by_side import Side, side_page, side_sections

ROW: dict[str, object] = {
    **CHANGE,
    "pairing": "paired",
    "other_evaluation_set": "raf_db",
    "other_variant": "reweighing",
}
UNPAIRED: dict[str, object] = {
    "pairing": "unpaired",
    "verdict": "not tested",
    **dict.fromkeys(("ci_low", "ci_high", "p_value", "p_value_corrected")),
}

SIDES = (
    Side("audit of June", report(kind="audit", manifest={"parameters": {"name": "june"}})),
    Side("audit of July", report(kind="audit", manifest={"parameters": {"name": "july"}})),
)


def sections(*changes: dict[str, Any], notes: tuple[str, ...] = ()) -> list[page.Section]:
    table = pd.DataFrame([{**ROW, **change} for change in changes])
    return side_sections(*SIDES, table, notes)


def side_by_side(*changes: dict[str, Any]) -> str:
    """The page, of two changes where none are given."""
    return side_page(*SIDES, sections(*(changes or ({}, {**GAP_CHANGE, **NO_CHANGE}))))


def figure(*changes: dict[str, Any]) -> page.Drawing:
    (drawing,) = page.drawings(block for one in sections(*changes) for block in one.blocks)
    return drawing


def interval_drawn(drawing: page.Drawing) -> list[float]:
    (lines,) = drawing.figure.axes[0].collections
    assert isinstance(lines, LineCollection)
    return [float(across) for across, _ in lines.get_segments()[0]]


def test_no_change_is_told_twice() -> None:
    (finding,) = next(
        block.items for block in sections({})[0].blocks if isinstance(block, page.Findings)
    )
    assert finding.text.count("83.1") == 1


def test_a_change_that_is_not_tested_has_the_interval_of_its_row_alone() -> None:
    drawing = figure(UNPAIRED)
    (axes,) = drawing.figure.axes
    assert "not tested" in axes.texts[0].get_text()
    assert interval_drawn(drawing) == pytest.approx([0.6, 1.8])
    assert "Not tested" in drawing.alternative
    assert "Filled" not in drawing.caption
    assert interval_drawn(figure({})) == pytest.approx([0.4, 2.0])


def test_of_many_models_the_figure_shows_the_first_and_says_so() -> None:
    names = [f"method_{number}" for number in range(9)]
    drawing = figure(*({"variant": name, "other_variant": name} for name in names))
    assert set(drawing.data["variant"]) == {"method_0"}
    assert "of method_0 (others: below)" in drawing.caption
    assert "others" not in figure(*({"variant": name} for name in names[:8])).caption


def test_the_figure_is_of_all_faces_and_of_single_attributes() -> None:
    crossed = {**GAP_CHANGE, "attribute": INTERSECTION.join(("gender", "race"))}
    drawn = figure({}, GAP_CHANGE, crossed).data["attribute"].fillna("")
    assert drawn.tolist() == ["", "gender"]


def test_the_first_screen_is_the_figure_and_what_must_be_known() -> None:
    first = sections({}, notes=("Other people.",))[0]
    assert first.key == "glance"
    assert [type(block) for block in first.blocks[:2]] == [page.Text, page.Drawing]
    assert len(re.findall("<h1", side_by_side())) == 1
