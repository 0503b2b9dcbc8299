import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from fer_fairness.fairness.counts import Counts, PairedCounts
from fer_fairness.fairness.inference.draws import Seed
from fer_fairness.fairness.inference.paired import (
    PairedDifference,
    levelled_down,
    paired_differences,
)
from fer_fairness.fairness.metrics import GAP_METRICS, GapMetric

JOINT = arrays(np.int64, (2, 2, 2, 2), elements=st.integers(1, 9))
METRICS = [GAP_METRICS[name] for name in ("accuracy_gap", "xu_fairness", "equal_opportunity_gap")]


def joint(counts: Counts) -> PairedCounts:
    groups = tuple("xyz"[: len(counts)])
    return PairedCounts(counts, groups, ("a", "b"), n_missing=0)


def paired_difference(
    table: PairedCounts, metric: GapMetric, *, n: int, seed: Seed = 0
) -> PairedDifference:
    return paired_differences(table, [metric], n=n, confidence=0.95, seed=seed)[metric.name]


def test_a_model_compared_with_itself_does_not_differ() -> None:
    counts = np.zeros((2, 2, 2, 2), dtype=np.int64)
    counts[..., 0, 0], counts[..., 1, 1] = 7, 4
    found = paired_difference(joint(counts), GAP_METRICS["accuracy_gap"], n=200)
    assert (found.value, found.corrected) == (0.0, 0.0)
    assert found.interval.low <= 0.0 <= found.interval.high
    assert not found.level_down


@settings(max_examples=20)
@given(JOINT)
def test_differences_are_the_second_models_values_minus_the_firsts(counts: Counts) -> None:
    found = paired_differences(joint(counts), METRICS, n=50, confidence=0.95, seed=0)
    assert list(found) == [metric.name for metric in METRICS]
    for metric in METRICS:
        first, second = metric(counts.sum(axis=-1)), metric(counts.sum(axis=-2))
        one = found[metric.name]
        assert_allclose(one.value, second - first, atol=1e-12)
        assert_allclose(one.corrected, (one.interval.low + one.interval.high) / 2, atol=1e-12)


@settings(max_examples=20)
@given(JOINT)
def test_models_in_the_other_order_differ_by_the_opposite(counts: Counts) -> None:
    turned = counts.swapaxes(-1, -2)
    forth, back = (
        paired_differences(joint(table), METRICS, n=50, confidence=0.95, seed=0)
        for table in (counts, turned)
    )
    for metric in METRICS:
        assert_allclose(forth[metric.name].value, -back[metric.name].value, atol=1e-12)
        assert not (forth[metric.name].level_down and back[metric.name].level_down)


def test_pairing_narrows_the_interval() -> None:
    agreeing = np.zeros((2, 2, 2, 2), dtype=np.int64)
    agreeing[0, 0, 0, 0], agreeing[0, 0, 1, 1], agreeing[0, 0, 1, 0] = 60, 35, 5
    agreeing[1, 0, 0, 0], agreeing[1, 0, 1, 1] = 80, 20
    margins = agreeing.sum(axis=-1)[..., np.newaxis] * agreeing.sum(axis=-2)[..., np.newaxis, :]
    independent = margins // np.maximum(agreeing.sum(axis=(-2, -1), keepdims=True), 1)
    widths = []
    for counts in (agreeing, independent):
        interval = paired_difference(joint(counts), GAP_METRICS["accuracy_gap"], n=1000).interval
        widths.append(interval.high - interval.low)
    assert widths[0] < widths[1] / 2


@pytest.mark.parametrize(
    ("turned", "levelled"),
    [({0: (0, 1)}, True), ({0: (0, 1), 1: (1, 0)}, False), ({1: (1, 0)}, False)],
    ids=["best group falls", "best falls and worst rises", "worst rises"],
)
@pytest.mark.parametrize("name", ["accuracy_gap", "accuracy_ratio", "equal_opportunity_gap"])
def test_levelling_down_is_told_from_lifting_up(
    name: str, turned: dict[int, tuple[int, int]], *, levelled: bool
) -> None:
    counts = np.zeros((2, 2, 2, 2), dtype=np.int64)
    counts[0, 0, 0, 0], counts[0, 0, 1, 1] = 90, 10
    counts[1, 0, 0, 0], counts[1, 0, 1, 1] = 60, 40
    counts[:, 1, 1, 1] = 50
    for group, (first, second) in turned.items():
        counts[group, 0, first, first] -= 10
        counts[group, 0, first, second] += 10
    found = paired_difference(joint(counts), GAP_METRICS[name], n=100)
    assert found.level_down is levelled
    assert (found.value < 0) is GAP_METRICS[name].higher_is_worse


def test_what_noise_adds_to_one_gap_more_than_to_the_other_is_taken_off() -> None:
    metric = GAP_METRICS["equal_opportunity_gap"]
    people, recalls = np.array([[90, 40, 60]] * 2), np.array([0.85, 0.6, 0.75])
    given = [
        np.where(np.eye(3, dtype=bool), right[..., np.newaxis], (1 - right[..., np.newaxis]) / 2)
        for right in (np.stack([recalls, recalls]), np.stack([recalls, recalls - 0.25]))
    ]
    shares = given[0][..., np.newaxis] * given[1][..., np.newaxis, :]
    generator = np.random.default_rng(3)
    found = []
    for _ in range(80):
        counts = generator.multinomial(people, shares.reshape(2, 3, 9)).reshape(2, 3, 3, 3)
        table = PairedCounts(counts, ("x", "y"), ("a", "b", "c"), n_missing=0)
        found.append(paired_difference(table, metric, n=200, seed=generator))
    corrected, measured = (
        abs(np.mean([getattr(one, name) for one in found]) - 0.25)
        for name in ("corrected", "value")
    )
    assert corrected < measured / 1.5
    covered = np.mean([one.interval.low <= 0.25 <= one.interval.high for one in found])
    assert covered >= 0.88


def test_one_group_has_no_gap_to_differ_in() -> None:
    found = paired_difference(joint(np.ones((1, 2, 2, 2), dtype=np.int64)), METRICS[0], n=50)
    assert np.isnan([found.value, found.corrected, found.interval.low, found.interval.high]).all()
    assert not found.level_down


ACCURACY_GAP = GAP_METRICS["accuracy_gap"]


def two_groups(*right_of_ten: int) -> np.ndarray:
    """A table of two classes for each group, ten people of one class and two of the other."""
    return np.array([[[[right, 10 - right], [0, 2]] for right in right_of_ten]])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((9, 5), (7, 5), True),
        ((9, 5), (9, 7), False),
        ((9, 5), (8, 6), False),
        ((9, 5), (5, 1), False),
        ((9, 5), (9, 5), False),
        ((9, 5), (6, 4), True),
    ],
    ids=["best fell", "worst rose", "both moved", "gap stayed", "nothing", "all fell"],
)
def test_a_gap_that_closed_by_loss_alone(
    first: tuple[int, int], second: tuple[int, int], *, expected: bool
) -> None:
    assert levelled_down(ACCURACY_GAP, two_groups(*first), two_groups(*second)) is expected


def test_it_is_the_mean_over_seeds_that_counts() -> None:
    first = np.concatenate([two_groups(9, 5), two_groups(9, 5)])
    one_seed_fell = np.concatenate([two_groups(7, 5), two_groups(9, 5)])
    one_group_rose = np.concatenate([two_groups(7, 5), two_groups(9, 6)])
    assert levelled_down(ACCURACY_GAP, first, one_seed_fell)
    assert not levelled_down(ACCURACY_GAP, first, one_group_rose)


def test_what_is_not_defined_has_not_levelled_down() -> None:
    nobody = np.zeros((1, 2, 2, 2), dtype=np.int64)
    assert not levelled_down(ACCURACY_GAP, nobody, two_groups(9, 5))
