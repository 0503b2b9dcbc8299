import logging
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation import Given
from fer_fairness.mitigation.methods.reweighing import Reweighing, reweighing_weights

PEOPLE = st.lists(
    st.tuples(st.sampled_from(["fear", "anger", "neutral"]), st.sampled_from(["x", "y", "z"])),
    min_size=1,
    max_size=30,
)


def columns(people: list[tuple[str, str]]) -> tuple[pd.Series, pd.Series]:
    labels, groups = zip(*people, strict=True)
    return pd.Series(labels), pd.Series(groups)


def test_weights_of_a_table_computed_by_hand() -> None:
    labels = pd.Series(["fear", "fear", "fear", "anger"])
    groups = pd.Series(["x", "x", "y", "y"])
    found = reweighing_weights(labels, groups)
    assert_allclose(found, [2 * 3 / (4 * 2), 2 * 3 / (4 * 2), 2 * 3 / 4, 2 * 1 / 4])


@given(PEOPLE)
def test_weights_follow_the_formula(people: list[tuple[str, str]]) -> None:
    labels, groups = columns(people)
    in_group, in_class, in_cell = Counter(groups), Counter(labels), Counter(people)
    expected = [
        in_group[group] * in_class[label] / (len(people) * in_cell[label, group])
        for label, group in people
    ]
    assert_allclose(reweighing_weights(labels, groups), expected)


def test_weighted_groups_have_the_same_mix_of_emotions() -> None:
    generator = np.random.default_rng(0)
    groups = pd.Series(generator.choice(["x", "y"], 400))
    labels = pd.Series(
        np.where(generator.random(400) < np.where(groups == "x", 0.7, 0.3), "fear", "anger")
    )
    weights = reweighing_weights(labels, groups)
    shares = [
        weights[(groups == group) & (labels == "fear")].sum() / weights[groups == group].sum()
        for group in ("x", "y")
    ]
    assert shares[0] == pytest.approx(shares[1])
    assert weights.sum() == pytest.approx(400)


def test_people_without_a_group_keep_weight_one_and_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    labels = pd.Series(["fear", "fear", "anger", "fear"])
    groups = pd.Series(["x", "y", None, "x"])
    with caplog.at_level(logging.INFO):
        weights = reweighing_weights(labels, groups)
    assert weights[2] == 1.0
    assert "1 of 4 people have no group" in caplog.text


def test_without_any_group_all_weights_are_one() -> None:
    nobody = pd.Series([None, None], dtype=object)
    assert reweighing_weights(pd.Series(["fear", "anger"]), nobody).tolist() == [1.0, 1.0]


def test_training_faces_are_weighed_by_the_attribute_named_and_no_others(
    make_faces: Callable[..., pd.DataFrame],
) -> None:
    faces = make_faces(
        ["train"] * 4 + ["validation"],
        ["fear", "fear", "fear", "anger", "anger"],
        gender=["x", "x", "x", "x", "x"],
        race=["x", "x", "y", "y", "y"],
    )
    images = np.zeros((5, 8, 8, 1), np.uint8)
    nothing = Given(pd.DataFrame(), seed=0)
    for settings, expected in (
        ({"attribute": "race"}, [0.75, 0.75, 1.5, 0.5]),
        ({"attribute": "race", "strength": 2.0}, [0.75**2, 0.75**2, 1.5**2, 0.25]),
        ({"attribute": "gender"}, [1, 1, 1, 1]),
    ):
        composed = Reweighing.model_validate(settings).training_set(faces, images, nothing)
        assert composed.columns["weight"].tolist() == pytest.approx(expected)
        assert composed.columns["sample_id"].tolist() == [f"face_{n}" for n in range(4)]


def test_a_face_with_votes_but_no_majority_emotion_keeps_weight_one(
    make_faces: Callable[..., pd.DataFrame],
) -> None:
    faces = make_faces(["train"] * 3, ["fear", "fear", "anger"], gender=["x", "y", "y"])
    faces.loc[2, "emotion"] = None
    images = np.zeros((3, 8, 8, 1), np.uint8)
    composed = Reweighing().training_set(faces, images, Given(pd.DataFrame(), seed=0))
    assert composed.columns["weight"].iloc[2] == 1.0
