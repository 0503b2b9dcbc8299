import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.reporting.rows import CHANGE, GAP, GAP_CHANGE, NO_CHANGE, report

from fer_fairness.reporting import page
from fer_fairness.reporting.figures.glance import group_accuracy_figure, headline_gaps_figure
from fer_fairness.reporting.findings.effects import Effect
from fer_fairness.reporting.glance import Sign, statements, subject, trust
from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.number_text import interval
from fer_fairness.reporting.sections.glance import glance_section
from fer_fairness.reporting.sections.trade_off import trade_off_section

NOT_FOUND = {"verdict": "no difference found", "p_value_corrected": 0.6}
PAIR = {
    "metric": "recall_difference",
    "family": "pairs",
    "group": "male x black",
    "other_group": "female x white",
    "value": -0.116,
    "ci_low": -0.173,
    "ci_high": -0.06,
}


def gaps(*rows: dict[str, Any]) -> ReportInputs:
    return report(gaps=pd.DataFrame([GAP | row for row in rows]))


def group(name: str, accuracy: float, **changed: Any) -> dict[str, Any]:
    return {
        "variant": "baseline",
        "evaluation_set": "raf_db",
        "attribute": "gender",
        "attribute_source": "annotated",
        "group": name,
        "metric": "accuracy",
        "value": accuracy,
        "ci_low": accuracy - 0.02,
        "ci_high": accuracy + 0.02,
        "n_people": 1600,
        "n_faces": 1600,
        **changed,
    }


def test_the_widest_pair_found_is_told_in_plain_words() -> None:
    narrower = PAIR | {"value": -0.05, "group": "female x black"}
    [told] = statements(gaps({}, narrower, PAIR, {**PAIR, **NOT_FOUND, "value": -0.4}))
    assert told.sign is Sign.FOUND
    assert told.text == (
        "Male Black faces are recognised 11.6 points less often than female White faces of the "
        "same emotion."
    )


def test_without_a_pair_the_accuracy_gap_is_told_with_the_groups_at_its_ends() -> None:
    inputs = report(
        gaps=pd.DataFrame([GAP | {"equal_treatment": 0.012}]),
        groups=pd.DataFrame([group("female", 0.9), group("male", 0.82)]),
    )
    [told] = statements(inputs)
    assert told.text.replace("\N{NARROW NO-BREAK SPACE}", " ") == (
        "Accuracy differs by 8.1 points: lowest male 82 %, highest female 90 %; "
        "equal treatment would give 1.2."
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"metric": "recall_gap_fear", "family": "by_class"}, "Fear is recognised unequally often"),
        (
            {"metric": "macro_f1_gap"},
            "A difference was found in macro F1 gap (accuracy gap: not found).",
        ),
        ({"metric": "any_difference", "family": "question"}, "not recognised alike in all groups"),
    ],
)
def test_a_difference_that_is_none_of_accuracy_is_not_told_as_one(
    found: dict[str, Any], text: str
) -> None:
    [told] = statements(gaps(NOT_FOUND, found))
    assert told.sign is Sign.FOUND
    assert text in told.text
    assert "Accuracy differs" not in told.text
    assert told.text.endswith("(accuracy gap: not found).")
    (panel,) = headline_gaps_figure([told]).axes
    assert [line.get_marker() for line in panel.lines if line.get_marker() != "None"] == ["D"]


@pytest.mark.parametrize(
    ("changed", "sign", "text"),
    [
        (NOT_FOUND, Sign.NOT_FOUND, "only an accuracy gap of 6.2 points or more would be found"),
        ({**NOT_FOUND, "minimum_detectable": np.nan}, Sign.CANNOT_TELL, "Too few people"),
        ({"verdict": "too few people to say"}, Sign.CANNOT_TELL, "Too few people"),
        ({"verdict": "not tested"}, Sign.CANNOT_TELL, "behind the primary outcomes"),
    ],
)
def test_where_nothing_was_found_it_is_said_why(
    changed: dict[str, Any], sign: Sign, text: str
) -> None:
    [told] = statements(gaps(changed))
    assert told.sign is sign
    assert text in told.text


def test_what_was_found_comes_first_and_attributes_before_their_intersections() -> None:
    found = statements(
        gaps(
            {"attribute": "age_group", **NOT_FOUND, "value": 0.5},
            {"attribute": "gender x race", "value": 0.3},
            {"attribute": "gender", "value": 0.1},
            {"attribute": "race", "value": 0.2},
        )
    )
    assert [one.gap.attribute for one in found] == ["race", "gender", "gender x race", "age_group"]


def test_statements_are_of_the_first_variant_and_name_the_set_where_there_are_several() -> None:
    rows = [{"evaluation_set": name} for name in ("raf_db", "fer_plus")]
    found = statements(gaps(*rows, {"variant": "reweighing", "attribute": "race"}))
    assert [one.about for one in found] == ["RAF-DB, perceived gender", "FER+, perceived gender"]
    assert [one.about for one in statements(gaps({}))] == ["Perceived gender"]


def test_what_to_trust_is_said_in_a_line() -> None:
    labelled = {"evaluation_set": "fer_plus", "attribute_source": "predicted"}
    inputs = report(
        groups=pd.DataFrame([group("a", 0.9), group("a", 0.9, **labelled)]),
        comparisons=pd.DataFrame([CHANGE | {"n_seeds": 1}]),
        quality={"fer_plus": {"reading": {"fabricated": True}}},
    )
    assert trust(inputs) == (
        "Fabricated faces with planted differences, so nothing here is about people; "
        "groups of RAF-DB: labels by annotators; "
        "groups of FER+: labels predicted by a model; one training seed, so changes may be luck "
        "of that seed."
    )
    assert trust(report()) == ""


def test_the_subject_counts_methods() -> None:
    overall = group("", 0.945) | {"n_faces": 1122, "n_people": 1122}
    of_two = [overall, overall | {"variant": "reweighing"}]
    told = subject(report(overall=pd.DataFrame(of_two)))
    assert "94.5" in told
    assert "1,122 faces of RAF-DB. 1 method is compared with it." in told
    assert subject(report()) == "No predictions were scored."


def test_the_first_screen_has_room_for_thirty_methods_on_many_sets() -> None:
    sets = ("fer_plus", "raf_db", "third", "fourth")
    attributes = ("gender", "race", "age_group", "gender x race", "gender x age_group", "other")
    people = [{"evaluation_set": s, "attribute": a} for s in sets for a in attributes]
    variants = [f"method_{number}" for number in range(30)]
    changes = [CHANGE | GAP_CHANGE | one | {"variant": name} for one in people for name in variants]
    inputs = report(
        gaps=pd.DataFrame([GAP | one for one in people]), comparisons=pd.DataFrame(changes)
    )
    [columns] = [b for b in glance_section(inputs).blocks if isinstance(b, page.Columns)]
    [told] = [b for b in columns.columns[0] if isinstance(b, page.Statements)]
    assert len(told.items) == 5
    assert told.more == "More below. Difference found: 19."
    [grid] = [b for b in columns.columns[0] if isinstance(b, page.Table)]
    assert len(grid.rows) == 8
    assert grid.header == ("Method", "Gender", "Race", "Age group", *grid.header[4:])
    assert "30 helped. All are under “Fairness and accuracy”." in grid.caption
    below = trade_off_section(inputs)
    assert below is not None
    grids = [b for b in below.blocks if isinstance(b, page.Table) and "helped" in b.caption]
    assert [len(one.rows) for one in grids] == [30] * 4


def test_attributes_without_room_on_the_first_screen_are_named_with_their_sign() -> None:
    names = [f"kind_{number}" for number in range(7)]
    rows = [GAP | NOT_FOUND | {"attribute": name} for name in names]
    [columns] = [
        block
        for block in glance_section(report(gaps=pd.DataFrame(rows))).blocks
        if isinstance(block, page.Columns)
    ]
    [told] = [b for b in columns.columns[0] if isinstance(b, page.Statements)]
    shown = {one.about for one in told.items}
    left = [f"Perceived kind {number}" for number in range(7)]
    left = [name for name in left if name not in shown]
    assert told.more == f"More below. No difference found: {'; '.join(left)}."


def first_grid(inputs: ReportInputs) -> list[page.Block]:
    """What stands under "What methods changed"."""
    [columns] = [b for b in glance_section(inputs).blocks if isinstance(b, page.Columns)]
    blocks = list(columns.columns[0])
    places = [
        n for n, b in enumerate(blocks) if isinstance(b, page.Heading) and "changed" in b.text
    ]
    return blocks[places[0] + 1 :] if places else []


def compared(*found: dict[str, Any], n_unchanged: int) -> ReportInputs:
    unchanged = [NO_CHANGE | {"variant": f"nothing_{n}"} for n in range(n_unchanged)]
    changes = [CHANGE | one for one in (*found, *unchanged)]
    return report(gaps=pd.DataFrame([GAP]), comparisons=pd.DataFrame(changes))


def test_of_many_methods_those_without_changes_are_counted_and_not_shown() -> None:
    [grid] = first_grid(compared({"variant": "helps"}, n_unchanged=8))
    assert isinstance(grid, page.Table)
    assert [row[0].text for row in grid.rows] == ["Helps"]
    assert (
        "1 helped, of 8 no change was found. All are under “Fairness and accuracy”." in grid.caption
    )
    [grid] = first_grid(compared({"variant": "helps"}, n_unchanged=7))
    assert isinstance(grid, page.Table)
    assert len(grid.rows) == 8, "few are shown all"
    assert "under" not in grid.caption


def test_of_many_methods_that_changed_nothing_it_is_said_what_would_have_been_found() -> None:
    [text] = first_grid(compared(n_unchanged=40))
    assert isinstance(text, page.Text)
    assert text.text == (
        "None of 40 methods was found to change anything against the baseline, after correction. "
        "In accuracy a change of 1.9 points would be found in 8 of 10 such comparisons."
    )


def test_signs_are_spoken(small_inputs: ReportInputs) -> None:
    text = render_report(small_inputs)
    first = re.split(r'<section id="found"', text)[0]
    assert '<span class="spoken">difference found. </span>' in first
    signs = re.findall(r'aria-hidden="true" title="([^"]+)">(.)</span><span class="spoken">', first)
    assert signs
    assert {word for word, _ in signs} <= set(Effect)


def test_the_figures_have_a_row_for_each_statement_and_group(small_inputs: ReportInputs) -> None:
    told = statements(small_inputs)
    (panel,) = headline_gaps_figure(told).axes
    assert len(panel.get_yticks()) == len(told)
    of_race = next(one for one in told if one.gap.attribute == "race")
    (panel,) = group_accuracy_figure(of_race).axes
    assert len(panel.get_yticks()) == len(of_race.groups)
    pointed_at = [str(line.get_gid()) for line in panel.lines if line.get_gid()]
    for group in of_race.groups:
        bounds = interval(group.ci_low, group.ci_high, scale=100, digits=1)
        assert any(f"interval {bounds}, n = {group.n_people:,.0f}" in told for told in pointed_at)


def test_without_gaps_the_notes_stand_all_the_same() -> None:
    kinds = [type(block).__name__ for block in glance_section(report(notes=["N"])).blocks]
    assert kinds == ["Text", "Notes"]
