"""Scores where people have several faces: counts of both, and intervals of people."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.fairness.several_faces import EMOTIONS, faces_of_people

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import (
    Evaluation,
    evaluate,
    evaluation,
    one_vs_rest_metrics,
    predicted_confidence,
)
from fer_fairness.fairness.gaps import gap_table
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.people import JudgedFaces
from fer_fairness.params.inference import InferenceParameters

PARAMS = InferenceParameters(n_bootstrap=400, n_permutations=100, n_power=50)
GapTable = Callable[..., pd.DataFrame]


@pytest.fixture(autouse=True)
def tested(monkeypatch: pytest.MonkeyPatch) -> list[JudgedFaces]:
    """The faces that the tests of gaps are given; they have their own tests and are left out."""
    given: list[JudgedFaces] = []

    def recorded(faces: JudgedFaces, params: InferenceParameters, *, seed: int) -> pd.DataFrame:
        given.append(faces)
        return gap_table(dataclasses.replace(faces, memberships={}), params, seed=seed)

    monkeypatch.setattr(evaluation, "gap_table", recorded)
    return given


def evaluated(frame: pd.DataFrame, **options: Any) -> Evaluation:
    chosen = {"attributes": ["gender", "gender x race"], "emotions": EMOTIONS, **options}
    return evaluate(frame, params=PARAMS, seed=0, **chosen)


def sizes_of(table: pd.DataFrame, metric: str) -> list[int]:
    row = table[table["metric"] == metric].iloc[0]
    return [int(row["n_people"]), int(row["n_faces"])]


def with_probabilities(frame: pd.DataFrame) -> pd.DataFrame:
    sure = np.random.default_rng(1).uniform(0.6, 0.95, len(frame))
    columns = {
        name: np.where(frame["predicted_emotion"] == name, sure, (1 - sure) / 2)
        for name in EMOTIONS
    }
    return frame.assign(**columns)


def confidence_of(frame: pd.DataFrame) -> Array:
    predicted = frame["predicted_emotion"]
    return predicted_confidence(frame, predicted=predicted, classes=EMOTIONS, columns=EMOTIONS)


def test_people_and_faces_are_counted_and_people_handed_to_the_tests(
    tested: list[JudgedFaces],
) -> None:
    frame = with_probabilities(faces_of_people(30, 8))
    found = evaluated(frame, person="who", confidence=confidence_of(frame))
    overall = found.overall.set_index("metric")
    assert sizes_of(found.overall, "accuracy") == [30, 240]
    assert sizes_of(found.overall, "calibration_error") == [30, 240]
    angry = frame[frame["emotion"] == "anger"]
    assert overall.loc["recall_anger", "n_people"] == angry["who"].nunique()
    assert overall.loc["recall_anger", "n_faces"] == len(angry)
    assert sizes_of(found.groups[found.groups["group"] == "female"], "macro_f1") == [15, 120]
    cell = found.confusion.iloc[0]
    right = angry[angry["predicted_emotion"] == "anger"]
    assert [cell["n_people"], cell["n_faces"]] == [right["who"].nunique(), len(right)]
    (faces,) = tested
    assert faces.several_faces
    assert np.unique(faces.person).tolist() == list(range(30))


def test_values_are_the_same_and_intervals_wider_and_hold_them() -> None:
    frame = with_probabilities(faces_of_people(40, 25))
    of_people = evaluated(frame, person="who", confidence=confidence_of(frame))
    of_faces = evaluated(frame, confidence=confidence_of(frame))
    for name in ("overall", "groups"):
        people, faces = getattr(of_people, name), getattr(of_faces, name)
        pd.testing.assert_series_equal(people["value"], faces["value"])
        held = people["value"].between(people["ci_low"] - 1e-9, people["ci_high"] + 1e-9)
        assert held.all()
        shares = people["metric"].isin(["accuracy", "macro_f1"])
        wider = (people["ci_high"] - people["ci_low"]) / (faces["ci_high"] - faces["ci_low"])
        assert wider[shares].median() > 1.3


def test_people_of_one_face_each_change_nothing(tested: list[JudgedFaces]) -> None:
    frame = faces_of_people(300, 1)
    named, unnamed = evaluated(frame, person="who"), evaluated(frame)
    for name in ("overall", "groups", "confusion"):
        pd.testing.assert_frame_equal(getattr(named, name), getattr(unnamed, name))
    assert not any(faces.several_faces for faces in tested)
    assert (named.overall["n_people"] == named.overall["n_faces"]).all()


def test_one_person_in_a_group_has_scores_and_no_interval() -> None:
    frame = faces_of_people(11, 12)
    frame.loc[frame["who"] == "S000", "race"] = "alone"
    groups = evaluated(frame, attributes=["race"], person="who").groups
    alone = groups[groups["group"] == "alone"]
    assert alone["value"].notna().all()
    assert alone[["ci_low", "ci_high"]].isna().all(axis=None)


@pytest.mark.parametrize("n_faces", [5, 60])
def test_intervals_cover_the_score_of_people_not_yet_seen(n_faces: int) -> None:
    generator = np.random.default_rng(n_faces)
    truth, hits = 0.8, []
    for _ in range(60):
        frame = faces_of_people(40, n_faces, seed=generator)
        found = evaluated(frame, attributes=["gender"], person="who")
        table = pd.concat([found.overall, found.groups])
        table = table[table["metric"].isin(["accuracy", "balanced_accuracy", "recall_anger"])]
        hits.append(table["ci_low"].le(truth) & table["ci_high"].ge(truth))
    # 480 intervals, of 60 independent samples; taking faces for people gives .85 and .5.
    assert 0.91 <= np.mean(hits) <= 0.99


def test_a_person_of_two_groups_is_refused() -> None:
    frame = faces_of_people(10, 4)
    frame.loc[3, "gender"] = "male"
    with pytest.raises(InvalidInputError, match=r"'S000' has the groups 'female' and 'male'"):
        evaluated(frame, person="who")


def test_aif360_intervals_are_of_people() -> None:
    frame = faces_of_people(40, 25)
    options: dict[str, Any] = {
        "attribute": "gender",
        "emotions": EMOTIONS,
        "params": PARAMS,
        "seed": 0,
    }
    people = one_vs_rest_metrics(frame, person="who", **options)
    faces = one_vs_rest_metrics(frame, **options)
    pd.testing.assert_series_equal(people["value"], faces["value"])
    wider = (people["ci_high"] - people["ci_low"]) / (faces["ci_high"] - faces["ci_low"])
    assert wider[people["metric"] == "equal_opportunity_difference"].mean() > 1.3
