from typing import Any

import numpy as np

from fer_fairness.modeling.averaging import STEPS_BETWEEN, WeightAverage


class Weights:
    """Stands for a model."""

    def __init__(self, *values: np.ndarray) -> None:
        self.values = list(values)

    def get_weights(self) -> list[np.ndarray]:
        return self.values


def after(momentum: float, *, first: float, then: float, n_steps: int) -> float:
    average = WeightAverage([np.array([first])], momentum)
    model: Any = Weights(np.array([then]))
    for step in range(1, n_steps + 1):
        average.observe(model, step)
    return float(average.values[0][0])


def test_every_fourth_step_enters_with_the_momentum_of_four() -> None:
    assert STEPS_BETWEEN == 4
    assert after(0.5, first=0.0, then=1.0, n_steps=3) == 0.0
    # min(.5, 5/14) = 5/14 at step 4, min(.5, 9/18) = .5 at step 8.
    fourth = 1 - (5 / 14) ** 4
    assert np.isclose(after(0.5, first=0.0, then=1.0, n_steps=4), fourth)
    assert np.isclose(after(0.5, first=0.0, then=1.0, n_steps=8), 1 - 0.5**4 * (1 - fourth))


def test_the_initial_weights_are_soon_forgotten() -> None:
    assert after(0.999, first=1.0, then=0.0, n_steps=20) < 1e-4


def test_a_constant_stays_and_the_weights_handed_over_are_not_changed() -> None:
    first = np.array([2.0], np.float32)
    average = WeightAverage([first], 0.9)
    model: Any = Weights(np.array([3.0], np.float32))
    average.observe(model, 4)
    assert first[0] == 2.0
    assert average.values[0].dtype == np.float32
    assert after(0.9, first=2.0, then=2.0, n_steps=40) == 2.0


def test_whole_numbers_are_copied() -> None:
    average = WeightAverage([np.array(0, np.int32)], 0.9)
    model: Any = Weights(np.array(7, np.int32))
    average.observe(model, 4)
    assert average.values[0] == 7
    assert average.values[0].dtype == np.int32


def test_an_average_has_begun_with_the_first_weights_taken_in() -> None:
    average = WeightAverage([np.zeros(1)], 0.9)
    model: Any = Weights(np.ones(1))
    for step in range(1, 9):
        average.observe(model, step)
        assert average.has_begun(step) == (average.values[0][0] > 0)
