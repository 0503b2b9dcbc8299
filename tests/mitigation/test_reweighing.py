import logging
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation import reweigh, reweighing_weights

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
    found = reweigh(labels, groups)
    assert_allclose(found.weights, [2 * 3 / (4 * 2), 2 * 3 / (4 * 2), 2 * 3 / 4, 2 * 1 / 4])
    assert found.cells.to_dict("records") == [
        {"group": "x", "emotion": "fear", "n_people": 2, "weight": 0.75},
        {"group": "y", "emotion": "anger", "n_people": 1, "weight": 0.5},
        {"group": "y", "emotion": "fear", "n_people": 1, "weight": 1.5},
    ]


@settings(deadline=None)
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
    assert reweigh(labels, groups).n_missing == 1
    assert "1 of 4 people have no group" in caplog.text


def test_without_any_group_all_weights_are_one() -> None:
    found = reweigh(pd.Series(["fear", "anger"]), pd.Series([None, None], dtype=object))
    assert found.weights.tolist() == [1.0, 1.0]
    assert found.cells.empty


def test_bad_input_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Row 1 has no emotion"):
        reweigh(pd.Series(["fear", None]), pd.Series(["x", "y"]))
    with pytest.raises(InvalidInputError, match="found 1 emotions and 2 groups"):
        reweigh(pd.Series(["fear"]), pd.Series(["x", "y"]))
