import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ndtr

from fer_fairness.fairness.comparisons.step_down import corrected
from fer_fairness.fairness.metrics.reductions import Array

LEVEL = 0.05


def chance(n_tests: int, alike: float = 0.0, seed: int = 0, n: int = 1999) -> Array:
    """Even draws that vary together, as two-sided p-values."""
    generator = np.random.default_rng(seed)
    own = np.sqrt(1 - alike) * generator.standard_normal((n, n_tests))
    together = np.sqrt(alike) * generator.standard_normal((n, 1)) + own
    return np.asarray(2 * ndtr(-np.abs(together)))


def one_block(p_values: Array, draws: Array) -> Array:
    """Corrected p-values of primary outcomes alone."""
    n = len(p_values)
    primary, blocks = np.ones(n, dtype=bool), np.zeros(n, dtype=np.int64)
    return corrected(p_values, draws, primary, blocks, LEVEL).p_values


def test_independent_tests_are_corrected_as_by_sidak() -> None:
    p_values = np.array([0.004, 0.3, 0.5, 0.9])
    found = one_block(p_values, chance(4, n=19_999))
    assert_allclose(found[0], 1 - (1 - 0.004) ** 4, rtol=0.15)


def test_tests_that_are_one_are_not_corrected() -> None:
    found = one_block(np.full(20, 0.03), np.repeat(chance(1, n=9999), 20, axis=1))
    assert_allclose(found, 0.03, atol=0.006)


@given(st.integers(0, 500), st.integers(1, 12), st.floats(0, 0.95))
def test_findings_levels_and_p_values_are_one_event(draw: int, n: int, alike: float) -> None:
    generator = np.random.default_rng(draw)
    p_values = generator.random(n) ** 4
    primary, blocks = generator.random(n) < 0.5, generator.integers(0, 3, n)
    found = corrected(p_values, chance(n, alike, draw, n=399), primary, blocks, LEVEL)
    assert np.array_equal(found.p_values <= LEVEL, p_values < found.levels)
    assert np.all(found.p_values >= p_values)
    assert np.all(found.levels <= LEVEL)


@given(st.integers(0, 500), st.integers(2, 12))
def test_a_smaller_p_value_is_never_corrected_to_a_larger_one(draw: int, n: int) -> None:
    p_values = np.random.default_rng(draw).random(n) ** 4
    found = one_block(p_values, chance(n, 0.3, draw, n=399))
    assert np.all(np.diff(found[np.argsort(p_values)]) >= 0)


def test_what_is_found_makes_room_for_the_next() -> None:
    """The second of two needs no correction any more once the first is found."""
    assert one_block(np.array([1e-6, 0.03]), chance(2))[1] <= LEVEL
    assert one_block(np.array([0.2, 0.03]), chance(2))[1] > LEVEL


@pytest.mark.parametrize("opened", [True, False])
def test_others_are_looked_at_behind_a_primary_finding_of_their_block(*, opened: bool) -> None:
    p_values = np.array([1e-6 if opened else 0.4, 1e-9, 1e-6])
    primary, blocks = np.array([True, False, True]), np.array([0, 0, 1])
    found = corrected(p_values, chance(3), primary, blocks, LEVEL)
    assert bool(found.p_values[1] <= LEVEL) is opened
    assert found.p_values[2] <= LEVEL
    if not opened:
        assert (found.p_values[1], found.levels[1]) == (1.0, 0.0)


def test_what_is_no_test_counts_not() -> None:
    with_nan = one_block(np.array([0.03, np.nan]), chance(2))
    assert with_nan[0] == one_block(np.array([0.03]), chance(2)[:, :1])[0]
    assert np.isnan(with_nan[1])


def test_false_findings_are_as_rare_as_allowed_behind_real_ones() -> None:
    """Blocks with a real primary difference open others in which nothing differs."""
    generator = np.random.default_rng(5)
    blocks = np.repeat(np.arange(6), 4)
    primary = np.tile([True, False, False, False], 6)
    real = primary & (blocks < 3)
    wrong = []
    for number in range(300):
        z = np.sqrt(0.5) * (generator.standard_normal() + generator.standard_normal(24))
        p_values = np.where(real, 1e-12, 2 * ndtr(-np.abs(z)))
        found = corrected(p_values, chance(24, 0.5, number, n=399), primary, blocks, LEVEL)
        wrong.append((found.p_values[~real] <= LEVEL).any())
    assert np.mean(wrong) <= 0.085
