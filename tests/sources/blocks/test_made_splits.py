from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.datasets import FoldersParameters
from fer_fairness.sources.blocks.splits import complete_splits
from fer_fairness.taxonomy import EMOTIONS

PARAMS = FoldersParameters(kind="folders", name="mine", test_share=0.2, validation_share=0.1)


def faces(
    splits: Sequence[str | None],
    *,
    persons: Sequence[str | None] | None = None,
    emotions: Sequence[str] | None = None,
) -> pd.DataFrame:
    n = len(splits)
    columns = {
        "name": [f"{row}.png" for row in range(n)],
        "split": splits,
        "person": persons if persons is not None else [None] * n,
        "emotion": emotions if emotions is not None else ["fear", "anger"] * (n // 2),
    }
    return pd.DataFrame(columns, dtype="str")


@given(
    emotions=st.lists(st.sampled_from(EMOTIONS), min_size=1, max_size=80),
    seed=st.integers(0, 2**32 - 2),
)
def test_faces_are_drawn_from_every_emotion_and_some_of_each_are_trained_on(
    emotions: list[str], seed: int
) -> None:
    table = faces([None] * len(emotions), emotions=emotions)
    made = complete_splits(table, PARAMS, seed).of_faces
    assert made.equals(complete_splits(table, PARAMS, seed).of_faces)
    n_by = pd.crosstab(pd.Series(emotions), made)
    assert (n_by["train"] >= 1).all()
    for emotion, n in pd.Series(emotions).value_counts().items():
        expected = min(max(1, round(n * 0.2)), n - 1)
        assert int((made[pd.Series(emotions) == emotion] == "test").sum()) == expected


@given(
    of=st.lists(st.integers(0, 9), min_size=30, max_size=80).filter(lambda of: len({*of}) > 4),
    seed=st.integers(0, 2**32 - 2),
)
def test_nobody_is_in_two_splits_that_are_made(of: list[int], seed: int) -> None:
    persons = [f"person {number}" for number in of]
    table = faces([None] * len(of), persons=persons, emotions=["fear"] * len(of))
    made = complete_splits(table, PARAMS, seed)
    assert made.of_faces.groupby(pd.Series(persons)).nunique().max() == 1
    assert set(made.of_faces) == {"train", "validation", "test"}
    assert all(
        f"by person (seed {s})" in n for s, n in zip((seed, seed + 1), made.notes, strict=True)
    )


@given(seed=st.integers(0, 2**32 - 2))
def test_a_rare_emotion_is_in_every_split_that_is_made_by_person(seed: int) -> None:
    persons = [f"person {number}" for number in range(60)] * 2
    emotions = ["happiness"] * 100 + ["contempt"] * 20
    made = complete_splits(faces([None] * 120, persons=persons, emotions=emotions), PARAMS, seed)
    n_by = pd.crosstab(pd.Series(emotions), made.of_faces)
    assert (n_by.loc["contempt"] >= 1).all()


def test_splits_that_are_told_stay_and_only_what_lacks_is_made() -> None:
    told = ["train"] * 20 + ["test"] * 6
    made = complete_splits(faces(told), PARAMS, 0).of_faces
    assert (made[20:] == "test").all()
    assert made.value_counts().to_dict() == {"train": 18, "test": 6, "validation": 2}
    told = ["train"] * 4 + ["validation"] * 4 + ["test"] * 4
    made_of_three = complete_splits(faces(told), PARAMS, 0)
    assert made_of_three.of_faces.tolist() == told
    assert made_of_three.notes == []


@pytest.mark.parametrize("n_train", [0, 20])
def test_validation_faces_are_tested_on_where_no_others_are(n_train: int) -> None:
    made = complete_splits(faces(["train"] * n_train + ["validation"] * 6), PARAMS, 0)
    assert set(made.of_faces[:n_train]) == ({"train", "validation"} if n_train else set())
    assert (made.of_faces[n_train:] == "test").all()
    assert "the validation faces are tested on" in made.notes[0]
    assert len(made.notes) == (2 if n_train else 1)


def test_faces_to_test_on_alone_are_tested_on() -> None:
    assert set(complete_splits(faces(["test"] * 6), PARAMS, 0).of_faces) == {"test"}


def test_people_in_several_splits_are_told() -> None:
    persons = ["A", "B", "C", "D"] * 3
    told = ["train"] * 4 + ["validation"] * 4 + ["test"] * 4
    notes = complete_splits(faces(told, persons=persons), PARAMS, 0).notes
    assert notes[0].startswith("4 people have faces in more than one split, such as 'A'")


def test_a_face_without_a_split_beside_others_and_two_people_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"1 of 4 faces are in no split, such as '3\.png'"):
        complete_splits(faces(["train", "test", "train", None]), PARAMS, 0)
    with pytest.raises(InvalidInputError, match="are of 2 people, expected at least 3"):
        complete_splits(faces([None] * 6, persons=["A", "B"] * 3), PARAMS, 0)
