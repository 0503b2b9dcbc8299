import math

import pandas as pd
import pytest
from tests.reporting.rows import column, report

from fer_fairness.fairness.verdicts import PlantedVerdict
from fer_fairness.reporting import page
from fer_fairness.reporting.number_text import MINUS
from fer_fairness.reporting.sections.planted import planted_section

ROW: dict[str, object] = {
    "variant": "baseline",
    "evaluation_set": "fer_plus",
    "attribute": "race",
    "attribute_source": "predicted",
    "group": "black",
    "planted_group": "black",
    "kind": "image quality",
    "strength": "strength 0.4 of 1",
    "verdict": "planted and found",
    "metric": "recall_difference",
    "difference": -0.116,
    "ci_low": -0.173,
    "ci_high": -0.06,
    "other_group": "white",
    "minimum_detectable": 0.078,
    "n_labelled": 208.0,
    "n_drawn": 351.0,
    "n_both": 197.0,
    "drawn_as": "white",
    "n_drawn_as": 8.0,
    "share_biased": 0.95,
    "share_biased_others": 0.12,
}
UNPLANTED: dict[str, object] = {"planted_group": None, "kind": None, "strength": None}
INDIAN: dict[str, object] = {
    **ROW,
    **UNPLANTED,
    "group": "indian",
    "verdict": "found, not planted",
    "n_labelled": 176.0,
    "n_drawn": 0.0,
    "n_both": 0.0,
    "drawn_as": "black",
    "n_drawn_as": 173.0,
    "share_biased": 0.98,
}
DRAWN: dict[str, object] = {
    **ROW,
    "attribute_source": "drawn",
    "difference": -0.13,
    "ci_low": -0.18,
    "ci_high": -0.08,
}
NARROW = "\N{NARROW NO-BREAK SPACE}"


def section_of(*rows: dict[str, object]) -> page.Section:
    section = planted_section(report(planted=pd.DataFrame(list(rows))))
    assert section is not None
    return section


def text_of(section: page.Section) -> str:
    findings = (block for block in section.blocks if isinstance(block, page.Findings))
    return "\n".join(finding.text for block in findings for finding in block.items)


def tables_of(section: page.Section) -> list[page.Table]:
    return [block for block in section.blocks if isinstance(block, page.Table)]


def test_real_faces_have_no_such_section() -> None:
    assert planted_section(report()) is None


def test_what_was_planted_and_found_stands_beside_what_true_groups_would_say() -> None:
    section = section_of(ROW, DRAWN)
    assert text_of(section) == (
        "Planted and found: image quality of Black faces (strength 0.4 of 1).\n"
        "Nothing was found that was not planted."
    )
    (table,) = tables_of(section)
    assert column(table, "Verdict") == column(table, "True groups: verdict")
    assert column(table, "Seen from") == ["7.8"]
    assert column(table, "Labelled so") == ["197 of 351"]
    (difference,) = column(table, "True groups: difference")
    assert difference.startswith(f"{MINUS}13.0")


def test_what_was_missed_is_told_with_what_would_have_been_seen() -> None:
    missed = {**ROW, "verdict": "planted, not found"}
    unseen = {**ROW, "group": "70+", "planted_group": "70+", "verdict": "planted, not looked at"}
    nothing = dict.fromkeys(("difference", "ci_low", "ci_high", "minimum_detectable"), math.nan)
    section = section_of(missed, {**unseen, **nothing})
    assert "Planted, not found: image quality of Black faces" in text_of(section)
    assert "Planted, not looked at: image quality of 70+ faces" in text_of(section)
    (table,) = tables_of(section)
    assert column(table, "Seen from") == ["7.8", "–"]  # noqa: RUF001 -- a dash is meant
    assert column(table, "True groups: verdict") == ["–", "–"]  # noqa: RUF001


def test_what_was_made_up_is_told_with_whose_faces_these_are() -> None:
    section = section_of(ROW, INDIAN, DRAWN)
    assert "Found, not planted: Indian (perceived race)." in text_of(section)
    _, table = tables_of(section)
    (why,) = column(table, "Whose faces these are")
    assert why.replace(NARROW, " ") == (
        "173 of 176 faces labelled Indian were drawn as Black; 98 % of them were drawn with a "
        "planted bias, of all others 12 %"
    )


@pytest.mark.parametrize("verdict", [PlantedVerdict.FOUND, PlantedVerdict.NOT_PLANTED])
def test_an_attribute_that_differs_without_a_group_is_told(verdict: PlantedVerdict) -> None:
    whole = {**ROW, **UNPLANTED, "group": None, "verdict": verdict, "metric": "any_difference"}
    whole |= dict.fromkeys(("difference", "ci_low", "ci_high"), math.nan)
    section = section_of({**ROW, "verdict": "planted, not found"}, whole)
    made_up = verdict is PlantedVerdict.NOT_PLANTED
    told = "Found, not planted: perceived race (in no single group)."
    assert (told in text_of(section)) == made_up
    assert ("differs, and no group of it is named" in text_of(section)) != made_up
    if made_up:
        (why,) = column(tables_of(section)[1], "Whose faces these are")
        assert why.replace(NARROW, " ") == (
            "Any difference; no single group stands out; 95 % of faces of White were drawn with a "
            "planted bias, of all others 12 %"
        )


def test_where_nothing_is_planted_all_that_is_found_is_made_up() -> None:
    neither = {**ROW, **UNPLANTED, "verdict": "neither planted nor found"}
    text = text_of(section_of(neither))
    assert text.startswith("Nothing was planted")
    assert text.endswith("Neither planted nor found: Black (perceived race).")
    assert tables_of(section_of(neither)) == []
