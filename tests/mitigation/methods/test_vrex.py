from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.mitigation.methods.vrex import Vrex
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)


def loss(training: TrainingSet, logits: np.ndarray, **settings: Any) -> float:
    made = Vrex.model_validate(settings).objective(training, PARAMS)
    weight = training.columns.get("weight")
    return float(made.loss(Seen(training.columns, training.targets, logits, None, weight)))


@given(st.lists(st.integers(-1, 2), min_size=1, max_size=10))
def test_it_is_the_mean_loss_and_the_variance_over_groups(
    group_training: GroupTraining, groups: list[int]
) -> None:
    codes = np.array(groups)
    generator = np.random.default_rng(len(groups))
    logits = generator.normal(size=(len(codes), 3)).astype(np.float32)
    training = group_training(
        np.equal(codes[:, None], np.arange(3)).astype(float).tolist(),
        np.eye(3)[generator.integers(3, size=len(codes))].tolist(),
    )
    losses = cross_entropy(logits.astype(float), training.targets)
    means = [losses[codes == g].mean() for g in range(3) if (codes == g).any()]
    expected = losses.mean() + 10 * (np.var(means) if means else 0)
    assert loss(training, logits) == pytest.approx(expected, rel=1e-4)


def test_memberships_and_weights_weigh_faces_and_traces_of_a_group_count_little(
    group_training: GroupTraining,
) -> None:
    logits = np.array([[2.0, 0], [0, 1], [0.5, 0]], np.float32)
    members = [[1, 0], [0.9, 0.1], [0, 0]]
    training = group_training(members, [[1, 0]] * 3, weight=[3, 1, 1])
    losses = cross_entropy(logits.astype(float), training.targets)
    means = np.array([(3 * losses[0] + 0.9 * losses[1]) / 3.9, losses[1]])
    trust = np.array([1, 0.1]) / 1.1
    variance = (trust * (means - trust @ means) ** 2).sum()
    expected = (np.array([3, 1, 1]) * losses).mean() + 2 * variance
    assert loss(training, logits, strength=2.0) == pytest.approx(expected, rel=1e-5)


def test_groups_that_annotators_disagree_about_differently_need_not_have_the_same_loss(
    group_training: GroupTraining,
) -> None:
    votes = np.array([[0.98, 0.02], [0.5, 0.5]])
    training = group_training([[1, 0], [0, 1]], votes.tolist())
    as_voted = np.log(votes).astype(np.float32)
    plain = cross_entropy(as_voted.astype(float), training.targets)
    assert plain[1] > 5 * plain[0]
    assert loss(training, as_voted, strength=100.0) == pytest.approx(plain.mean(), rel=1e-4)


def test_traces_of_a_single_group_do_not_vary(group_training: GroupTraining) -> None:
    logits = np.array([[2.0, 0], [0, 1]], np.float32)
    training = group_training([[0.5, 0], [0, 0]], [[1, 0]] * 2)
    plain = cross_entropy(logits.astype(float), training.targets).mean()
    assert loss(training, logits) == pytest.approx(plain, rel=1e-5)
