"""Several faces of a person, other mixes of emotions, small groups: what tests must not see."""

import numpy as np
import pandas as pd
import pytest
from tests.fairness.testing.audits import audit_of, faces_of

from fer_fairness.fairness.gaps import gap_table
from fer_fairness.fairness.testing.gap_tests import AttributeTests
from fer_fairness.fairness.testing.people import judged_faces, worth_of_faces
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.inference import InferenceParameters

CLASSES = ("joy", "fear")
RECALLS = np.array([0.95, 0.55])
FEW = InferenceParameters(n_bootstrap=100, n_permutations=300, n_power=50, minimum_group_size=10)


def table_of(
    person: np.ndarray, group: np.ndarray, joyful: np.ndarray, seed: int, **params: object
) -> pd.DataFrame:
    """Gaps between groups that are recognised alike at the same emotion.

    Args:
        person: Whose each face is.
        group: Of each face.
        joyful: How likely each face shows joy.
        seed: Of faces and tests.
        params: Others than the usual.
    """
    generator = np.random.default_rng(seed)
    true = np.where(generator.random(len(person)) < joyful, 0, 1)
    right = generator.random(len(person)) < RECALLS[true]
    frame = pd.DataFrame(
        {
            "emotion": np.array(CLASSES)[true],
            "predicted_emotion": np.array(CLASSES)[np.where(right, true, 1 - true)],
        }
    )
    faces = judged_faces(
        frame,
        {"group": pd.Series(group)},
        emotions=CLASSES,
        people=pd.Series(person),
    )
    return gap_table(faces, FEW.model_copy(update=params), seed=seed)


@pytest.mark.parametrize("n_faces", [1, 12])
def test_other_emotions_shown_are_no_unequal_treatment_also_where_people_have_several_faces(
    n_faces: int,
) -> None:
    found = []
    for seed in range(20):
        person = np.repeat(np.arange(60 if n_faces > 1 else 400), n_faces)
        group = np.where(person % 2, "a", "b")
        joyful = np.where(group == "a", 0.8, 0.3)
        table = table_of(person, group, joyful, seed, primary=("accuracy_gap by group",))
        row = table[table["metric"] == "accuracy_gap"].iloc[0]
        assert row["equal_treatment"] > 0.1
        found.append(row["verdict"] == Verdict.FOUND)
    assert np.mean(found) <= 0.2  # 5 % are expected, and all 20 where the mix counts


def test_one_person_with_two_faces_leaves_the_others_among_their_emotion() -> None:
    found = []
    for seed in range(20):
        person = np.minimum(np.arange(301), 299)
        group = np.where(person % 2, "a", "b")
        joyful = np.where(group == "a", 0.8, 0.3)
        table = table_of(person, group, joyful, seed, primary=("accuracy_gap by group",))
        found.append((table["verdict"] == Verdict.FOUND).any())
    assert np.mean(found) <= 0.2


def test_groups_too_small_to_be_compared_take_no_part_in_shuffles() -> None:
    found = []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        group = np.r_[np.repeat(["a", "b"], 100), np.repeat([f"s{i:02}" for i in range(60)], 9)]
        recall = np.where(np.isin(group, ["a", "b"]), 0.5, 1.0)
        right = generator.random(len(group)) < recall
        frame = pd.DataFrame(
            {"emotion": "joy", "predicted_emotion": np.where(right, "joy", "fear")}
        )
        faces = judged_faces(frame, {"group": pd.Series(group)}, emotions=CLASSES)
        params = FEW.model_copy(update={"primary": ("accuracy_gap by group",)})
        table = gap_table(faces, params, seed=seed)
        row = table[table["metric"] == "accuracy_gap"].iloc[0]
        assert row["n_people"] == 200
        found.append(row["p_value"])
    assert np.mean(np.array(found) <= 0.2) <= 0.4
    assert np.mean(found) > 0.4  # .5 where p-values are exact


def test_faces_are_worth_less_the_more_alike_those_of_a_person_are() -> None:
    generator = np.random.default_rng(0)
    person = np.repeat(np.arange(200), 10)
    true = generator.integers(2, size=2000)
    alike = np.repeat(generator.random(200) < 0.5, 10)
    apart = generator.random(2000) < 0.5
    worth = [
        worth_of_faces(true, np.where(right, true, 1 - true), person) for right in (alike, apart)
    ]
    assert worth[0] == pytest.approx(0.1, abs=0.02)
    assert worth[1] == pytest.approx(1.0, abs=0.15)
    assert worth_of_faces(true, np.where(alike, true, 1 - true), np.arange(2000)) == 1.0


def alike(group: np.ndarray, person: np.ndarray, joyful: np.ndarray, seed: int) -> AttributeTests:
    """The tests of groups that are recognised alike; a second attribute has everybody's group."""
    generator = np.random.default_rng(seed)
    true = np.where(generator.random(len(person)) < joyful, 0, 1)
    right = generator.random(len(person)) < RECALLS[true]
    frame = pd.DataFrame(
        {
            "emotion": np.array(CLASSES)[true],
            "predicted_emotion": np.array(CLASSES)[np.where(right, true, 1 - true)],
            "group": group,
            "other": np.where(person % 3, "c", "d"),
            "person": person,
        }
    )
    return audit_of(faces_of(frame, "group", "other", classes=CLASSES), 199, seed=seed)[0]


@pytest.mark.parametrize("lost", ["first", "others"])
def test_faces_without_a_group_are_no_unequal_treatment(lost: str) -> None:
    person = np.repeat(np.arange(60), 8)
    first = np.arange(len(person)) % 8 == 0
    group = np.where(person % 2, "a", "b").astype(object)
    group[first if lost == "first" else ~first] = None
    tests = [alike(group, person, np.full(len(person), 0.6), seed) for seed in range(40)]
    assert np.mean([test.any_difference[0] <= 0.05 for test in tests]) <= 0.15
    assert np.mean([test.metrics[0, 0] <= 0.05 for test in tests]) <= 0.15


def test_emotions_of_the_one_face_with_a_group_are_no_unequal_treatment() -> None:
    person = np.repeat(np.arange(200), 3)
    group = np.where(person % 2, "a", "b").astype(object)
    joyful = np.where(group == "a", 0.8, 0.3)
    group[np.arange(len(person)) % 3 > 0] = None
    tests = [alike(group, person, joyful, seed) for seed in range(40)]
    assert np.mean([test.metrics[0, 0] <= 0.05 for test in tests]) <= 0.15


def test_the_worth_of_faces_is_that_of_those_with_a_group() -> None:
    frame = pd.DataFrame({"emotion": ["joy"] * 600})
    person = pd.Series(np.repeat(np.arange(100), 6))
    right = np.random.default_rng(0).random(100)[person] < 0.6
    frame["predicted_emotion"] = np.where(right, "joy", "fear")
    gender = pd.Series(np.where(person % 2, "a", "b"), dtype=object)
    race = gender.where(np.arange(600) % 6 == 0, None)
    faces = judged_faces(frame, {"gender": gender, "race": race}, emotions=CLASSES, people=person)
    assert faces.labelled("gender").worth == faces.worth == pytest.approx(1 / 6)
    assert faces.labelled("race").worth == 1.0
    assert len(faces.labelled().person) == 600
