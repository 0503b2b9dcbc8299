"""What looks like several faces of the same people, and what must not be taken for them."""

import numpy as np
import pandas as pd
import pytest
from tests.fairness.several_faces import faces_of_people

from fer_fairness.fairness.people.repeated_people import repeated_people

FRAMES = faces_of_people(20, 30)
NUMBER = pd.Series(range(len(FRAMES))).astype(str)


def found_in(values: pd.Series, groups: pd.DataFrame = FRAMES[["gender"]]) -> int:
    """The number of people found in a column called `x`; 0 if none."""
    found = repeated_people(pd.DataFrame({"x": values}), groups)
    return 0 if found is None else found.n_people


def test_a_column_of_people_that_nobody_named_is_found() -> None:
    found = repeated_people(FRAMES[["sample_id", "who", "predicted_emotion"]], FRAMES[["gender"]])
    assert found is not None
    assert (found.column, found.n_people, found.n_faces) == ("who", 20, 600)
    assert not found.in_ids
    assert "column 'who' has 20 different values in 600 rows, such as 'S000'" in found.sentence
    assert found_in(FRAMES["who"].str[1:].astype(int)) == 20
    assert found_in(FRAMES["who"].astype("category")) == 20


@pytest.mark.parametrize(
    "ids",
    [
        FRAMES["who"] + "_" + NUMBER,
        "frames/" + FRAMES["who"] + "/" + NUMBER + ".png",
        "video" + FRAMES["who"].str[1:] + "_frame" + NUMBER + ".jpg",
        "video" + FRAMES["who"].str[1:] + "frame" + NUMBER + ".jpg",
        "03-01-06-01-02-" + NUMBER + "-" + FRAMES["who"].str[1:] + ".mp4",
    ],
)
def test_ids_that_name_people_are_found(ids: pd.Series) -> None:
    found = repeated_people(pd.DataFrame({"id": ids}), FRAMES[["gender", "race"]], ids="id")
    assert found is not None
    assert (found.n_people, found.in_ids) == (20, True)


def single_faces(n: int = 2000) -> pd.DataFrame:
    """Everybody once, with columns that people's files have."""
    generator = np.random.default_rng(3)
    age, gender = generator.integers(1, 90, n), generator.integers(0, 2, n)
    sex = np.array(["Female", "Male"])[gender]
    race = np.array(["asian", "black", "indian", "white", "other"])[generator.integers(0, 5, n)]
    return pd.DataFrame(
        {
            "gender": sex,
            "race": race,
            "age_group": pd.cut(age, [0, 20, 40, 60, 99]).astype(str),
            "age": age,
            "emotion": generator.choice(list("abcdefgh"), n),
            "fold": generator.integers(0, 10, n),
            "left": generator.integers(0, 200, n),
            "confidence": generator.random(n).round(2).astype(str),
            "score": generator.random(n),
            "subgroup": [
                f"{r.title()} {s}"
                for r, s in zip(race, np.array(["Female", "Male"])[gender], strict=True)
            ],
            "image": [f"test_{row:05d}_aligned.jpg" for row in range(n)],
            "utk": [
                f"{a}_{g}_{r}_2017{i:08d}.chip.jpg"
                for i, (a, g, r) in enumerate(zip(age, gender, race, strict=True))
            ],
            "folder": [f"{r}/{i}.jpg" for i, r in enumerate(race)],
            "hash": [f"{i * 2654435761 % 2**32:08x}" for i in range(n)],
        }
    )


@pytest.mark.parametrize(
    "attributes",
    [["gender"], ["race"], ["age_group"], ["gender", "race"], ["gender", "race", "age_group"]],
)
def test_single_faces_raise_no_warning(attributes: list[str]) -> None:
    frame = single_faces()
    others = frame.drop(columns=attributes)
    assert repeated_people(others, frame[attributes], ids="image") is None
    for name in others:
        assert repeated_people(others[[name]], frame[attributes], ids=str(name)) is None


def test_nothing_is_said_where_chance_would_do_or_groups_are_not_told() -> None:
    one_woman = pd.DataFrame({"gender": ["female"] + ["male"] * 599})
    assert found_in(FRAMES["who"], one_woman) == 0
    assert found_in(FRAMES["who"], FRAMES[["gender"]].assign(gender="female")) == 0
    assert found_in(FRAMES["who"].where(FRAMES.index % 2 == 0)) == 0
    few = FRAMES[FRAMES["who"].isin(["S000", "S001", "S002"])]
    assert found_in(few["who"], few[["gender"]]) == 0
