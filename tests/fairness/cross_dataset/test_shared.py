"""What datasets have in common, and models asked about that alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.fairness.cross_dataset.worlds import EMOTIONS, answered

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.cross_dataset.shared import (
    on_shared,
    over_emotions,
    shared_emotions,
    shared_groups,
)
from fer_fairness.modeling.prediction import probabilities
from fer_fairness.taxonomy import EMOTIONS as ALL
from fer_fairness.taxonomy import probability_column


@given(st.lists(st.sets(st.sampled_from(ALL), min_size=4), min_size=2, max_size=4))
def test_shared_emotions_are_those_of_every_set_in_one_order(sets: list[set[str]]) -> None:
    common = set.intersection(*sets)
    labelled = {f"set_{place}": sorted(one) for place, one in enumerate(sets)}
    if len(common) < 2:
        with pytest.raises(InvalidInputError, match=r"set_0 labels"):
            shared_emotions(labelled)
    else:
        assert shared_emotions(labelled) == tuple(name for name in ALL if name in common)


@given(
    st.lists(st.lists(st.floats(-20, 20), min_size=8, max_size=8), min_size=1, max_size=5),
    st.sets(st.sampled_from(ALL), min_size=2),
)
def test_asking_about_fewer_emotions_is_a_softmax_over_their_logits(
    logits: list[list[float]], asked: set[str]
) -> None:
    emotions = [name for name in ALL if name in asked]
    given_all = probabilities(np.array(logits), ALL)
    columns = {probability_column(name): given_all[:, place] for place, name in enumerate(ALL)}
    table = pd.DataFrame(columns).assign(emotion=emotions[0], predicted_emotion=ALL[0])
    found = over_emotions(table, emotions, "it")
    expected = probabilities(np.array(logits), emotions)
    for name in emotions:
        assert_allclose(found[probability_column(name)], expected[:, ALL.index(name)], atol=1e-12)
    assert set(found["predicted_emotion"]) <= asked


def test_a_model_sure_of_an_emotion_that_is_not_asked_about_guesses() -> None:
    columns = {probability_column(name): [float(name == "contempt")] for name in ALL}
    table = pd.DataFrame(columns).assign(emotion="anger", predicted_emotion="contempt")
    found = over_emotions(table, ["neutral", "anger"], "it")
    assert found["probability_anger"].tolist() == [0.5]
    assert found["predicted_emotion"].tolist() == ["neutral"]


def test_faces_of_other_emotions_take_no_part_and_are_counted() -> None:
    wide = answered({"m": 0.8}, name="wide", emotions=(*EMOTIONS, "contempt"))
    narrow = answered({"m": 0.8}, name="narrow")
    (kept, _), shared = on_shared([wide, narrow], minimum_size=10)
    before, after = wide.frames["m"][0], kept.frames["m"][0]
    n_contempt = int((before["emotion"] == "contempt").sum())
    assert shared.emotions == kept.emotions == EMOTIONS
    assert shared.n_other_emotion == {"wide": n_contempt, "narrow": 0}
    assert len(after) == len(before) - n_contempt
    assert set(after["predicted_emotion"]) <= set(EMOTIONS)


def test_groups_are_compared_that_are_large_enough_on_every_set_that_has_two() -> None:
    sets = [answered({"m": 0.8}, name=name) for name in ("a", "b", "c")]
    words = (["x", "y", "z"], ["y", "z"], ["y"])
    for one, groups in zip(sets, words, strict=True):
        table = one.frames["m"][0]
        table["gender"] = [groups[place % len(groups)] for place in range(len(table))]
    assert shared_groups(sets, "gender", 10) == ("y", "z")
    (first, _, third), _ = on_shared(sets, minimum_size=10)
    assert set(first.frames["m"][0]["gender"].dropna()) == {"y", "z"}
    assert first.attributes == ("gender",)
    assert third.attributes == (), "a set of one group has no gap"


def test_a_group_is_as_large_as_its_people_are_many() -> None:
    sets = [answered({"m": 0.8}, name=name, faces_of_a_person=40) for name in "ab"]
    assert shared_groups(sets, "gender", 10) == ()


def test_predictions_without_probabilities_are_refused() -> None:
    lacking = answered({"m": 0.8}).frames["m"][0].drop(columns="probability_anger")
    with pytest.raises(InvalidInputError, match=r"of m on here lack probability_anger"):
        over_emotions(lacking, EMOTIONS, "m on here")
