from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.fairness.counts import Counts, GroupCounts
from fer_fairness.fairness.inference.differences import fit_differences
from fer_fairness.fairness.inference.draws import (
    Seed,
    bootstrap_counts,
    permutation_counts,
    resampled,
)
from fer_fairness.fairness.inference.gap_intervals import (
    GapEstimate,
    distance,
    drawn_values,
    gap_estimates,
    noise_corrected,
    value_at,
)
from fer_fairness.fairness.inference.intervals import Interval, percentile_interval
from fer_fairness.fairness.metrics.formulas import GapMetric, MetricWords, Tables, values_of
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS
from fer_fairness.fairness.metrics.group_metrics import accuracy
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.omnibus import among
from fer_fairness.params.inference import InferenceParameters

FEW_DRAWS = InferenceParameters(n_bootstrap=1300, n_permutations=300, n_power=60)
METRICS = tuple(GAP_METRICS[name] for name in ("accuracy_gap", "equal_opportunity_gap"))
RATIOS = tuple(metric for metric in GAP_METRICS.values() if not metric.higher_is_worse)

CLASS_SIZES = np.array([329, 74, 160, 1185, 478, 162, 680])
RECALLS = np.array([0.845, 0.608, 0.375, 0.916, 0.780, 0.710, 0.772])


def shares_of(recalls: Array) -> Array:
    """Shares of predictions, (..., c, k), with errors spread evenly."""
    n_classes = recalls.shape[-1]
    errors = (1 - recalls[..., np.newaxis]) / (n_classes - 1)
    return np.where(np.eye(n_classes, dtype=bool), recalls[..., np.newaxis], errors)


def counted_by(counts: Counts) -> GroupCounts:
    """Counts with names."""
    return GroupCounts(counts, tuple("xyz"[: len(counts)]), tuple("abcdefg"), n_missing=0)


def estimated(
    counts: Counts, metrics: Sequence[GapMetric], *, seed: Seed
) -> tuple[list[GapEstimate], list[float]]:
    """Estimates of metrics of one table, and their p-values."""
    values = [float(value) for value in values_of(metrics, counts)]
    functions = list(metrics)
    nulls = resampled(permutation_counts, counts, functions, n=300, seed=seed)
    differences = fit_differences(counted_by(counts))
    estimates = gap_estimates(differences, metrics, values, nulls, FEW_DRAWS, seed=seed)
    p_values = [
        float(among(distance(metric, np.array([value])), distance(metric, np.r_[value, null]))[0])
        for metric, value, null in zip(metrics, values, nulls, strict=True)
    ]
    return estimates, p_values


@dataclass(frozen=True)
class Simulated:
    """150 tables of genders: everything of shape (tables, metrics)."""

    truth: Array
    value: Array
    corrected: Array
    covered: Array
    naively_covered: Array


def simulated(lost_recall: float) -> Simulated:
    generator = np.random.default_rng(1)
    shares = shares_of(np.stack([RECALLS, RECALLS - lost_recall]))
    rows: list[tuple[list[float], ...]] = []
    for _ in range(150):
        people = generator.multinomial(CLASS_SIZES, [0.5, 0.5]).T
        counts = generator.multinomial(people, shares)
        truth, value = (
            [float(part) for part in values_of(METRICS, table)]
            for table in (people[..., np.newaxis] * shares, counts)
        )
        estimates, _ = estimated(counts, METRICS, seed=generator)
        functions = list(METRICS)
        replicates = resampled(bootstrap_counts, counts, functions, n=120, seed=generator)
        naive = [percentile_interval(part, 0.95) for part in replicates]
        intervals = [estimate.interval(0.05) for estimate in estimates]
        rows.append(
            (
                truth,
                value,
                [estimate.corrected for estimate in estimates],
                *(
                    [
                        float(one.low - 1e-9 <= true <= one.high + 1e-9)
                        for one, true in zip(found, truth, strict=True)
                    ]
                    for found in (intervals, naive)
                ),
            )
        )
    return Simulated(*(np.array(column) for column in zip(*rows, strict=True)))


@pytest.fixture(scope="module")
def without_difference() -> Simulated:
    return simulated(0.0)


@pytest.fixture(scope="module")
def eight_points_apart() -> Simulated:
    return simulated(0.08)


def test_intervals_hold_the_truth_where_nothing_differs(without_difference: Simulated) -> None:
    covered = without_difference.covered.mean(axis=0)
    assert np.all((covered >= 0.88) & (covered <= 1.0))


def test_intervals_hold_the_truth_of_a_planted_difference(eight_points_apart: Simulated) -> None:
    covered = eight_points_apart.covered.mean(axis=0)
    assert np.all((covered >= 0.88) & (covered <= 1.0))
    assert_allclose(eight_points_apart.truth[:, 1], 0.08)


def test_percentiles_of_resamples_would_miss_the_truth(without_difference: Simulated) -> None:
    assert without_difference.naively_covered[:, 1].mean() < 0.2


@pytest.mark.parametrize("planted", ["without_difference", "eight_points_apart"])
def test_what_noise_adds_is_taken_off(planted: str, request: pytest.FixtureRequest) -> None:
    found: Simulated = request.getfixturevalue(planted)
    truth = found.truth[:, 1].mean()
    assert abs(found.corrected[:, 1].mean() - truth) < abs(found.value[:, 1].mean() - truth) / 1.5


def test_corrected_values_of_no_difference_are_nearer_to_none(
    without_difference: Simulated,
) -> None:
    errors = [
        np.abs(part - without_difference.truth).mean(axis=0)
        for part in (without_difference.corrected, without_difference.value)
    ]
    assert np.all(errors[0] < errors[1])


ERRORS = (0.2, 0.1, 0.05, 0.01, 0.003, 0.0005, 0.0001)


@pytest.fixture(scope="module")
def any_estimates() -> list[tuple[GapMetric, GapEstimate, float, float]]:
    """Metric, estimate, p-value and value under equal treatment, of tables large and small."""
    generator = np.random.default_rng(2)
    metrics = list(GAP_METRICS.values())
    found = []
    for number in range(30):
        sizes = CLASS_SIZES // (2, 20, 60)[number % 3]
        groups = int(generator.integers(2, 4))
        recalls = np.tile(RECALLS, (groups, 1))
        recalls[0] -= generator.choice([0.0, 0.1, 0.3])
        people = generator.multinomial(sizes, generator.dirichlet(np.full(groups, 3.0))).T
        counts = generator.multinomial(people, shares_of(recalls))
        estimates, p_values = estimated(counts, metrics, seed=number)
        differences = fit_differences(counted_by(counts))
        alike = values_of(metrics, differences.expected(differences.alike_shares))
        found += list(zip(metrics, estimates, p_values, map(float, alike), strict=True))
    return [row for row in found if np.isfinite(row[1].corrected)]


def away(metric: GapMetric, interval: Interval) -> tuple[float, float]:
    """Ends in distances from the ideal, the nearer first."""
    ends = distance(metric, np.array([interval.low, interval.high]))
    return float(ends.min()), float(ends.max())


@pytest.mark.parametrize("error", ERRORS)
def test_interval_leaves_equal_treatment_out_exactly_where_the_test_rejects_it(
    any_estimates: list[tuple[GapMetric, GapEstimate, float, float]], error: float
) -> None:
    rejected = [p_value <= error for _, _, p_value, _ in any_estimates]
    left_out = [
        away(metric, estimate.interval(error))[0] > float(distance(metric, np.asarray(alike)))
        for metric, estimate, _, alike in any_estimates
    ]
    assert rejected == left_out
    assert any(rejected) or error < 1 / 301  # of 300 shuffles no p-value is smaller
    assert not all(rejected)


def test_intervals_hold_the_estimate_and_those_of_larger_errors(
    any_estimates: list[tuple[GapMetric, GapEstimate, float, float]],
) -> None:
    for _, estimate, _, _ in any_estimates:
        low = high = estimate.corrected
        for error in ERRORS:
            interval = estimate.interval(error)
            assert interval.low <= low <= high <= interval.high
            low, high = interval.low, interval.high
        narrow, wide = estimate.interval(ERRORS[0]), estimate.interval(ERRORS[-1])
        assert narrow.high - narrow.low < wide.high - wide.low


def test_the_estimate_alone_is_the_same_number() -> None:
    metrics = list(GAP_METRICS.values())
    people = np.stack([CLASS_SIZES // 3, CLASS_SIZES // 20])
    counts = np.random.default_rng(3).multinomial(people, shares_of(np.stack([RECALLS] * 2)))
    estimates, _ = estimated(counts, metrics, seed=5)
    alone = noise_corrected(counted_by(counts), metrics, seed=5)
    assert alone.tolist() == [estimate.corrected for estimate in estimates]
    assert alone.tolist() != noise_corrected(counted_by(counts), metrics, seed=6).tolist()
    few = noise_corrected(counted_by(counts), metrics, n=200, seed=5)
    assert_allclose(few, alone, atol=0.02)


def test_where_one_of_many_emotions_differs_the_noise_of_the_others_is_taken_off() -> None:
    generator = np.random.default_rng(8)
    metric = GAP_METRICS["equalized_odds_gap"]
    recalls = np.tile(RECALLS, (3, 1))
    recalls[2, 0] -= 0.4
    people = np.stack([CLASS_SIZES * 2 // 3, CLASS_SIZES // 6, CLASS_SIZES // 6])
    shares = shares_of(recalls)
    truth = float(metric(people[..., np.newaxis] * shares))
    tables = generator.multinomial(people, shares, size=(30, *people.shape))
    raw = metric(tables).mean() - truth
    estimates = [noise_corrected(counted_by(table), [metric], n=300, seed=1) for table in tables]
    assert abs(np.mean(estimates) - truth) < raw / 8


def test_groups_that_show_other_emotions_are_not_said_to_be_recognised_alike() -> None:
    # Treated alike, the second group still has the lower accuracy, for what it shows is harder.
    people = np.stack([CLASS_SIZES, CLASS_SIZES[::-1]]) * 3
    people[1, [2, 3]] = people[1, [3, 2]]
    shares = shares_of(np.stack([RECALLS, RECALLS]))
    counts = np.random.default_rng(6).multinomial(people, shares)
    truth = float(METRICS[0](people[..., np.newaxis] * shares))
    (estimate,), (p_value,) = estimated(counts, METRICS[:1], seed=0)
    assert p_value > 0.05
    assert (
        0.02 < estimate.interval(0.05).low <= truth <= estimate.interval(0.05).high < truth + 0.05
    )


def test_no_ratio_leaves_zero_to_one() -> None:
    generator = np.random.default_rng(3)
    for lost in (0.0, 0.3):
        people = generator.multinomial(CLASS_SIZES // 10, [0.2, 0.8]).T
        counts = generator.multinomial(people, shares_of(np.stack([RECALLS - lost, RECALLS])))
        for estimate in estimated(counts, RATIOS, seed=0)[0]:
            interval = estimate.interval(0.05)
            assert 0.0 <= interval.low <= interval.high <= 1.0
            assert 0.0 <= estimate.corrected <= 1.0


def test_gaps_and_ratios_of_the_same_scores_tell_the_same() -> None:
    people = np.stack([CLASS_SIZES, CLASS_SIZES])
    counts = np.rint(people[..., np.newaxis] * shares_of(np.stack([RECALLS, RECALLS - 0.1])))
    metrics = [GAP_METRICS[name] for name in ("accuracy_gap", "accuracy_ratio")]
    gap, ratio = estimated(counts.astype(np.int64), metrics, seed=0)[0]
    assert 0.0 < gap.interval(0.05).low < 0.1 < gap.interval(0.05).high < 0.2
    best = np.diagonal(counts[0]).sum() / counts[0].sum()
    assert_allclose(ratio.corrected, 1 - gap.corrected / best, atol=0.02)
    assert_allclose(ratio.interval(0.05).low, 1 - gap.interval(0.05).high / best, atol=0.02)
    assert ratio.interval(0.05).high < 1.0


def test_groups_exactly_alike_have_a_corrected_gap_of_none() -> None:
    counts = np.tile(np.rint(CLASS_SIZES[:, np.newaxis] * shares_of(RECALLS)), (2, 1, 1))
    for estimate in estimated(counts.astype(np.int64), METRICS, seed=0)[0]:
        assert_allclose([estimate.corrected, estimate.interval(0.05).low], 0.0, atol=1e-9)
        assert estimate.interval(0.05).high < 0.06


def test_estimates_are_those_of_their_seed() -> None:
    people = np.stack([CLASS_SIZES, CLASS_SIZES]) // 8
    counts = np.random.default_rng(4).multinomial(people, shares_of(np.stack([RECALLS] * 2)))
    first, again, other = (estimated(counts, METRICS, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(("measured", "drawn"), [(np.nan, np.nan), (0.3, np.nan), (np.nan, 0.3)])
def test_what_is_not_defined_has_no_interval(measured: float, drawn: float) -> None:
    def values(tables: Tables) -> Array:
        n = tables.cells.shape[-1]
        return np.full(n, drawn if n > 1 else measured)

    metric = GapMetric(values, "none", MetricWords("None", ""), group_score=accuracy)
    counts = np.full((2, 7, 7), 3)
    none, known = estimated(counts, [metric, METRICS[0]], seed=0)[0]
    assert np.isnan([none.interval(0.05).low, none.interval(0.05).high, none.corrected]).all()
    assert np.isfinite([known.interval(0.05).low, known.interval(0.05).high, known.corrected]).all()


def test_draws_at_given_shares_are_of_those_shares() -> None:
    people = np.stack([CLASS_SIZES, CLASS_SIZES])
    counted = GroupCounts(
        people[..., np.newaxis] // 7 * np.ones(7, dtype=np.int64), ("x", "y"), tuple("abcdefg"), 0
    )
    differences = fit_differences(counted)
    shares = shares_of(np.stack([RECALLS, RECALLS - 0.2]))
    (gaps,) = drawn_values(differences, shares, [METRICS[0]], n=400, seed=0, cells_at_once=10_000)
    assert gaps.shape == (400,)
    assert_allclose(gaps.mean(), 0.2, atol=0.01)


@pytest.mark.parametrize("metric", [METRICS[0], RATIOS[0]], ids=lambda metric: metric.name)
def test_distances_from_the_ideal_lead_back_to_the_values(metric: GapMetric) -> None:
    values = np.array([0.0, 0.25, 1.0])
    assert_allclose(value_at(metric, distance(metric, values)), values)
    assert distance(metric, np.asarray(metric.ideal)) == 0.0
    furthest = value_at(metric, np.array([1.7]))
    assert furthest == (metric.highest if metric.higher_is_worse else 0.0)


def test_the_worst_served_group_of_alike_ones_is_held_above_and_below() -> None:
    metric = GAP_METRICS["worst_group_accuracy"]
    generator = np.random.default_rng(11)
    shares = shares_of(np.array([0.9, 0.8, 0.7]))
    people = np.array([[150, 90, 60]] * 2)
    truth = float(values_of([metric], people[..., np.newaxis] * shares)[0])
    found = []
    for _ in range(150):
        estimates, _ = estimated(generator.multinomial(people, shares), [metric], seed=generator)
        found.append(estimates[0].interval(0.05))
    # Without everybody's level at its end, a bound lies above the truth in 13 of them.
    assert sum(interval.low > truth for interval in found) <= 2
    assert sum(interval.high < truth for interval in found) <= 12
