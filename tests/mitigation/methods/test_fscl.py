from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError
from scipy.special import logsumexp

from fer_fairness.mitigation.methods.fscl import Fscl, fair_contrastive_loss
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
FACES = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 2)), min_size=1, max_size=12)


def members_of(groups: np.ndarray) -> np.ndarray:
    return np.asarray(groups[:, None] == np.arange(3), np.float32)


def loss(
    projected: np.ndarray,
    emotions: np.ndarray,
    members: np.ndarray,
    weight: np.ndarray | None = None,
    temperature: float = 0.1,
) -> float:
    targets = np.eye(3, dtype=np.float32)[emotions]
    found = fair_contrastive_loss(
        projected.astype(np.float32), targets, members.astype(np.float32), weight, temperature
    )
    return float(found)


def by_hand(
    projected: np.ndarray, emotions: np.ndarray, groups: np.ndarray, temperature: float
) -> float:
    """The paper's loss, face by face."""
    scaled = projected / np.linalg.norm(projected, axis=1, keepdims=True)
    cosines = scaled @ scaled.T / temperature
    losses = []
    for i in np.flatnonzero(groups >= 0):
        alike = (emotions == emotions[i]) & (groups >= 0)
        positives = [p for p in np.flatnonzero(alike) if p != i]
        negatives = np.flatnonzero((emotions != emotions[i]) & (groups == groups[i]))
        if len(positives) and len(negatives):
            losses.append(logsumexp(cosines[i, negatives]) - cosines[i, positives].mean())
    return float(np.mean(losses)) if losses else 0.0


@given(FACES, st.sampled_from([0.01, 0.1, 1.0]))
def test_it_is_the_loss_of_the_paper(faces: list[tuple[int, int]], temperature: float) -> None:
    groups, emotions = (np.array(column) for column in zip(*faces, strict=True))
    projected = np.random.default_rng(len(faces)).normal(size=(len(faces), 4))
    found = loss(projected, emotions, members_of(groups), temperature=temperature)
    expected = by_hand(projected, emotions, groups, temperature)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_other_groups_are_never_pushed_away() -> None:
    # Faces 0 and 1 are of one emotion; 2 is their negative in group 0; 3, of group 1, is near.
    emotions, groups = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    projected = np.array([[1.0, 0], [1, 0.2], [0, 1], [1, 0.1]])
    moved = projected.copy()
    moved[3] = [1, 0]
    only_first = members_of(groups)
    only_first[3] = 0
    before, after = (loss(where, emotions, only_first) for where in (projected, moved))
    assert before == after
    others = loss(projected, emotions, members_of(groups))
    assert others != before, "face 3 is a positive of face 2"


def test_a_negative_counts_by_the_probability_of_being_of_the_same_group() -> None:
    emotions = np.array([0, 0, 1])
    projected = np.array([[1.0, 0], [0.5, 1], [0, 1]])
    half = np.array([[1.0, 0, 0], [1, 0, 0], [0.5, 0.5, 0]])
    # One negative: its probability is a summand of both anchors' logarithms.
    sure = loss(projected, emotions, members_of(np.array([0, 0, 0])))
    assert loss(projected, emotions, half) == pytest.approx(sure + np.log(0.5), rel=1e-4)


def test_the_loss_and_its_gradient_are_finite_where_nobody_is_an_anchor_or_has_length(
    group_training: GroupTraining, step: Step
) -> None:
    for groups, emotions in (
        ([0, 1, 2], [0, 1, 2]),
        ([-1, -1, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 1]),
    ):
        training = group_training(
            members_of(np.array(groups)).tolist(), np.eye(3)[emotions].tolist()
        )
        taken = step(
            Fscl(strength=1).objective(training, PARAMS), training, np.eye(3), np.zeros((3, 4))
        )
        assert np.isfinite(taken["loss"])
        assert np.isfinite(taken["features"]).all()


def test_the_plain_loss_is_beside_it_and_faces_weigh_as_they_do_there(
    group_training: GroupTraining, step: Step
) -> None:
    generator = np.random.default_rng(0)
    groups, emotions = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    logits, features = generator.normal(size=(4, 3)), generator.normal(size=(4, 5))
    training = group_training(
        members_of(groups).tolist(), np.eye(3)[emotions].tolist(), weight=[2, 0, 1, 1]
    )
    made: Any = Fscl(strength=0.5, projection=6).objective(training, PARAMS)
    taken = step(made, training, logits, features, rate=1e-6)
    hidden, out = (np.asarray(layer.kernel, np.float64) for layer in made.layers)
    assert out.shape == (5, 6)
    projected = np.maximum(features @ hidden, 0) @ out
    weight = np.array([2, 0, 1, 1], np.float32)
    contrastive = loss(projected, emotions, members_of(groups), weight)
    plain = (weight * cross_entropy(logits, training.targets)).mean()
    assert float(taken["loss"]) == pytest.approx(plain + 0.5 * contrastive, rel=1e-3)
    assert_allclose(taken["features"].shape, (4, 5))


def test_bad_settings_are_refused() -> None:
    for wrong in ({"strength": -0.1}, {"temperature": 0}, {"projection": 0}):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            Fscl.model_validate(wrong)
