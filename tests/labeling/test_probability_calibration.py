import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling.assessment import expected_calibration_error
from fer_fairness.labeling.probability_calibration import (
    IsotonicCalibration,
    TemperatureCalibration,
    fit_calibration,
)
from fer_fairness.params.race_labeling import CalibrationName


def draw_logits(n: int, *, sureness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `sureness` times as large as the groups drawn from them deserve."""
    generator = np.random.default_rng(seed)
    honest = generator.normal(scale=1.5, size=(n, 4))
    cumulative = softmax(honest, axis=1).cumsum(axis=1)
    codes = (generator.random((n, 1)) > cumulative).sum(axis=1).clip(max=3)
    return honest * sureness, codes


def calibration_error(probabilities: np.ndarray, codes: np.ndarray) -> float:
    right = probabilities.argmax(axis=1) == codes
    return expected_calibration_error(probabilities.max(axis=1), right)


@pytest.mark.parametrize("name", ["temperature", "isotonic"])
def test_overconfidence_is_taken_back(name: CalibrationName) -> None:
    calibration = fit_calibration(name, *draw_logits(8000, sureness=4.0))
    logits, codes = draw_logits(8000, sureness=4.0, seed=1)
    assert calibration_error(softmax(logits, axis=1), codes) > 0.15
    assert calibration_error(calibration.apply(logits), codes) < 0.03


@pytest.mark.parametrize("name", ["temperature", "isotonic"])
@settings(deadline=None, max_examples=50)
@given(logits=arrays(np.float64, (5, 4), elements=st.floats(-700, 0)))
def test_probabilities_sum_to_one(name: CalibrationName, logits: np.ndarray) -> None:
    probabilities = fit_calibration(name, *draw_logits(300, sureness=3.0)).apply(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert (probabilities >= 0).all()
    assert (probabilities <= 1).all()


def test_a_temperature_keeps_the_order() -> None:
    logits, _ = draw_logits(200, sureness=1.0)
    np.testing.assert_array_equal(
        TemperatureCalibration(3.0).apply(logits).argsort(axis=1), logits.argsort(axis=1)
    )


def test_curves_that_all_say_no_leave_the_probabilities() -> None:
    never = (np.array([0.0, 1.0]), np.array([0.0, 0.0]))
    logits = np.log([[0.2, 0.8]])
    np.testing.assert_allclose(IsotonicCalibration((never, never)).apply(logits), [[0.2, 0.8]])


def test_isotonic_needs_some_of_each_group() -> None:
    with pytest.raises(InvalidInputError, match=r"1 of 3 groups have no face .* temperature"):
        fit_calibration("isotonic", np.zeros((4, 3)), np.array([0, 0, 1, 1]))
