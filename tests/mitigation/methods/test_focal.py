from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.mitigation.methods.focal import Focal
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.params.training import DistillationParameters, TrainingParameters

N_CLASSES = 3
SET = TrainingSet(
    images=np.zeros((4, 8, 8, 1), np.uint8),
    image_index=np.arange(4),
    targets=np.eye(N_CLASSES, dtype=np.float32)[[0, 0, 1, 2]],
)


def objective(gamma: float, **settings: Any) -> Objective:
    return Focal(gamma=gamma).objective(SET, TrainingParameters(**settings))


def losses(made: Objective, targets: Any, logits: Any, **batch: Any) -> np.ndarray:
    inputs = (np.asarray(values, np.float32) for values in (targets, logits))
    return np.asarray(made.face_losses(batch, *inputs))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return np.asarray(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


def test_examples_of_the_paper() -> None:
    # Section 3.2: with gamma 2 an example of probability 0.9 counts 100 times less than under
    # cross-entropy, one of about 0.968 1000 times less.
    made = objective(2.0)
    for probability, times in ((0.9, 100), (0.968, 1000)):
        rest = (1 - probability) / 2
        found = losses(made, [[1.0, 0.0, 0.0]], np.log([[probability, rest, rest]]))[0]
        assert -np.log(probability) / found == pytest.approx(times, rel=0.03)


shares = st.lists(st.floats(0.01, 1.0), min_size=N_CLASSES, max_size=N_CLASSES)
some_logits = st.lists(st.floats(-6, 6), min_size=N_CLASSES, max_size=N_CLASSES)


@given(votes=shares, logits=some_logits, gamma=st.floats(0.1, 5))
def test_a_face_counts_as_the_mean_over_its_votes(
    votes: list[float], logits: list[float], gamma: float
) -> None:
    shares = np.array([votes]) / sum(votes)
    log_p = log_softmax(np.array([logits]))
    expected = -(shares * (1 - np.exp(log_p)) ** gamma * log_p).sum(axis=1)
    made = objective(gamma)
    found = losses(made, shares, [logits])
    assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
    alone = [losses(made, [one], [logits])[0] for one in np.eye(N_CLASSES)]
    assert_allclose(found, shares @ alone, rtol=1e-3, atol=1e-6)
    assert found <= losses(objective(0.0), shares, [logits]) + 1e-5


def test_smoothing_and_adjustment_are_in_it_and_teachers_beside_it() -> None:
    targets, logits = np.array([[1.0, 0.0, 0.0]]), np.array([[1.0, 0.3, -0.5]])
    made = objective(2.0, label_smoothing=0.3, logit_adjustment=1.0)
    log_p = log_softmax(logits + np.log([0.5, 0.25, 0.25]))
    expected = -(np.array([0.8, 0.1, 0.1]) * (1 - np.exp(log_p)) ** 2 * log_p).sum()
    assert_allclose(losses(made, targets, logits), expected, rtol=1e-5)

    taught = objective(2.0, distillation=DistillationParameters(weight=0.25, temperature=1.0))
    same = losses(taught, targets, logits, teacher_logits=logits.astype(np.float32))
    assert_allclose(same, 0.75 * losses(objective(2.0), targets, logits), rtol=1e-5)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_a_face_that_is_recognised_beyond_float32_has_a_gradient(
    gamma: float, gradient: Callable[..., np.ndarray]
) -> None:
    logits, targets = (np.array([row], np.float32) for row in ([60, -60, -60], [1, 0, 0]))
    assert_allclose(gradient(objective(gamma), logits, targets), 0, atol=1e-6)


def test_a_negative_exponent_is_refused() -> None:
    with pytest.raises(ValidationError, match="gamma"):
        Focal(gamma=-1.0)
