from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri

from fer_fairness.fairness.inference.curves import Curve, Noise, curve_of
from fer_fairness.fairness.metrics.reductions import Array

SPREAD = 0.02


def drawn(generator: np.random.Generator, truths: Array) -> tuple[Array, Array]:
    """A measure of two groups' distance: the size of a normal value around the truth."""
    measured = np.abs(truths + SPREAD * generator.standard_normal(len(truths)))
    return truths, measured - truths


def curve(measured: float, *, estimate: float | None = None, seed: int = 0) -> Curve:
    generator = np.random.default_rng(seed)
    alike = drawn(generator, np.zeros(4000))
    found = curve_of(
        measured=measured,
        estimate=measured if estimate is None else estimate,
        equal=0.0,
        shuffled=drawn(generator, np.zeros(4000))[1],
        alike=alike,
        scaled=drawn(generator, generator.uniform(0.0, 0.12, 6000)),
    )
    assert found is not None
    return found


@pytest.mark.parametrize("error", [0.2, 0.05, 0.001])
def test_far_from_equal_treatment_both_ends_are_normal(error: float) -> None:
    low, high = curve(0.2).ends(error)
    half = -ndtri(error / 2) * SPREAD
    assert_allclose([0.2 - low, high - 0.2], half, rtol=0.2)


@pytest.mark.parametrize("truth", [0.0, 0.02, 0.04, 0.08])
def test_ends_hold_the_truth_as_often_as_asked_for(truth: float) -> None:
    generator = np.random.default_rng(9)
    values = np.abs(truth + SPREAD * generator.standard_normal(150))
    ends = np.array([curve(value, seed=3).ends(0.1) for value in values])
    held = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
    assert 0.84 <= held <= 0.97


def test_ends_leave_equal_treatment_out_exactly_where_the_test_rejects_it() -> None:
    for measured in np.linspace(0.0, 0.12, 40):
        found = curve(measured)
        for error in (0.2, found.p_value, found.p_value * 0.999, 1e-4):
            assert (found.ends(error)[0] > 0.0) == (found.p_value <= error)


def test_ends_hold_the_estimate_wherever_it_lies() -> None:
    for estimate in (0.001, 0.05, 0.2):
        low, high = curve(0.05, estimate=estimate).ends(0.2)
        assert low <= estimate <= high


def test_beyond_all_draws_the_ends_go_with_the_measured_value() -> None:
    low, high = curve(0.9).ends(0.001)  # of 4000 shuffles none is as large
    assert 0.8 < low < 0.9 < high < 1.0


def test_how_well_everybody_is_served_is_unsure_at_both_ends() -> None:
    generator = np.random.default_rng(5)
    noise = SPREAD * generator.standard_normal(4000)
    found = curve_of(
        measured=0.2,
        estimate=0.2,
        equal=0.2,
        shuffled=0.2 + np.abs(noise) / 4,
        alike=(np.full(4000, 0.2), noise),
        scaled=drawn(generator, generator.uniform(0.2, 0.32, 6000)),
    )
    assert found is not None
    for error in (0.2, 0.05, 0.001):
        low, high = found.ends(error)
        half = -ndtri(error / 2) * SPREAD
        assert_allclose(0.2 - low, half, rtol=0.1)
        assert high - 0.2 >= 0.95 * half


NOTHING = np.array([])


@pytest.mark.parametrize(
    "missing",
    [
        {"measured": np.nan},
        {"estimate": np.nan},
        {"equal": np.nan},
        {"shuffled": NOTHING},
        {"alike": (NOTHING, NOTHING)},
        {"scaled": (NOTHING, NOTHING)},
    ],
    ids=lambda missing: next(iter(missing)),
)
def test_nothing_is_said_where_something_is_not_defined(missing: dict[str, Any]) -> None:
    drawn_tables = (np.zeros(10), np.full(10, 0.1))
    given: dict[str, Any] = {"measured": 0.1, "estimate": 0.1, "equal": 0.0}
    given |= {"shuffled": np.full(10, 0.1), "alike": drawn_tables, "scaled": drawn_tables}
    assert curve_of(**given) is not None
    assert curve_of(**(given | missing)) is None


def test_draws_that_always_give_the_same_are_no_obstacle() -> None:
    same = (np.zeros(1000), np.zeros(1000))
    found = curve_of(
        measured=0.0, estimate=0.0, equal=0.0, shuffled=np.zeros(100), alike=same, scaled=same
    )
    assert found is not None
    assert found.p_value == 1.0
    low, high = found.ends(0.05)
    assert low == 0.0
    assert high < 1e-9


def test_draws_in_which_a_metric_is_not_defined_are_left_out() -> None:
    noise = Noise(np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.01, np.nan], [0.02, 0.03]]))
    assert_allclose(noise.of(0), [[0.1, 0.3], [0.01, 0.02]])
    assert_allclose(noise.of(1), [[0.4], [0.03]])
