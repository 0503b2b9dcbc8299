import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation import Given
from fer_fairness.mitigation.group_method import GroupObjective, cell_totals, memberships
from fer_fairness.mitigation.methods.bias_balance import BiasBalance
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.params.training import TrainingParameters

FacesBuilder = Callable[..., pd.DataFrame]
GroupTraining = Callable[..., TrainingSet]
NOTHING = Given(pd.DataFrame(), seed=0)
IMAGES = np.zeros((4, 8, 8, 1), np.uint8)


def table(
    groups: list[str | None], sources: list[str], confidence: list[float | None]
) -> pd.DataFrame:
    return pd.DataFrame(
        {"race": groups, "race_source": sources, "race_confidence": confidence}, dtype=object
    )


def test_a_predicted_group_counts_by_its_probability_and_others_share_the_rest() -> None:
    # Of the faces of known group that are not a, three are b and one is c.
    faces = table(
        ["a", "b", "b", "b", "c", None],
        ["predicted", "annotated", "predicted", "predicted", "annotated", "none"],
        [0.6, 1.0, None, 0.8, 0.5, None],
    )
    found, names = memberships(faces, "race", soft=True)
    assert names == ["a", "b", "c"]
    assert_allclose(
        found,
        [[0.6, 0.3, 0.1], [0.0, 1, 0], [0.0, 1, 0], [0.1, 0.8, 0.1], [0.0, 0, 1], [0.0, 0, 0]],
        atol=1e-6,
    )
    hard, _ = memberships(faces, "race", soft=False)
    assert_allclose(hard, np.vstack([np.eye(3)[[0, 1, 1, 1, 2]], np.zeros(3)]))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", None]),
            st.one_of(st.none(), st.floats(0, 1)),
            st.sampled_from(["annotated", "predicted"]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_memberships_of_known_faces_sum_to_one(
    people: list[tuple[str | None, float | None, str]],
) -> None:
    groups, confidence, sources = (list(column) for column in zip(*people, strict=True))
    faces = table(groups, sources, confidence)
    for soft in (True, False):
        found, names = memberships(faces, "race", soft=soft)
        assert found.shape == (len(people), len(names))
        assert_allclose(found.sum(axis=1), faces["race"].notna().astype(float), atol=1e-5)


def test_one_group_takes_all_of_its_faces() -> None:
    found, _ = memberships(table(["a", None], ["predicted"] * 2, [0.7, None]), "race", soft=True)
    assert found.tolist() == [[1], [0]]


def test_the_training_set_has_memberships_and_the_log_says_who_has_none(
    make_faces: FacesBuilder, caplog: pytest.LogCaptureFixture
) -> None:
    faces = make_faces(
        ["train"] * 3 + ["validation"], ["fear"] * 4, gender=["x", "y", None, "z"], race=["q"] * 4
    )
    with caplog.at_level(logging.INFO):
        composed = BiasBalance().training_set(faces, IMAGES, NOTHING)
    made = composed.training_set(faces, IMAGES)
    assert made.columns["membership_0"].tolist() == [1, 0, 0]
    assert made.columns["membership_1"].tolist() == [0, 1, 0]
    assert "membership_2" not in made.columns
    assert "x, y; 1 of 3 faces have none" in caplog.text


def test_without_any_group_it_is_plain_training_and_the_log_says_so(
    make_faces: FacesBuilder, caplog: pytest.LogCaptureFixture
) -> None:
    faces = make_faces(["train"] * 4, ["fear"] * 4)
    with caplog.at_level(logging.INFO):
        composed = BiasBalance().training_set(faces, IMAGES, NOTHING)
    training = composed.training_set(faces, IMAGES)
    assert type(BiasBalance().objective(training, TrainingParameters())) is Objective
    assert caplog.text.count("so this is plain training") == 1


def test_cells_sum_weights_memberships_and_votes(group_training: GroupTraining) -> None:
    training = group_training(
        [[1, 0], [0.25, 0.75], [0, 0]], [[1, 0], [0.4, 0.6], [1, 0]], weight=[2, 1, 5]
    )
    assert_allclose(cell_totals(training), [[2 + 0.1, 0.15], [0.3, 0.45]], rtol=1e-6)
    made = GroupObjective(TrainingParameters(), training)
    parts, trust = made.cells(training.columns, training.targets, training.columns["weight"])
    assert_allclose(np.asarray(parts)[0, 0], [2 / 2.1, 0], rtol=1e-6)
    assert_allclose(np.asarray(parts).sum(axis=0), np.ones((2, 2)), rtol=1e-6)
    assert_allclose(np.asarray(trust), [[1, 0.15], [0.3, 0.45]], rtol=1e-6)
