from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import log_softmax, softmax

from fer_fairness.mitigation.methods.domain_discriminative import DomainDiscriminative
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(6, 3)).astype(np.float32)
FEATURES = GENERATOR.normal(size=(6, 4)).astype(np.float32)
KERNEL = GENERATOR.normal(size=(4, 2, 3)).astype(np.float32)
BIAS = GENERATOR.normal(size=(2, 3)).astype(np.float32)
MEMBERS = [[1.0, 0], [1.0, 0], [0, 1.0], [0, 1.0], [0.25, 0.75], [0, 0]]
TARGETS = np.eye(3)[[0, 0, 1, 2, 1, 2]]


def objective(training: TrainingSet, **settings: Any) -> Any:
    import keras

    made: Any = DomainDiscriminative.model_validate(settings).objective(training, PARAMS)
    made.build(keras.Model(), n_features=4, seed=0)
    made.kernel.assign(KERNEL)
    made.bias.assign(BIAS)
    return made


def log_pairs(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the probabilities of group and emotion, `(n, groups, k)`, and the priors."""
    totals = np.einsum("n,ng,nc->gc", weights, np.array(MEMBERS), TARGETS)
    priors = np.maximum(totals / totals.sum(), 1e-9)
    said = np.einsum("nf,fgc->ngc", FEATURES, KERNEL) + BIAS
    logits = LOGITS[:, None] + log_softmax(said, axis=1) + np.log(priors)
    return log_softmax(logits.reshape(6, -1), axis=1).reshape(logits.shape), priors


@pytest.mark.parametrize("weight", [None, [2.0, 1.0, 0.5, 3.0, 1.0, 0.3]])
def test_the_loss_is_the_cross_entropy_of_one_softmax_over_group_and_emotion(
    group_training: GroupTraining, weight: list[float] | None
) -> None:
    training = group_training(MEMBERS, TARGETS.tolist(), weight)
    made = objective(training)
    weights = np.array(weight or [1.0] * 6)
    found = made.loss(
        Seen(training.columns, training.targets, LOGITS, FEATURES, weight and weights)
    )
    losses = -np.einsum("ng,nc,ngc->n", np.array(MEMBERS), TARGETS, log_pairs(weights)[0])
    losses[5] = cross_entropy(LOGITS[5:].astype(float), TARGETS[5:])[0]
    assert float(found) == pytest.approx((weights * losses).mean(), rel=1e-5)


def test_the_models_logits_are_the_answer_of_the_paper() -> None:
    log_p, priors = log_pairs(np.ones(6))
    full = (np.exp(log_p) / priors).sum(axis=1)
    assert_allclose(full / full.sum(axis=1, keepdims=True), softmax(LOGITS, axis=1), rtol=1e-5)


def test_at_first_groups_are_told_by_their_priors_and_the_model_moves_as_with_adjusted_logits(
    group_training: GroupTraining, step: Step
) -> None:
    training = group_training(MEMBERS, TARGETS.tolist())
    made: Any = DomainDiscriminative().objective(training, PARAMS)
    taken = step(made, training, LOGITS, FEATURES, rate=1e-4)
    _, priors = log_pairs(np.ones(6))
    known = np.array([1, 1, 1, 1, 1, 0])[:, None]
    shifted = LOGITS + known * np.log(priors.sum(axis=0) / 2)
    assert_allclose(taken["logits"], (softmax(shifted, axis=1) - TARGETS) / 6, rtol=1e-2, atol=1e-3)


@given(strength=st.floats(0, 1))
def test_strength_goes_from_the_plain_loss_to_the_methods(
    group_training: GroupTraining, strength: float
) -> None:
    known = group_training(MEMBERS[:5], TARGETS[:5].tolist())

    def loss(strength: float) -> float:
        made = objective(known, strength=strength)
        found = made.loss(Seen(known.columns, known.targets, LOGITS[:5], FEATURES[:5]))
        return float(found)

    plain = cross_entropy(LOGITS[:5].astype(float), TARGETS[:5]).mean()
    assert loss(0.0) == pytest.approx(plain, rel=1e-6)
    # Convex in the adjustment, and linear in the rest.
    assert loss(strength) <= (1 - strength) * plain + strength * loss(1.0) + 1e-5


def test_a_single_group_is_logit_adjustment(group_training: GroupTraining) -> None:
    training = group_training([[1.0]] * 6, TARGETS.tolist())
    import keras

    made: Any = DomainDiscriminative().objective(training, PARAMS)
    made.build(keras.Model(), n_features=4, seed=0)
    found = made.loss(Seen(training.columns, training.targets, LOGITS, FEATURES))
    expected = cross_entropy(LOGITS + np.log(TARGETS.mean(axis=0)), TARGETS).mean()
    assert float(found) == pytest.approx(expected, rel=1e-5)
