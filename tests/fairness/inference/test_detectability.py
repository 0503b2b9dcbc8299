import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.fairness.counts import Counts, GroupCounts
from fer_fairness.fairness.inference.corrections import holm
from fer_fairness.fairness.inference.detectability import Family, minimum_detectable
from fer_fairness.fairness.inference.differences import Differences, fit_differences
from fer_fairness.fairness.inference.draws import counts_of_shares, permutation_counts, resampled
from fer_fairness.fairness.inference.gap_intervals import distance
from fer_fairness.fairness.inference.gap_tests import permutation_test
from fer_fairness.fairness.metrics.calibration import calibration_counts, calibration_gap_metric
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

PARAMS = InferenceParameters(n_bootstrap=300, n_permutations=1000, n_power=300)
METRICS = tuple(GAP_METRICS.values())
ALL = Family(tuple(range(len(METRICS))), len(METRICS))
ACCURACY_GAP = list(GAP_METRICS).index("accuracy_gap")
EQUAL_OPPORTUNITY_GAP = list(GAP_METRICS).index("equal_opportunity_gap")

PEOPLE = np.array([[150, 60, 40], [100, 50, 30]])
SHARES = np.array([[0.9, 0.05, 0.05], [0.2, 0.7, 0.1], [0.2, 0.3, 0.5]])


def fitted(people: Counts) -> Differences:
    counts = np.rint(people[..., np.newaxis] * SHARES).astype(np.int64)
    return fit_differences(GroupCounts(counts, ("x", "y"), ("a", "b", "c"), n_missing=0))


def loss_for(differences: Differences, group: int, metric: GapMetric, wanted: float) -> float:
    """The least loss of recall that brings a metric so far beyond equal treatment."""
    losses = np.linspace(0.0, 1.0, 1001)
    planted = np.stack([differences.planted(group, float(loss)) for loss in losses])
    (values,) = values_of([metric], differences.expected(planted))
    beyond = distance(metric, values) - distance(metric, values[:1])
    return float(losses[np.flatnonzero(beyond >= wanted)[0]])


def nulls_of(counts: Counts, seed: int = 0) -> list[Array]:
    functions = list(METRICS)
    return resampled(permutation_counts, counts, functions, n=PARAMS.n_permutations, seed=seed)


def detectable(
    people: Counts, *families: Family, params: InferenceParameters = PARAMS, seed: int = 0
) -> Array:
    differences = fitted(people)
    nulls = nulls_of(np.rint(differences.expected(differences.shares(0.0))).astype(np.int64))
    return minimum_detectable(differences, METRICS, nulls, families or (ALL,), params, seed=seed)


def found_in(counts: Counts) -> Array:
    """Which metrics the permutation tests and Holm's correction find in one table."""
    p_values = [
        permutation_test(float(value), null, higher_is_worse=metric.higher_is_worse).p_value
        for metric, value, null in zip(
            METRICS, values_of(METRICS, counts), nulls_of(counts), strict=True
        )
    ]
    return np.asarray(holm(p_values) <= PARAMS.significance, dtype=np.float64)


@pytest.mark.parametrize("place", [ACCURACY_GAP, EQUAL_OPPORTUNITY_GAP])
def test_a_difference_of_the_size_stated_is_found_as_often_as_stated(place: int) -> None:
    differences = fitted(PEOPLE)
    wanted = float(detectable(PEOPLE)[place])
    loss = loss_for(differences, 1, METRICS[place], wanted)
    tables = counts_of_shares(differences.people, differences.planted(1, loss), 200, seed=9)
    found = np.mean([found_in(table)[place] for table in tables])
    assert abs(found - PARAMS.power) <= 0.1


def test_more_people_let_smaller_differences_be_seen() -> None:
    few, many = detectable(PEOPLE), detectable(16 * PEOPLE)
    gaps = [ACCURACY_GAP, EQUAL_OPPORTUNITY_GAP]
    assert np.all(many[np.isfinite(few)] < few[np.isfinite(few)])
    assert_allclose(few[gaps] / many[gaps], 4.0, rtol=0.25)  # the root of 16


def test_many_people_let_a_difference_in_every_metric_be_seen() -> None:
    # Of a loss in all classes alike little is left in a share given a class: it takes a wide one.
    assert np.isfinite(detectable(400 * PEOPLE)).all()


def test_more_power_and_less_significance_ask_for_larger_differences() -> None:
    usual = detectable(PEOPLE)[ACCURACY_GAP]
    often = PARAMS.model_copy(update={"power": 0.95})
    lenient = PARAMS.model_copy(update={"significance": 0.2})
    assert usual < detectable(PEOPLE, params=often)[ACCURACY_GAP]
    assert usual > detectable(PEOPLE, params=lenient)[ACCURACY_GAP]


def test_shuffles_too_few_for_so_many_tests_find_nothing() -> None:
    assert np.isnan(detectable(PEOPLE, Family(ALL.places, 100 * ALL.n_tests))).all()


def test_where_few_people_have_little_recall_to_lose_nothing_could_be_seen() -> None:
    counts = np.tile(np.full((3, 3), 2), (2, 1, 1))
    differences = fit_differences(GroupCounts(counts, ("x", "y"), ("a", "b", "c"), n_missing=0))
    found = minimum_detectable(differences, METRICS, nulls_of(counts), (ALL,), PARAMS, seed=0)
    assert np.isnan(found[[ACCURACY_GAP, EQUAL_OPPORTUNITY_GAP]]).all()


def test_later_families_are_looked_at_where_the_first_finds_something() -> None:
    alone = detectable(PEOPLE, Family((ACCURACY_GAP,), 1))[ACCURACY_GAP]
    blocked = detectable(
        PEOPLE, Family((EQUAL_OPPORTUNITY_GAP,), 10_000), Family((ACCURACY_GAP,), 1)
    )
    assert np.isfinite(alone)
    assert np.isnan(blocked[[ACCURACY_GAP, EQUAL_OPPORTUNITY_GAP]]).all()


def test_what_is_detectable_is_that_of_its_seed() -> None:
    assert_allclose(detectable(PEOPLE, seed=3), detectable(PEOPLE, seed=3), rtol=0)


def test_metrics_that_are_not_defined_have_no_detectable_difference() -> None:
    differences = fitted(PEOPLE)
    nulls = [np.full(9, np.nan) for _ in METRICS]
    found = minimum_detectable(differences, METRICS, nulls, (ALL,), PARAMS, seed=0)
    assert np.isnan(found).all()


def test_calibration_has_a_detectable_difference() -> None:
    generator = np.random.default_rng(0)
    groups = generator.choice(["x", "y"], 1500)
    confidence = generator.uniform(0.5, 1.0, 1500)
    labels = np.where(generator.random(1500) < confidence, "calm", "fear")
    counted = calibration_counts(
        ["calm"] * 1500, labels, confidence, groups, classes=("calm", "fear")
    )
    metric = calibration_gap_metric(counted.bin_confidence)
    nulls = resampled(permutation_counts, counted.counts, [metric], n=PARAMS.n_permutations, seed=0)
    (found,) = minimum_detectable(
        fit_differences(counted), [metric], nulls, (Family((0,), 1),), PARAMS, seed=0
    )
    assert 0.03 < found < 0.15
