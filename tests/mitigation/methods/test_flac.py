from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation.methods.flac import Flac, closeness_divergence
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)


def closeness(values: np.ndarray) -> np.ndarray:
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
    squared = ((unit[:, None] - unit) ** 2).sum(axis=2)
    return np.asarray(1 / (1 + np.sqrt(squared + 1e-6)))


def reference(
    features: np.ndarray, emotions: np.ndarray, members: np.ndarray, weight: np.ndarray
) -> float:
    """As the paper tells it, pair by pair."""
    near, alike = closeness(features), closeness(members)
    known = np.flatnonzero(members.any(axis=1))
    if not known.size:
        return 0.0
    among = alike[np.ix_(known, known)]
    middle = (among.max() + among.min()) / 2
    total, counted = 0.0, 0.0
    for i in known:
        pairs = [
            j
            for j in known
            if (emotions[i] == emotions[j] and alike[i, j] < middle)
            or (emotions[i] != emotions[j] and alike[i, j] > middle)
        ]
        if pairs:
            p, q = (1 - alike)[i, pairs], near[i, pairs]
            p, q = p / (p.sum() + 1e-7), q / (q.sum() + 1e-7)
            total += weight[i] * ((p - q) * np.log(p / q)).sum()
            counted += weight[i] * len(pairs)
    return total / counted if counted else 0.0


def divergence(*arrays: np.ndarray | None) -> float:
    given = [None if one is None else one.astype(np.float32) for one in arrays]
    return float(closeness_divergence(*given))


@given(
    people=st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 2)), min_size=1, max_size=10),
    seed=st.integers(0, 99),
)
def test_it_is_the_divergence_over_the_pairs_that_tell_most(
    people: list[tuple[int, int]], seed: int
) -> None:
    groups, emotions = (np.array(column) for column in zip(*people, strict=True))
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(len(people), 4))
    weight = generator.uniform(0.5, 2, len(people))
    members = np.equal(groups[:, None], np.arange(3)).astype(float)
    found = divergence(features, np.eye(3)[emotions], members, weight)
    assert found == pytest.approx(
        reference(features, emotions, members, weight), rel=1e-2, abs=1e-5
    )


def test_predicted_groups_are_compared_by_their_probabilities() -> None:
    generator = np.random.default_rng(0)
    features, emotions = generator.normal(size=(8, 4)), np.arange(8) % 2
    members = generator.dirichlet([0.5, 0.5, 0.5], 8)
    found = divergence(features, np.eye(2)[emotions], members, None)
    assert found == pytest.approx(reference(features, emotions, members, np.ones(8)), rel=1e-3)


@pytest.mark.parametrize(
    "members",
    [np.zeros((4, 2)), np.eye(2)[[0, 0, 0, 0]], np.vstack([np.eye(2)[:1], np.zeros((3, 2))])],
    ids=["none known", "one group", "one face known"],
)
def test_without_pairs_it_is_nothing_and_has_no_gradient(
    group_training: GroupTraining, step: Step, members: np.ndarray
) -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(4, 3)).astype(np.float32)
    targets = np.eye(2)[[0, 0, 0, 0]]
    training = group_training(members.tolist(), targets.tolist())
    if not members.any():
        assert divergence(features, targets, members, None) == 0
        return
    made: Any = Flac().objective(training, PARAMS)
    logits = generator.normal(size=(4, 2)).astype(np.float32)
    taken = step(made, training, logits, features)
    assert float(taken["loss"]) == pytest.approx(cross_entropy(logits, targets).mean(), rel=1e-5)
    assert_allclose(taken["features"], 0)


def test_faces_of_one_emotion_come_closer_across_groups(
    group_training: GroupTraining, step: Step
) -> None:
    generator = np.random.default_rng(2)
    features = generator.normal(size=(8, 3)).astype(np.float32)
    groups, emotions = np.arange(8) % 2, np.arange(8) // 4
    training = group_training(np.eye(2)[groups].tolist(), np.eye(2)[emotions].tolist())
    made: Any = Flac(strength=1.0).objective(training, PARAMS)
    taken = step(made, training, np.zeros((8, 2), np.float32), features)
    after = features - 0.5 * taken["features"]
    across = (emotions[:, None] == emotions) & (groups[:, None] != groups)
    within = (emotions[:, None] != emotions) & (groups[:, None] == groups)
    before, then = closeness(features), closeness(after)
    assert then[across].mean() > before[across].mean()
    assert then[within].mean() < before[within].mean()


def test_features_of_zeros_have_a_gradient(group_training: GroupTraining, step: Step) -> None:
    training = group_training(np.eye(2).tolist() * 2, np.eye(2)[[0, 0, 1, 1]].tolist())
    made: Any = Flac().objective(training, PARAMS)
    taken = step(made, training, np.zeros((4, 2), np.float32), np.zeros((4, 3), np.float32))
    assert np.isfinite(taken["features"]).all()
