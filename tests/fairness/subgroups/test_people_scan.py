"""The scan where people have several faces."""

import numpy as np
import pandas as pd
import pytest
from tests.fairness.several_faces import faces_of_people

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.subgroups.bias_scan import bias_scan


def scan(frame: pd.DataFrame, *, person: str | None = "who", seed: int = 0) -> pd.Series:
    found = bias_scan(
        frame,
        attributes=["gender", "race"],
        n_permutations=59,
        seed=seed,
        person=person,
        minimum_group_size=5,
    )
    return found.iloc[0]


def test_frames_of_few_people_raise_false_alarms_as_rows_and_not_as_people() -> None:
    as_people, as_rows = (
        np.array(
            [
                scan(faces_of_people(30, 40, seed=seed), person=person, seed=seed)["p_value"]
                for seed in range(20)
            ]
        )
        for person in ("who", None)
    )
    assert (as_people <= 0.05).sum() <= 4
    assert (as_rows <= 0.05).sum() >= 10
    assert 0.25 <= as_people.mean() <= 0.75


def test_a_planted_subgroup_is_found_with_its_people_and_faces() -> None:
    frame = faces_of_people(60, 20, harmed=0.35)
    found = scan(frame)
    assert found["p_value"] <= 0.05
    assert found["subgroup"] == "gender: female"
    women = frame[frame["gender"] == "female"]
    assert [found["n_people"], found["n_faces"]] == [30, 600]
    wrong = women["emotion"] != women["predicted_emotion"]
    assert found["observed_errors"] == wrong.sum()


def test_people_of_one_face_are_scanned_as_rows() -> None:
    frame = faces_of_people(300, 1)
    pd.testing.assert_series_equal(scan(frame), scan(frame, person=None))


def test_subgroups_of_too_few_people_are_passed_over_however_many_faces() -> None:
    frame = faces_of_people(40, 30)
    frame["race"] = frame["race"].where(frame["who"] >= "S004", "rare")
    spoiled = frame["race"] == "rare"
    frame.loc[spoiled, "predicted_emotion"] = frame.loc[spoiled, "emotion"].map(
        {"anger": "neutral", "neutral": "happiness", "happiness": "anger"}
    )
    assert "rare" in scan(frame, person=None)["subgroup"]
    found = scan(frame)
    assert found["n_people"] >= 5


def test_a_person_of_two_values_is_refused() -> None:
    frame = faces_of_people(10, 4)
    frame.loc[3, "race"] = "other"
    with pytest.raises(InvalidInputError, match="'S000' has the groups 'asian' and 'other'"):
        scan(frame)


def people_of_many_and_of_few_faces(seed: int) -> pd.DataFrame:
    """Nobody is harmed: 20 people of 100 faces in one group, 2,000 of one face in the other."""
    generator = np.random.default_rng(seed)
    numbers = np.repeat([100, 1], [20, 2000])
    who = np.repeat(np.arange(len(numbers)), numbers)
    right = generator.random(len(who)) < generator.beta(0.8, 3.2, len(numbers))[who]
    return pd.DataFrame(
        {
            "sample_id": np.arange(len(who)),
            "who": who,
            "emotion": "anger",
            "predicted_emotion": np.where(right, "anger", "neutral"),
            "gender": np.where(who < 20, "female", "male"),
            "race": "white",
        }
    )


def test_a_group_of_few_people_with_many_faces_raises_no_false_alarms() -> None:
    frames = [people_of_many_and_of_few_faces(seed) for seed in range(30)]
    p_values = np.array([scan(frame, seed=seed)["p_value"] for seed, frame in enumerate(frames)])
    # Of 30 audits 1.5 are expected; more than 4 happen once in 60 such simulations.
    assert np.count_nonzero(p_values <= 0.05) <= 4


def test_harm_is_found_where_numbers_of_faces_differ() -> None:
    frame = faces_of_people(300, 6, harmed=0.3)
    number = frame.groupby("who").cumcount()
    frame = frame[number < 1 + frame["who"].str[1:].astype(int) // 2 % 6]
    found = scan(frame)
    assert found["subgroup"] == "gender: female"
    assert found["p_value"] == pytest.approx(1 / 60)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    frame = faces_of_people(40, 5, seed=seed)
    frame = frame[frame.index % 7 > 0]
    shuffled = frame.sample(frac=1, random_state=seed)
    pd.testing.assert_series_equal(scan(frame), scan(shuffled))
