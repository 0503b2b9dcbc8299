"""MMD, and with it what CORAL shares: distances of cells, by other definitions."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist

from fer_fairness.mitigation.methods.coral import Coral
from fer_fairness.mitigation.methods.mmd import Mmd
from fer_fairness.modeling import TrainingSet
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Penalty = Callable[..., float]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
GROUPS = np.array([0, 0, 0, 1, 1, 1, 2, 2, -1, 0, 0, 1, 1])
CLASSES = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
FEATURES = np.random.default_rng(0).normal(size=(13, 4)).astype(np.float32)


def hard(group_training: GroupTraining) -> TrainingSet:
    members = (GROUPS[:, None] == np.arange(3)).astype(float)
    return group_training(members.tolist(), np.eye(2)[CLASSES].tolist())


def squared_mmd(first: np.ndarray, second: np.ndarray) -> float:
    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        squares = cdist(a, b, "sqeuclidean")
        return float(sum(np.exp(-(10.0**power) * squares).mean() for power in range(-3, 4)))

    return kernel(first, first) + kernel(second, second) - 2 * kernel(first, second)


def squared_coral(first: np.ndarray, second: np.ndarray) -> float:
    means = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).mean()
    return float(means + ((np.cov(first.T) - np.cov(second.T)) ** 2).mean())


@pytest.mark.parametrize(("method", "of"), [(Mmd, squared_mmd), (Coral, squared_coral)])
def test_it_is_the_mean_over_classes_and_pairs_of_groups(
    group_training: GroupTraining,
    penalty: Penalty,
    method: type[Mmd | Coral],
    of: Callable[..., float],
) -> None:
    pairs = []
    for label in range(2):
        cells = [FEATURES[(g == GROUPS) & (label == CLASSES)] for g in range(3)]
        pairs += [of(a, b) for a, b in combinations(cells, 2) if len(a) and len(b)]
    assert len(pairs) == 4
    found = penalty(method, hard(group_training), FEATURES)
    assert found == pytest.approx(np.mean(pairs), rel=1e-4)


@pytest.mark.parametrize("method", [Mmd, Coral])
def test_groups_of_the_same_features_are_at_distance_zero_whatever_their_emotions(
    group_training: GroupTraining, penalty: Penalty, method: type[Mmd | Coral]
) -> None:
    # Group 0 has thrice as many faces of class 0: within a class the features are the same.
    classes = [0, 0, 0, 1, 0, 1]
    features = np.array([[1.0, 0.0]] * 3 + [[0, 2.0], [1.0, 0.0], [0, 2.0]], np.float32)
    training = group_training([[1, 0]] * 4 + [[0, 1]] * 2, np.eye(2)[classes].tolist())
    assert penalty(method, training, features) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("method", [Mmd, Coral])
def test_a_step_brings_the_groups_nearer_and_stays_finite(
    group_training: GroupTraining, penalty: Penalty, step: Step, method: type[Mmd | Coral]
) -> None:
    training = hard(group_training)
    logits = np.zeros((13, 2), np.float32)
    made = method(strength=1.0).objective(training, PARAMS)
    moved = step(made, training, logits, FEATURES)["features"]
    assert np.isfinite(moved).all()
    assert_allclose(moved[8], 0, atol=1e-7)
    nearer = penalty(method, training, FEATURES - 0.1 * moved)
    assert nearer < penalty(method, training, FEATURES)
