from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.mitigation.calibration import OffsetProblem, fit_calibration, fit_temperatures


def drawn(n: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits, true classes drawn from them, and groups; those of the second are twice as large."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 1.5, (n, 3))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = (shares.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    belongs = np.eye(2)[generator.integers(0, 2, n)]
    return logits * (1 + belongs[:, 1:]), true, belongs


def problem(sharpness: float = 0.0, **changes: float) -> OffsetProblem:
    logits, true, belongs = drawn(300)
    return OffsetProblem(
        logits[:, None],
        true,
        belongs / belongs.sum(axis=0),
        np.array([0.3, 0.7]),
        np.array([[True, True, True], [True, False, True], [True, True, True]]),
        **{"strength": 0.1, "group_strength": 0.2, "sharpness": sharpness, **changes},
    )


@pytest.mark.parametrize("sharpness", [0.0, 5.0])
def test_the_gradient_is_that_of_the_value(sharpness: float) -> None:
    posed = problem(sharpness)
    at = np.random.default_rng(1).normal(0, 1, 8)
    _, gradient = posed._value(at)
    steps = 1e-5 * np.eye(8)
    found = [(posed._value(at + step)[0] - posed._value(at - step)[0]) / 2e-5 for step in steps]
    assert_allclose(gradient, found, atol=1e-7)


def test_offsets_that_are_not_free_stay_and_strong_penalties_shrink_the_others() -> None:
    assert problem().solution()[1, 1] == 0
    assert np.abs(problem().solution()).max() > 0.01
    assert np.abs(problem(strength=1e4, group_strength=1e4).solution()).max() < 1e-4


def test_a_sharp_problem_serves_the_worst_group_better() -> None:
    def losses(posed: OffsetProblem) -> np.ndarray:
        offsets = posed.solution()
        logs = posed.logits + offsets[0] + offsets[1:]
        logs -= np.log(np.exp(logs).sum(axis=2, keepdims=True))
        rows = np.arange(len(posed.true))
        return np.asarray(-(posed.weights * logs[rows, :, posed.true]).sum(axis=0))

    posed = problem(strength=1e-6, group_strength=1e3)
    # The first group's logits need another offset than the second's, and it counts less.
    first = (posed.weights[:, 0] > 0)[:, None, None]
    posed = replace(posed, logits=posed.logits + first * np.array([2.0, 0, 0]))
    assert losses(replace(posed, sharpness=50.0)).max() < losses(posed).max() - 0.01


def test_every_group_has_the_temperature_that_its_logits_were_multiplied_with() -> None:
    logits, true, belongs = drawn()
    common, of_groups = fit_temperatures(logits, true, belongs, strength=0.0)
    assert_allclose(of_groups, [1, 2], rtol=0.1)
    assert 1 < common < 2
    _, drawn_to = fit_temperatures(logits, true, belongs, strength=1e6)
    assert_allclose(drawn_to, common, rtol=1e-3)
    assert fit_temperatures(logits, true, belongs * [1, 0], strength=1.0)[1][1] == common


def test_offsets_of_a_group_undo_what_was_added_to_its_logits() -> None:
    logits, true, belongs = drawn()
    moved = logits / (1 + belongs[:, 1:])
    moved[:, 0] += belongs[:, 1]
    _, offsets = fit_calibration(moved, true, belongs, strength=1e-3)
    difference = offsets[1] - offsets[0]
    assert_allclose(difference[0] - difference[1:].mean(), -1, atol=0.25)
