import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.mitigation.methods.balanced_softmax import BalancedSoftmax
from fer_fairness.modeling import TrainingSet
from fer_fairness.params.fine_tuning import FineTuningParameters

COUNTS = np.array([6.0, 3.0, 1.0])
FINE_TUNING = FineTuningParameters.model_validate({"training": {"logit_adjustment": 0.15}})


def losses(
    method: BalancedSoftmax, targets: np.ndarray, logits: np.ndarray, votes: np.ndarray
) -> np.ndarray:
    """Losses of faces after training on `votes`."""
    n = len(votes)
    training = TrainingSet(np.zeros((n, 8, 8, 1), np.uint8), np.arange(n), votes.astype(np.float32))
    made = method.objective(training, method.training_parameters(FINE_TUNING))
    inputs = (np.atleast_2d(values).astype(np.float32) for values in (targets, logits))
    return np.asarray(made.face_losses({}, *inputs))


VOTES = np.repeat(np.eye(3), COUNTS.astype(int), axis=0)
logits_of = st.lists(st.floats(-5, 5), min_size=3, max_size=3).map(np.array)


@given(logits=logits_of, target=st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(np.array))
def test_the_loss_is_that_of_the_balanced_softmax(logits: np.ndarray, target: np.ndarray) -> None:
    target = target / target.sum()
    balanced = COUNTS * np.exp(logits) / (COUNTS * np.exp(logits)).sum()
    found = losses(BalancedSoftmax(), target, logits, VOTES)
    assert_allclose(found, -(target * np.log(balanced)).sum(), rtol=1e-4)


def test_shares_are_those_of_the_votes() -> None:
    votes = np.array([[0.8, 0.1, 0.1], [0.4, 0.5, 0.1]])
    logits, target = np.array([0.3, -0.2, 0.1]), np.array([0.0, 1.0, 0.0])
    adjusted = logits + 0.5 * np.log([0.6, 0.3, 0.1])
    expected = np.logaddexp.reduce(adjusted) - adjusted[1]
    found = losses(BalancedSoftmax(tau=0.5), target, logits, votes)
    assert_allclose(found, expected, rtol=1e-5)


def test_an_emotion_without_faces_takes_no_part_and_gives_a_number() -> None:
    votes = VOTES[:9]
    target, logits = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 3.0])
    assert_allclose(losses(BalancedSoftmax(), target, logits, votes), np.log(3), rtol=1e-3)
    assert np.isfinite(losses(BalancedSoftmax(), np.array([0.0, 0.0, 1.0]), logits, votes)).all()


def test_tau_takes_the_place_of_what_all_are_trained_with() -> None:
    for tau, expected in ((1.0, 1.0), (0.0, 0.0), (None, 0.15)):
        training = BalancedSoftmax(tau=tau).training_parameters(FINE_TUNING)
        assert training == FINE_TUNING.training.model_copy(update={"logit_adjustment": expected})


def test_a_tau_that_is_said_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="give tau instead"):
        BalancedSoftmax(fine_tuning={"training": {"logit_adjustment": 0.5}})
    BalancedSoftmax(fine_tuning={"training": {"max_epochs": 5}, "freezing": {"enabled": False}})
