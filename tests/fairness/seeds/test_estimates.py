import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm, ttest_1samp

from fer_fairness.fairness.metrics.group_metrics import Array, Counts, accuracy
from fer_fairness.fairness.seeds.draws import CrossedPredictions, resampled_crossed
from fer_fairness.fairness.seeds.estimates import mean_over_seeds


def simulated(
    n_seeds: int, generator: np.random.Generator, *, shared: float, by_seed: float
) -> CrossedPredictions:
    """Two variants on 150 people of one class, recognised in 7 of 10 cases."""
    n = 150
    noise = (
        np.sqrt(shared) * generator.standard_normal((n, 1, 1))
        + np.sqrt((1 - shared) / 2) * generator.standard_normal((n, 2, 1))
        + np.sqrt((1 - shared) / 2) * generator.standard_normal((n, 2, n_seeds))
    )
    seeds = by_seed * generator.standard_normal((1, 2, n_seeds))
    right = noise + seeds > norm.ppf(0.3) * np.sqrt(1 + by_seed**2)
    return CrossedPredictions(
        groups=np.zeros(n, dtype=np.int64),
        true=np.zeros(n, dtype=np.int64),
        predicted=np.where(right, 0, 1).reshape(n, -1),
        n_groups=1,
        n_classes=2,
    )


def overall(counts: Counts) -> Array:
    return accuracy(counts)[..., 0]


@pytest.mark.parametrize("by_seed", [0.0, 0.1], ids=["no noise of seeds", "noise of seeds"])
@pytest.mark.parametrize("n_seeds", [3, 5, 10])
def test_intervals_cover_the_mean_over_seeds_and_people(n_seeds: int, by_seed: float) -> None:
    generator = np.random.default_rng(n_seeds)
    errors, halves = [], []
    for _ in range(200):
        people = simulated(n_seeds, generator, shared=0.6, by_seed=by_seed)
        values = overall(people.counts())
        (drawn,) = resampled_crossed(people, [overall], n=80, seed=generator)
        one = mean_over_seeds(values[:n_seeds], drawn[:, :n_seeds], 0.95)
        difference = mean_over_seeds(
            values[n_seeds:] - values[:n_seeds], drawn[:, n_seeds:] - drawn[:, :n_seeds], 0.95
        )
        errors.append([one.value - 0.7, difference.value])
        halves.append([found.interval.high - found.value for found in (one, difference)])
    covered = (np.abs(errors) <= halves).mean(axis=0)
    # 200 simulations: 95 % +- 1.5 %. Without the noise of people it is 47 to 93 %.
    assert np.all(covered >= 0.91), covered
    assert np.all(covered <= 0.99), covered


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=10).filter(lambda v: np.std(v) > 1e-3))
def test_without_noise_of_people_it_is_the_t_interval(values: list[float]) -> None:
    found = mean_over_seeds(np.array(values), np.tile(values, (50, 1)), 0.95)
    reference = ttest_1samp(values, 0.0)
    expected = reference.confidence_interval(0.95)
    assert_allclose([found.interval.low, found.interval.high], np.array(expected))
    assert found.p_value == pytest.approx(reference.pvalue)
    assert found.seed_share == pytest.approx(1.0)
    assert found.seed_standard_deviation == pytest.approx(np.std(values, ddof=1))


def test_what_seeds_do_alone_with_people_is_counted_once() -> None:
    generator = np.random.default_rng(9)
    values = np.array([0.70, 0.72, 0.77])
    shared, own = generator.normal(0, 0.02, (4000, 1)), generator.normal(0, 0.03, (4000, 3))
    found = mean_over_seeds(values, values + shared + own, 0.95)
    seeds = values.var(ddof=1) / 3
    assert found.seed_share == pytest.approx(seeds / (seeds + 0.02**2), rel=0.05)
    # The same by the sum of two-way clustering: people, plus seeds, minus what is in both.
    replicates = values + shared + own
    of_mean = replicates.mean(axis=1).var(ddof=1)
    both = (replicates - replicates.mean(axis=1, keepdims=True)).var(axis=0, ddof=1).sum() / 6
    assert found.seed_share == pytest.approx(seeds / (of_mean + seeds - both), rel=1e-6)


@given(st.integers(0, 10_000), st.integers(2, 6), st.floats(0, 0.2))
def test_the_p_value_agrees_with_the_interval(draw: int, n_seeds: int, noise: float) -> None:
    generator = np.random.default_rng(draw)
    values = generator.normal(0.1, 0.1, n_seeds)
    replicates = values + generator.normal(0, noise, (60, 1))
    found = mean_over_seeds(values, replicates, 0.95)
    assert (found.p_value < 0.05) is not (found.interval.low <= 0 <= found.interval.high)
    at_p = mean_over_seeds(values, replicates, 1 - found.p_value)
    assert min(abs(at_p.interval.low), abs(at_p.interval.high)) < 1e-6


def test_a_difference_that_cannot_be_chance_has_a_p_value_of_zero() -> None:
    found = mean_over_seeds(np.full(3, 0.5), np.full((9, 3), 0.5), 0.95)
    assert (found.p_value, found.seed_share) == (0.0, 0.0)
