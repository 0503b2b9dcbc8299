"""Coverage and accuracy among answered faces, by group, with intervals that know of people."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.fairness.answers import COVERAGES, answer_tables
from fer_fairness.fairness.inference.intervals import wilson_interval


def faces(n: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Right the more often, the surer; group b less sure, and some of unknown group."""
    generator = np.random.default_rng(seed)
    gender = generator.choice(np.array(["a", "b", None], dtype=object), n, p=[0.5, 0.4, 0.1])
    sure = generator.random(n) ** np.where(gender == "b", 1.5, 1.0)
    right = generator.random(n) < sure
    table = pd.DataFrame(
        {
            "sample_id": [f"face-{number}" for number in range(n)],
            "emotion": "neutral",
            "predicted_emotion": np.where(right, "neutral", "fear"),
            "gender": gender,
            "age_group": generator.choice(["young", "old"], n),
            "abstained": sure < 0.3,
        }
    )
    return table, sure


def tables(
    table: pd.DataFrame, sure: np.ndarray, person: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    return answer_tables(
        table,
        sure,
        attributes=["gender", "gender x age_group"],
        confidence=0.95,
        person=person,
    )


def test_every_group_has_its_coverage_and_accuracy_with_and_without_the_unanswered() -> None:
    table, sure = faces(500)
    answers, _ = tables(table, sure)
    assert answers["group"].isna().tolist() == [True] + [False] * 6
    for _, row in answers.iterrows():
        own = table
        if row["attribute"] == "gender":
            own = table[table["gender"] == row["group"]]
        elif row["attribute"] == "gender x age_group":
            gender, age = row["group"].split(" x ")
            own = table[(table["gender"] == gender) & (table["age_group"] == age)]
        right, answered = own["predicted_emotion"] == own["emotion"], ~own["abstained"]
        assert row["n_faces"] == row["n_people"] == len(own)
        assert row["n_answered"] == answered.sum()
        assert row["coverage"] == pytest.approx(answered.mean())
        assert row["accuracy"] == pytest.approx(right.mean())
        assert row["answered_accuracy"] == pytest.approx(right[answered].mean())
        interval = wilson_interval(int((right & answered).sum()), int(answered.sum()), 0.95)
        found = row["answered_accuracy_ci_low"], row["answered_accuracy_ci_high"]
        assert found == pytest.approx((interval.low, interval.high))


def test_a_group_that_is_never_answered_has_no_accuracy_among_answers() -> None:
    table, sure = faces(200)
    table["abstained"] |= table["gender"] == "b"
    row = tables(table, sure)[0].query("group == 'b'").iloc[0]
    assert row["coverage"] == row["n_answered"] == 0
    assert row["coverage_ci_high"] < 0.1
    assert np.isnan(row["answered_accuracy"])
    assert np.isnan(row["answered_accuracy_ci_low"])


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 80), st.integers(0, 99), st.sampled_from([0, 1, 2]))
def test_along_the_curve_one_threshold_answers_the_share_of_all_that_is_stated(
    n: int, seed: int, decimals: int
) -> None:
    table, sure = faces(n, seed)
    sure = np.round(sure, decimals)  # many faces are equally sure
    _, curve = tables(table, sure)
    everybody = curve[curve["group"].isna()].set_index("common_coverage")
    assert everybody.index.tolist() == list(COVERAGES)
    by_gender = curve[curve["attribute"] == "gender"]
    for common in COVERAGES:
        row = everybody.loc[common]
        assert row["coverage"] >= common - 1e-9
        lowest = np.sort(sure)[::-1][row["n_answered"] - 1]
        answered = sure >= lowest
        assert answered.sum() == row["n_answered"], "one threshold"
        at = by_gender[by_gender["common_coverage"] == common].set_index("group")
        for group in at.index:
            own = answered & (table["gender"] == group).to_numpy()
            assert at.loc[group, "n_answered"] == own.sum()
    full = curve[curve["common_coverage"] == 1.0]
    assert (full["coverage"] == 1).all()


def test_faces_of_one_person_are_not_taken_for_many_people() -> None:
    table, sure = faces(60)
    alone, _ = tables(table, sure)
    again = pd.concat([table.assign(person=table.index.astype(str))] * 4, ignore_index=True)
    several, curve = tables(again, np.tile(sure, 4), "person")
    assert several["n_people"].tolist() == alone["n_people"].tolist()
    assert several["n_faces"].tolist() == (4 * alone["n_faces"]).tolist()
    for name in ("coverage", "answered_accuracy"):
        width = several[f"{name}_ci_high"] - several[f"{name}_ci_low"]
        of_alone = alone[f"{name}_ci_high"] - alone[f"{name}_ci_low"]
        assert (width > 0.95 * of_alone).all()
    known = curve[curve["n_answered"] > 0]
    assert ((known["ci_low"] <= known["accuracy"]) & (known["accuracy"] <= known["ci_high"])).all()
