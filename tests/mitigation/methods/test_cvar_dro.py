from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.mitigation.methods.cvar_dro import CvarDro
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.training import TrainingParameters


def loss(alpha: float, losses: list[float], weight: list[float] | None = None) -> float:
    """Of faces whose cross-entropy is as given."""
    n = len(losses)
    targets = np.tile(np.array([[1, 0]], np.float32), (n, 1))
    training = TrainingSet(np.zeros((n, 8, 8, 1), np.uint8), np.arange(n), targets)
    made = CvarDro(alpha=alpha).objective(training, TrainingParameters())
    # The loss of a face of logits (0, z) is log(1 + exp(z)).
    others = np.log(np.expm1(np.array(losses)))
    logits = np.column_stack([np.zeros(n), others]).astype(np.float32)
    weights = None if weight is None else np.array(weight, np.float32)
    return float(made.loss(Seen({}, targets, logits, None, weights)))


def worst_mean(alpha: float, losses: list[float]) -> float:
    """By Rockafellar and Uryasev's formula: the least of eta + mean(max(loss - eta, 0)) / alpha."""
    values = np.array(losses)
    return min(eta + float(np.maximum(values - eta, 0).mean()) / alpha for eta in losses)


@pytest.mark.parametrize(
    ("alpha", "expected"),
    # Worst of 5: two whole; 2.5 faces, of which the third counts half; less than one face.
    [(0.4, (5 + 4) / 2), (0.5, (5 + 4 + 0.5 * 3) / 2.5), (0.1, 5.0), (1.0, 3.0)],
)
def test_examples_by_hand(alpha: float, expected: float) -> None:
    assert loss(alpha, [2.0, 5.0, 1.0, 4.0, 3.0]) == pytest.approx(expected, rel=1e-5)


some_losses = st.lists(st.floats(0.01, 8), min_size=1, max_size=12)


@given(losses=some_losses, alpha=st.floats(0.05, 1))
def test_it_is_the_conditional_value_at_risk(losses: list[float], alpha: float) -> None:
    found = loss(alpha, losses)
    assert_allclose(found, worst_mean(alpha, losses), rtol=1e-3)
    assert np.mean(losses) * 0.999 <= found <= max(losses) * 1.001


@given(faces=st.lists(st.tuples(st.floats(0.01, 8), st.integers(0, 4)), min_size=1, max_size=8))
def test_a_weight_of_three_is_the_same_as_three_faces(faces: list[tuple[float, int]]) -> None:
    losses, weights = [one for one, _ in faces], [n for _, n in faces]
    if not sum(weights):
        return
    repeated = [one for one, n in faces for _ in range(n)]
    found = loss(0.3, losses, [float(n) for n in weights])
    assert_allclose(found, loss(0.3, repeated) * sum(weights) / len(faces), rtol=1e-3)


def test_only_the_worst_have_a_gradient(gradient: Callable[..., np.ndarray]) -> None:
    targets = np.tile(np.array([[1, 0]], np.float32), (5, 1))
    training = TrainingSet(np.zeros((5, 8, 8, 1), np.uint8), np.arange(5), targets)
    made = CvarDro(alpha=0.5).objective(training, TrainingParameters())
    logits = np.array([[0, 0.1], [0, 3], [0, -1], [0, 2], [0, 1]], np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    counted = np.array([0, 1, 0, 1, 0.5])[:, None] / 2.5
    assert_allclose(gradient(made, logits, targets), counted * (shares - targets), atol=1e-6)


def test_a_face_that_annotators_disagree_about_is_not_the_worst_for_that(
    gradient: Callable[..., np.ndarray],
) -> None:
    votes = np.array([[1, 0], [0.5, 0.5]], np.float32)
    answers = np.array([[0.2, 0], [0.1, 0]], np.float32)
    training = TrainingSet(np.zeros((2, 8, 8, 1), np.uint8), np.arange(2), votes)
    made = CvarDro(alpha=0.5).objective(training, TrainingParameters(logit_adjustment=0.0))
    losses = cross_entropy(answers.astype(np.float64), votes)
    assert losses[1] > losses[0]
    moved = np.abs(gradient(made, answers, votes)).sum(axis=1) > 0
    assert moved.tolist() == [True, False]


def test_a_share_of_nothing_is_refused() -> None:
    for alpha in (0.0, 1.5):
        with pytest.raises(ValidationError, match="alpha"):
            CvarDro(alpha=alpha)
