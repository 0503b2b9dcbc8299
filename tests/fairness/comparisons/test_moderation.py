import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import polygamma, stdtrit

from fer_fairness.fairness.comparisons.estimates import seed_means
from fer_fairness.fairness.comparisons.moderation import (
    FEWEST_METHODS,
    FEWEST_SEEDS,
    moderated,
    squared_correlation,
    trigamma_inverse,
)
from fer_fairness.fairness.metrics.reductions import Array


def values_of(deviations: Array, generator: np.random.Generator, n_seeds: int) -> Array:
    """Values of one metric with these standard deviations over seeds, shape (seeds, rows, 1)."""
    return deviations[:, np.newaxis] * generator.standard_normal((n_seeds, len(deviations), 1))


@pytest.mark.parametrize(
    ("value", "argument"),
    # Trigamma of 1, 1/2 and 2: pi^2 / 6, pi^2 / 2 and pi^2 / 6 - 1.
    [(np.pi**2 / 6, 1.0), (np.pi**2 / 2, 0.5), (np.pi**2 / 6 - 1, 2.0)],
)
def test_trigamma_is_inverted_where_its_values_are_known(value: float, argument: float) -> None:
    assert trigamma_inverse(value) == pytest.approx(argument, rel=1e-12)


@given(st.floats(1e-6, 1e6))
def test_trigamma_is_inverted_anywhere(value: float) -> None:
    assert polygamma(1, trigamma_inverse(value)) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("prior_freedom", [3.0, 8.0])
@pytest.mark.parametrize("n_seeds", [3, 5])
def test_very_many_methods_tell_the_prior_that_their_variances_were_drawn_from(
    n_seeds: int, prior_freedom: float
) -> None:
    """Smyth's model: 1 / variance is chi-square over its degrees of freedom, here for a scale 1."""
    generator = np.random.default_rng(n_seeds)
    n = 20_000
    deviations = np.sqrt(prior_freedom / generator.chisquare(prior_freedom, n))
    values = values_of(deviations, generator, n_seeds)
    # Without a row's own variance behind it, the moderated one is the weighted prior's.
    values[:, 0] = 0.0
    found = moderated(values, np.full((n, 1), 1.0 / n_seeds), n)
    assert found.freedom[1, 0] == pytest.approx(prior_freedom + n_seeds - 1, rel=0.1)
    share = prior_freedom / (prior_freedom + n_seeds - 1)
    of_prior = np.exp(np.log(deviations**2).mean())
    assert found.variances[0, 0] * n_seeds == pytest.approx(share * of_prior, rel=0.1)


@given(st.integers(0, 10_000), st.integers(FEWEST_SEEDS, 6), st.integers(FEWEST_METHODS, 20))
def test_no_method_is_called_less_noisy_than_it_was_seen(draw: int, n_seeds: int, n: int) -> None:
    generator = np.random.default_rng(draw)
    values = values_of(np.exp(generator.standard_normal(n)), generator, n_seeds)
    found = moderated(values, np.full((n, 1), 0.1), n)
    assert np.all(found.variances >= values.var(axis=0, ddof=1) / n_seeds - 1e-15)
    assert np.all(found.freedom >= n_seeds - 1)


@pytest.mark.parametrize(
    ("n_seeds", "n_methods"), [(2, 40), (3, FEWEST_METHODS - 1), (5, FEWEST_METHODS - 1)]
)
def test_too_few_seeds_or_methods_are_left_as_they_are(n_seeds: int, n_methods: int) -> None:
    values = values_of(np.ones(n_methods), np.random.default_rng(0), n_seeds)
    found = moderated(values, np.full((n_methods, 1), 0.1), n_methods)
    assert_array_equal(found.variances, values.var(axis=0, ddof=1) / n_seeds)
    assert_array_equal(found.freedom, n_seeds - 1.0)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.7, 0.9])
@pytest.mark.parametrize("n_seeds", [3, 5])
def test_the_correlation_is_the_one_whose_mean_squared_cosine_was_seen(
    n_seeds: int, correlation: float
) -> None:
    generator = np.random.default_rng(n_seeds)
    first, other = generator.standard_normal((2, n_seeds, 200_000))
    second = correlation * first + np.sqrt(1 - correlation**2) * other
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    seen = (
        (first * second).sum(axis=0) ** 2 / (first**2).sum(axis=0) / (second**2).sum(axis=0)
    ).mean()
    two = np.zeros((n_seeds, 2))
    two[0], two[1, 1] = [1.0, np.sqrt(seen)], np.sqrt(1 - seen)
    assert squared_correlation(two) == pytest.approx(correlation**2, abs=0.01)


@pytest.mark.parametrize("n_methods", [8, 40])
def test_few_methods_are_not_trusted_with_how_alike_they_are(n_methods: int) -> None:
    # The standard error of the variance of logs of chi-square over two degrees of freedom: their
    # cumulants are pi^2 / 6 and pi^4 / 15. Below it nobody knows the spread.
    error = np.sqrt((np.pi**4 / 15 + 2 * (np.pi**2 / 6) ** 2) / n_methods)
    most = 2 + 2 * trigamma_inverse(error)
    reached = []
    for draw in range(40):
        values = values_of(np.ones(n_methods), np.random.default_rng(draw), 3)
        reached.append(moderated(values, np.full((n_methods, 1), 0.1), n_methods).freedom[0, 0])
    assert 0.8 * most < max(reached) <= most


def test_methods_that_are_one_method_tell_no_more_than_one() -> None:
    generator = np.random.default_rng(3)
    one = generator.standard_normal((5, 1, 1))
    found = moderated(one * np.ones((1, 30, 1)), np.full((30, 1), 0.01), 30)
    assert_allclose(found.freedom, 4.0, rtol=0.01)
    apart = moderated(generator.standard_normal((5, 30, 1)), np.full((30, 1), 0.01), 30)
    assert np.all(apart.freedom > 8.0)


def test_the_noise_of_a_control_in_all_differences_is_no_new_knowledge() -> None:
    generator = np.random.default_rng(4)
    methods, control = (
        generator.standard_normal((5, 30, 1)),
        4.0 * generator.standard_normal((5, 1, 1)),
    )
    own = np.full((30, 1), 0.01)
    apart, against = moderated(methods, own, 30), moderated(methods - control, own, 30)
    # Nearly all of each difference is the control, seen on four degrees of freedom.
    assert against.freedom[0, 0] < 6.0 < apart.freedom[0, 0]


def test_a_method_that_hardly_changes_anything_is_not_drawn_to_the_others() -> None:
    generator = np.random.default_rng(5)
    deviations = np.full(30, 1.0)
    deviations[:10] = 0.01
    values = values_of(deviations, generator, 5)
    found = moderated(values, 0.5 * deviations[:, np.newaxis] ** 2 / 5, 30)
    assert np.all(found.variances[:10] < 0.01 * found.variances[10:].min())
    assert found.freedom[0, 0] > 8.0


def test_rows_that_are_not_defined_or_never_vary_are_left_out() -> None:
    generator = np.random.default_rng(6)
    values = values_of(np.ones(20), generator, 3)
    values[:, 3] = np.nan
    values[:, 4] = 0.7
    own = np.full((20, 1), 0.1)
    own[5] = 0.0
    found = moderated(values, own, 20)
    assert np.isnan(found.variances[3, 0])
    assert found.variances[4, 0] > 0.0  # three that agree may do so by accident
    assert found.variances[5, 0] == pytest.approx(values[:, 5, 0].var(ddof=1) / 3)
    assert found.freedom[5, 0] == 2.0
    kept = [place for place in range(20) if place not in (3, 4, 5)]
    others = moderated(values[:, kept], own[kept], 20)
    assert_allclose(found.variances[kept], others.variances)


def test_metrics_are_moderated_apart() -> None:
    values = np.random.default_rng(7).standard_normal((4, 12, 3)) * [1.0, 10.0, 0.1]
    own = np.tile([0.1, 10.0, 0.001], (12, 1))
    together = moderated(values, own, 12)
    for metric in range(3):
        alone = moderated(values[..., [metric]], own[:, [metric]], 12)
        assert_array_equal(together.variances[:, [metric]], alone.variances)
        assert_array_equal(together.freedom[:, [metric]], alone.freedom)


@pytest.mark.parametrize("kind", ["alike", "spread", "one diverges", "two kinds", "heavy tails"])
@pytest.mark.parametrize("n_seeds", [3, 5])
def test_intervals_hold_the_truth_and_hardly_anything_is_found_by_chance(
    n_seeds: int, kind: str
) -> None:
    """Differences of 24 methods to a control where none differs, and `own` tells nothing."""
    generator = np.random.default_rng(n_seeds)
    n, n_families = 24, 300
    nothing = np.zeros((n, 1))
    held, held_by_last, found, widths = [], [], [], []
    for _ in range(n_families):
        values = of_kind(kind, n_seeds, n, generator)
        means = seed_means(values, nothing, nothing + 0.05 / n_seeds, n)
        within = np.abs(means.values) <= means.half_widths(0.05)
        corrected = means.half_widths(0.05 / n)
        alone = stdtrit(n_seeds - 1, 1 - 0.025 / n) * values.std(axis=0, ddof=1) / np.sqrt(n_seeds)
        held.append(within.mean())
        held_by_last.append(within[-1])
        found.append((np.abs(means.values) > corrected).any())
        widths.append(np.median(corrected) / np.median(alone))
    assert np.mean(held) >= 0.935
    assert np.mean(held_by_last) >= (0.85 if kind == "one diverges" else 0.9)
    assert np.mean(found) <= 0.065  # 5 %, of 300 families
    # What it is for: intervals at the level of one test of many.
    assert np.mean(widths) < (0.6 if n_seeds == 3 else 0.9)


def of_kind(kind: str, n_seeds: int, n: int, generator: np.random.Generator) -> Array:
    """Differences of `n` methods to a control without effects, shape (seeds, n, 1)."""
    noise, scale = generator.standard_normal((n_seeds, n + 1, 1)), np.ones((n + 1, 1))
    if kind == "spread":
        scale = np.exp(generator.standard_normal((n + 1, 1)))
    elif kind == "one diverges":
        scale[-1] = 5.0
    elif kind == "two kinds":
        of_kinds = generator.standard_normal((n_seeds, 2, 1))
        noise = noise / 3 + of_kinds[:, np.arange(n + 1) % 2]
    elif kind == "heavy tails":
        noise = generator.standard_t(3, noise.shape)
    values = scale * noise
    return np.asarray(values[:, 1:] - values[:, :1])
