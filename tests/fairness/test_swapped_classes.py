"""Another order of classes is told where it explains predictions far better, and only there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.fairness.swapped_classes import order_warnings, swapped_classes

CLASSES = np.array(["anger", "disgust", "fear", "happiness", "sadness"])


def answers(accuracy: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes of 50 faces a class, and those of a model that is right as often as said."""
    draws = np.random.default_rng(seed)
    true = np.repeat(np.arange(5), 50)
    return true, np.where(draws.random(250) < accuracy, true, draws.integers(0, 5, 250))


@given(st.permutations(range(5)), st.integers(0, 1000))
def test_the_order_is_found_whatever_it_is(order: list[int], seed: int) -> None:
    true, predicted = answers(0.8, seed)
    found = swapped_classes(CLASSES[true], CLASSES[np.array(order)[predicted]])

    expected = {str(CLASSES[new]): str(CLASSES[old]) for old, new in enumerate(order) if new != old}
    assert (found[0] if found else {}) == expected


@given(st.floats(0, 1), st.integers(0, 1000))
def test_a_weak_model_in_the_right_order_is_not_suspected(accuracy: float, seed: int) -> None:
    true, predicted = answers(accuracy, seed)
    assert swapped_classes(CLASSES[true], CLASSES[predicted]) is None


def test_a_class_that_is_always_mistaken_for_another_is_no_order() -> None:
    true, predicted = answers(0.9, 0)
    predicted[true == 0] = 3
    assert swapped_classes(CLASSES[true], CLASSES[predicted]) is None


def test_one_answer_to_everybody_is_no_order() -> None:
    true = np.array([0] * 60 + [1] * 20 + [2] * 20)
    for answer in range(3):
        assert swapped_classes(CLASSES[true], CLASSES[np.full(100, answer)]) is None


@given(st.integers(0, 1000), st.integers(0, 9), st.sampled_from([-1, 1]))
def test_codes_that_are_counted_from_different_numbers_are_told(
    seed: int, n_of_rare: int, step: int
) -> None:
    true, predicted = answers(0.8, seed)
    kept = np.flatnonzero((true > 0) | (np.cumsum(true == 0) <= n_of_rare))
    codes = [*map(str, true[kept] + 1)], [*map(str, predicted[kept] + 1 - step)]

    found = swapped_classes(*codes)
    assert found is not None
    assert {int(other) - int(own) for own, other in found[0].items()} == {step}
    assert f"if {step:+d} is added" in order_warnings(*codes, "")[0]


@given(st.floats(0, 1), st.integers(0, 1000), st.integers(0, 9))
def test_a_weak_model_of_a_rare_class_is_not_suspected(
    accuracy: float, seed: int, n_of_rare: int
) -> None:
    true, predicted = answers(accuracy, seed)
    kept = np.flatnonzero((true > 0) | (np.cumsum(true == 0) <= n_of_rare))
    assert swapped_classes(CLASSES[true[kept]], CLASSES[predicted[kept]]) is None
