"""Marking an audit: what was planted, found, missed, made up, from made-up tables of audits."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from fer_fairness.fabrication.found import (
    COLUMNS,
    AuditedFaces,
    biased_faces,
    planted_and_found,
)
from fer_fairness.fabrication.planted import Kind, Planted
from fer_fairness.fairness.verdicts import PlantedVerdict, Verdict

BLACK = (Planted("race", "black", Kind.QUALITY, "strength 0.4 of 1"), "black")
FOUND, NOT = Verdict.FOUND, Verdict.NOT_FOUND


def pair(group: str, other: str, value: float, verdict: Verdict = FOUND) -> dict[str, object]:
    """A difference between two groups: `group` minus `other`."""
    return {
        "attribute": "race",
        "metric": "recall_difference",
        "group": group,
        "other_group": other,
        "value": value,
        "ci_low": value - 0.05,
        "ci_high": value + 0.04,
        "minimum_detectable": 0.06,
        "verdict": verdict,
    }


def of_attribute(metric: str, verdict: Verdict = FOUND, value: float = 0.1) -> dict[str, object]:
    return {**pair("", "", value, verdict), "metric": metric}


def audited(
    gaps: Sequence[dict[str, object]],
    labels: Sequence[str | None] = ("white", "black"),
    drawn: Sequence[str] | None = None,
    recalls: dict[str, float] | None = None,
) -> AuditedFaces:
    faces = pd.DataFrame({"race": labels, "drawn_race": drawn or labels}, dtype="str")
    rows = [
        {"attribute": "race", "group": group, "metric": "recall_anger", "value": value}
        for group, value in (recalls or {}).items()
    ]
    return AuditedFaces(
        gaps=pd.DataFrame(gaps, columns=list(pair("", "", 0.0))),
        groups=pd.DataFrame(rows, columns=["attribute", "group", "metric", "value"]),
        faces=faces,
        biased=(faces["drawn_race"] == "black").to_numpy(),
    )


def verdicts(table: pd.DataFrame) -> dict[object, PlantedVerdict]:
    groups = [None if pd.isna(group) else group for group in table["group"]]
    return dict(zip(groups, table["verdict"], strict=True))


@pytest.mark.parametrize("rows", [[pair("black", "white", -0.1)], [pair("white", "black", 0.1)]])
def test_a_planted_group_that_is_recognised_less_is_found(rows: list[dict[str, object]]) -> None:
    table = planted_and_found([BLACK], audited(rows))
    assert tuple(table) == COLUMNS
    assert verdicts(table) == {"black": PlantedVerdict.FOUND, "white": PlantedVerdict.NEITHER}
    black = table.iloc[0]
    assert (black["planted_group"], black["kind"]) == ("black", "image quality")
    assert black["other_group"] == "white"
    assert black["difference"] == pytest.approx(-0.1)
    assert black["ci_low"] < -0.1 < black["ci_high"]


def test_a_planted_group_that_does_not_differ_is_missed_with_what_would_be_seen() -> None:
    rows = [pair("black", "white", -0.05, NOT), {**pair("asian", "black", 0.03, NOT)}]
    rows[1]["minimum_detectable"] = 0.04
    table = planted_and_found([BLACK], audited(rows))
    assert set(verdicts(table).values()) == {PlantedVerdict.MISSED, PlantedVerdict.NEITHER}
    assert table.iloc[0]["difference"] == pytest.approx(-0.05)
    assert table.iloc[0]["minimum_detectable"] == pytest.approx(0.04)


def test_a_planted_group_that_is_recognised_more_is_not_found() -> None:
    table = planted_and_found([BLACK], audited([pair("black", "white", 0.1)]))
    assert verdicts(table) == {
        "black": PlantedVerdict.MISSED,
        "white": PlantedVerdict.NOT_PLANTED,
    }


def test_a_group_that_is_made_up_of_others_is_told_with_whose_faces_they_are() -> None:
    rows = [pair("black", "white", -0.1), pair("indian", "white", -0.1)]
    labels = ["indian"] * 176 + ["black"] * 50 + ["white"] * 100 + [None] * 9
    drawn = ["black"] * 173 + ["white"] * 3 + ["black"] * 50 + ["white"] * 100 + ["black"] * 9
    table = planted_and_found([BLACK], audited(rows, labels, drawn)).set_index("group")
    indian = table.loc["indian"]
    assert indian["verdict"] == PlantedVerdict.NOT_PLANTED
    assert (indian["n_labelled"], indian["n_drawn"], indian["n_both"]) == (176, 0, 0)
    assert (indian["drawn_as"], indian["n_drawn_as"]) == ("black", 173)
    assert indian["share_biased"] == pytest.approx(173 / 176)
    assert indian["share_biased_others"] == pytest.approx(50 / 150)
    black = table.loc["black"]
    assert (black["n_labelled"], black["n_drawn"], black["n_both"]) == (50, 232, 50)
    assert black["drawn_as"] is None or pd.isna(black["drawn_as"])


@pytest.mark.parametrize("word", ["asian", "indian"])
def test_a_planted_group_that_was_not_compared_was_not_looked_at(word: str) -> None:
    bias = (Planted("race", "indian", Kind.QUALITY, "strength 1 of 1"), word)
    table = planted_and_found([bias], audited([pair("black", "white", -0.01, NOT)]))
    assert verdicts(table)[word] == PlantedVerdict.NOT_LOOKED_AT
    nowhere = planted_and_found([(Planted("gender", "male", Kind.FEW, ""), "male")], audited([]))
    assert verdicts(nowhere) == {"male": PlantedVerdict.NOT_LOOKED_AT}


def test_an_attribute_that_differs_without_a_group_is_told_as_a_whole() -> None:
    rows = [of_attribute("any_difference"), pair("black", "white", -0.1, NOT)]
    table = planted_and_found([], audited(rows))
    assert verdicts(table)[None] == PlantedVerdict.NOT_PLANTED
    assert table.iloc[-1]["metric"] == "any_difference"
    whole = table.iloc[-1]
    assert (whole["other_group"], whole["share_biased"]) == ("black", 1.0)
    assert whole["share_biased_others"] == 0.0
    assert verdicts(planted_and_found([BLACK], audited(rows)))[None] == PlantedVerdict.FOUND
    named = [*rows[:1], pair("black", "white", -0.1)]
    assert None not in verdicts(planted_and_found([], audited(named)))
    nothing = [of_attribute("any_difference", NOT), rows[1], of_attribute("theil_index_gap")]
    assert None not in verdicts(planted_and_found([], audited(nothing)))


@pytest.mark.parametrize(
    ("factor", "recalls", "found"),
    [
        (0.2, {"black": 0.4, "white": 0.8}, True),
        (0.2, {"black": 0.8, "white": 0.4}, False),
        (3.0, {"black": 0.8, "white": 0.4}, True),
        (3.0, {"black": 0.4, "white": 0.8}, False),
        (0.2, {"black": 0.4}, False),
        (0.2, {"black": 0.4, "white": 0.8, "tiny": 0.0}, True),
    ],
)
def test_other_shares_of_an_emotion_show_in_its_recall(
    factor: float, recalls: dict[str, float], *, found: bool
) -> None:
    bias = Planted("race", "black", Kind.EMOTIONS, "", {"anger": factor})
    rows = [of_attribute("recall_gap_anger", value=0.4), pair("black", "white", -0.01, NOT)]
    table = planted_and_found([(bias, "black")], audited(rows, recalls=recalls))
    wanted = PlantedVerdict.FOUND if found else PlantedVerdict.MISSED
    assert verdicts(table)["black"] == wanted
    if found:
        assert table.iloc[0]["metric"] == "recall_gap_anger"
        assert table.iloc[0]["difference"] == pytest.approx(-0.4 if factor < 1 else 0.4)
        assert table.iloc[0]["ci_low"] < table.iloc[0]["difference"] < table.iloc[0]["ci_high"]


def test_damaged_pictures_are_not_found_by_the_recall_of_one_emotion() -> None:
    rows = [of_attribute("recall_gap_anger"), pair("black", "white", -0.01, NOT)]
    table = planted_and_found([BLACK], audited(rows, recalls={"black": 0.1, "white": 0.9}))
    assert verdicts(table)["black"] == PlantedVerdict.MISSED


def test_two_biases_of_a_group_have_a_row_each() -> None:
    noise = (Planted("race", "black", Kind.LABEL_NOISE, "40 % wrong in train"), "black")
    table = planted_and_found([BLACK, noise], audited([pair("black", "white", -0.1)]))
    assert table["kind"].tolist()[:2] == ["image quality", "label noise"]
    assert (table["group"] == "black").sum() == 2


def test_faces_with_any_bias_are_biased() -> None:
    drawn = {
        "race": pd.Series(["black", "white", None, "white"]),
        "gender": pd.Series(["male", "male", "female", "female"]),
    }
    biases = [BLACK[0], Planted("gender", "female", Kind.FEW, "")]
    np.testing.assert_array_equal(biased_faces(biases, drawn), [True, False, True, True])
