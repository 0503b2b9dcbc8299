from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.fairness.label_noise.worlds import (
    CLASS_SIZES,
    RECALLS,
    Sample,
    answers_of,
    expected_labels,
    losing,
    sampled,
    two_groups,
)

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference.differences import fit_differences
from fer_fairness.fairness.inference.draws import permutation_counts, resampled
from fer_fairness.fairness.inference.gap_intervals import gap_estimates
from fer_fairness.fairness.label_noise.corrected_gaps import (
    CorrectedGap,
    _differences,
    _worth,
    corrected_gaps,
)
from fer_fairness.fairness.label_noise.inversion import by_true_group, inverse
from fer_fairness.fairness.metrics.formulas import GapMetric, MetricWords, Tables, values_of
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS
from fer_fairness.fairness.metrics.group_metrics import accuracy
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

FEW_DRAWS = InferenceParameters(n_bootstrap=1300, n_permutations=300)
METRICS = tuple(
    GAP_METRICS[name] for name in ("accuracy_gap", "equal_opportunity_gap", "accuracy_ratio")
)
MIX = np.array([0.4, 0.6])


def gaps_of(sample: Sample, *, seed: int = 0, compared: Array | None = None) -> list[CorrectedGap]:
    return corrected_gaps(
        sample.labelled,
        sample.everybody,
        sample.confusion,
        np.ones(len(sample.labelled), dtype=bool) if compared is None else compared,
        METRICS,
        FEW_DRAWS,
        seed=(seed,),
    )


@dataclass(frozen=True)
class Simulated:
    """Gaps in many samples, everything of shape (samples, metrics)."""

    truth: Array
    raw: Array
    value: Array
    corrected: Array
    covered: Array


@cache
def simulated(loss: float) -> Simulated:
    generator = np.random.default_rng(round(loss * 100))
    rows = []
    for number in range(70):
        recalls = losing(2, 0, loss)
        sample = sampled(recalls, two_groups(0.8), MIX, generator, held_out=600)
        truth = values_of(METRICS, sample.people[..., np.newaxis] * answers_of(recalls))
        found = gaps_of(sample, seed=number)
        ends = np.array([[one.interval.low, one.interval.high] for one in found])
        rows.append(
            (
                truth,
                values_of(METRICS, sample.labelled),
                [one.value for one in found],
                [one.estimate.corrected for one in found],
                (ends[:, 0] - 1e-9 <= truth) & (truth <= ends[:, 1] + 1e-9),
            )
        )
    return Simulated(*(np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)))


@pytest.mark.parametrize("loss", [0.0, 0.08])
def test_intervals_hold_the_gaps_between_true_groups(loss: float) -> None:
    # Of 70 intervals of 95 %, 61 or more hold the truth in 995 of a thousand series.
    assert np.all(simulated(loss).covered.mean(axis=0) >= 61 / 70)


def test_planted_gaps_come_back_where_labels_show_a_part() -> None:
    found = simulated(0.08)
    accuracy_gap, opportunity_gap, _ = range(3)
    assert found.raw.mean(axis=0)[accuracy_gap] < 0.055
    assert found.value.mean(axis=0)[accuracy_gap] == pytest.approx(0.08, abs=0.01)
    assert_allclose(found.corrected.mean(axis=0), found.truth.mean(axis=0), atol=0.015)
    # A mean of gaps is widened by noise, and the correction takes it off.
    assert found.value.mean(axis=0)[opportunity_gap] > 0.095


def test_where_nothing_differs_the_noise_of_the_inversion_is_taken_off() -> None:
    found = simulated(0.0)
    assert np.all(found.value.mean(axis=0)[:2] > found.raw.mean(axis=0)[:2])
    assert np.all(found.corrected.mean(axis=0)[:2] < found.value.mean(axis=0)[:2])
    assert found.corrected.mean(axis=0)[1] < 0.04 < found.value.mean(axis=0)[1]


def one_sample(loss: float = 0.1, held_out: int = 600, right: float = 0.8) -> Sample:
    return sampled(
        losing(2, 0, loss), two_groups(right), MIX, np.random.default_rng(4), held_out=held_out
    )


def test_values_are_those_of_the_counts_by_true_group() -> None:
    sample = one_sample()
    back = by_true_group(sample.labelled, inverse(sample.confusion.shares))
    accuracies = np.trace(back, axis1=1, axis2=2) / back.sum(axis=(1, 2))
    gap = gaps_of(sample)[0]
    # Cells below zero are cut off, which moves the value a little.
    assert gap.value == pytest.approx(abs(accuracies[0] - accuracies[1]), abs=0.02)
    assert gap.interval.low <= gap.estimate.corrected <= gap.interval.high


def test_labels_that_are_never_wrong_have_the_intervals_of_groups_that_are_known() -> None:
    sample = one_sample(right=1.0)
    counted = GroupCounts(sample.labelled, ("a", "b"), tuple("abcdefg"), n_missing=0)
    values = [float(value) for value in values_of(METRICS, counted.counts)]
    nulls = resampled(permutation_counts, counted.counts, list(METRICS), n=1300, seed=0)
    known = gap_estimates(fit_differences(counted), METRICS, values, nulls, FEW_DRAWS, seed=1)
    for one, value, estimate in zip(gaps_of(sample), values, known, strict=True):
        assert one.value == pytest.approx(value, abs=1e-6)
        assert one.estimate.corrected == pytest.approx(estimate.corrected, abs=0.02)
        assert one.interval.low == pytest.approx(estimate.interval(0.05).low, abs=0.03)
        assert one.interval.high == pytest.approx(estimate.interval(0.05).high, abs=0.03)


def test_intervals_are_wider_the_more_labels_are_wrong_and_the_fewer_were_held_out() -> None:
    sure, wrong, few = (
        gaps_of(one_sample(0.2, held_out, right))[0].interval
        for held_out, right in ((2000, 0.95), (2000, 0.7), (40, 0.7))
    )
    assert wrong.high - wrong.low > 1.2 * (sure.high - sure.low)
    assert few.high - few.low > 1.1 * (wrong.high - wrong.low)


def test_a_group_that_is_not_compared_takes_no_part_in_the_gap() -> None:
    recalls = np.stack([RECALLS, RECALLS - 0.05, RECALLS - 0.3])
    shares = np.hstack([np.full((3, 3), 0.1) + 0.7 * np.eye(3), np.zeros((3, 1))])
    sample = sampled(recalls, shares, np.array([0.45, 0.45, 0.1]), np.random.default_rng(0))
    every = gaps_of(sample)[0]
    without = gaps_of(sample, compared=np.array([True, True, False]))[0]
    assert every.value > 0.2
    assert without.value < 0.12
    assert without.interval.high < every.interval.high


def nothing_defined(tables: Tables) -> Array:
    return np.full(tables.cells.shape[-1], np.nan)


def test_a_metric_that_is_not_defined_has_no_estimate() -> None:
    sample = one_sample()
    metric = GapMetric(nothing_defined, "none", MetricWords("None", ""), group_score=accuracy)
    compared = np.ones(2, dtype=bool)
    counted = (sample.labelled, sample.everybody, sample.confusion, compared)
    none, known = corrected_gaps(*counted, [metric, METRICS[0]], FEW_DRAWS, seed=(0,))
    interval = none.interval
    assert np.isnan([none.value, none.estimate.corrected, interval.low, interval.high]).all()
    assert np.isfinite([known.value, known.estimate.corrected]).all()


def test_a_seed_gives_the_same_and_another_other_intervals() -> None:
    sample = one_sample()
    first, again, other = (gaps_of(sample, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first[0].value == other[0].value
    assert first[0].estimate != other[0].estimate


def test_people_tell_as_much_as_so_many_whose_groups_are_known() -> None:
    """The share that each counts for is their number by that of people of the same variance."""
    certain = np.full((2, 1, 1), 500.0)
    assert_allclose(_worth(certain, certain, np.eye(2)), 1.0)

    inverted = inverse(np.array([[0.8, 0.2], [0.2, 0.8]]))
    labelled = np.random.default_rng(0).poisson([440.0, 560.0], size=(20_000, 2))
    variance = (labelled @ inverted.T).var(axis=0)
    mean = np.array([440.0, 560.0])[:, np.newaxis, np.newaxis]
    people = np.array([400.0, 600.0])
    assert_allclose(
        _worth(people[:, np.newaxis, np.newaxis], mean, inverted), people / variance, rtol=0.05
    )


def test_differences_count_for_less_where_more_labels_are_wrong() -> None:
    people = np.array([0.4, 0.6])[:, np.newaxis] * CLASS_SIZES
    estimated = people[..., np.newaxis] * answers_of(losing(2, 0, 0.06))
    found = []
    for right in (1.0, 0.65):
        shares = two_groups(right)
        labelled, _ = expected_labels(estimated, shares)
        inverted = inverse(shares[:, :-1])
        found.append(_differences(estimated, labelled, inverted, np.array([True, True])))
    sure, unsure = (np.abs(one.estimate - one.pooled).max() for one in found)
    assert unsure < 0.8 * sure
    for one in found:  # but as many people are drawn
        assert_allclose(one.people, people, atol=0.5)
