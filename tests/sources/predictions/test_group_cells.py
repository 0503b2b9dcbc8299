"""Cells of groups: what nobody sees in them, and spellings that are nearly alike."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.predictions.group_cells import as_seen, read_as_seen, spelt_nearly_alike

UNSEEN = st.text("\u00ad\u200b\u200c\u200d\u200e\u2060\ufeff", max_size=3)


@given(st.lists(UNSEEN, min_size=8, max_size=8), st.sampled_from(["m\u00e9 ti", "me\u0301 ti"]))
def test_latin_text_is_read_as_it_is_seen(unseen: list[str], text: str) -> None:
    letters = zip(text, unseen, strict=False)
    written = unseen[-1] + "".join(letter + hidden for letter, hidden in letters)
    assert as_seen(written) == "m\u00e9 ti"


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, parted inside of a word
        "\u0915\u094d\u200d\u0937",  # Devanagari, a half form
        "\u0d28\u0d4d\u200d",  # Malayalam, a chillu at the end of a word
        "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f469",  # one picture of three
    ],
)
def test_joiners_stay_where_they_are_seen(text: str) -> None:
    assert as_seen(f"\u200b{text} \u200d") == text


def test_cells_with_what_nobody_sees_are_counted_in_a_note() -> None:
    cells = ["male", "male\u200b", "male\u200b", "me\u0301tis", "\u200b"]
    table = table_of_frame(pd.DataFrame({"group": cells}))
    found = read_as_seen(table, table.text("group"))
    assert found.texts.tolist() == ["male", "male", "male", "m\u00e9tis", "\u200b"]
    assert "3 cells hold characters that nobody sees" in table.notes[0]
    assert r"'male\u200b' as 'male'" in table.notes[0]


def test_groups_that_differ_only_in_case_or_between_letters_are_nearly_alike() -> None:
    alike = ["Middle Eastern", "Middle-Eastern", "middle_eastern", "MiddleEastern"]
    assert spelt_nearly_alike(alike) == [(alike[0], other) for other in alike[1:]]
    assert not spelt_nearly_alike(["1-9", "19", "<20", ">20", "a b", "a c"])
