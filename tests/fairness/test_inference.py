import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.fairness import inference
from fer_fairness.fairness.counts import Counts, PairedCounts
from fer_fairness.fairness.inference import (
    bootstrap_counts,
    paired_difference,
    permutation_counts,
    permutation_test,
    resampled,
    seed_for,
)
from fer_fairness.fairness.metrics import GAP_METRICS, accuracy_gap, equal_opportunity_gap

TABLES = arrays(np.int64, (3, 4, 4), elements=st.integers(0, 6))


def joint(counts: Counts) -> PairedCounts:
    groups = tuple("xyz"[: len(counts)])
    return PairedCounts(counts, groups, ("a", "b"), n_missing=0)


@given(TABLES)
def test_bootstrap_keeps_people_per_group_and_class(counts: Counts) -> None:
    drawn = bootstrap_counts(counts, 3, seed=1)
    assert drawn.shape == (3, 3, 4, 4)
    assert_array_equal(drawn.sum(axis=-1), np.tile(counts.sum(axis=-1), (3, 1, 1)))
    assert np.all(drawn[:, counts == 0] == 0)


def test_bootstrap_has_the_mean_and_variance_of_resampled_rows() -> None:
    drawn = bootstrap_counts(np.array([[[30, 10]]]), 20_000, seed=2)[:, 0, 0, 0]
    assert_allclose([drawn.mean(), drawn.var()], [30, 40 * 0.75 * 0.25], rtol=0.03)


@given(TABLES)
def test_permutation_keeps_both_margins_of_each_class(counts: Counts) -> None:
    shuffled = permutation_counts(counts, 4, seed=3)
    assert np.all(shuffled >= 0)
    assert_array_equal(shuffled.sum(axis=-1), np.tile(counts.sum(axis=-1), (4, 1, 1)))
    assert_array_equal(shuffled.sum(axis=1), np.tile(counts.sum(axis=0), (4, 1, 1)))


def test_permutation_has_the_distribution_of_shuffled_labels() -> None:
    counts = np.array([[[6, 3, 1]], [[2, 5, 4]], [[1, 1, 7]]])
    drawn = permutation_counts(counts, 20_000, seed=4)[:, :, 0]
    groups = np.repeat([0, 1, 2], counts.sum(axis=(1, 2)))
    predicted = np.concatenate([np.repeat([0, 1, 2], row[0]) for row in counts])
    generator = np.random.default_rng(5)
    reference = np.zeros((20_000, 3, 3))
    for replicate in reference:
        np.add.at(replicate, (generator.permutation(groups), predicted), 1)
    assert_allclose(drawn.mean(axis=0), reference.mean(axis=0), atol=0.05)
    flat, expected = drawn.reshape(-1, 9), reference.reshape(-1, 9)
    assert_allclose(np.cov(flat.T), np.cov(expected.T), atol=0.08)


def test_draws_are_those_of_their_seed() -> None:
    counts = np.full((2, 3, 3), 5)
    for draw in (bootstrap_counts, permutation_counts):
        assert_array_equal(draw(counts, 5, 7), draw(counts, 5, 7))
        assert not np.array_equal(draw(counts, 5, 7), draw(counts, 5, 8))
    assert seed_for(1, "gender") == seed_for(1, "gender") != seed_for(1, "race")


def test_replicates_are_drawn_in_turns_where_memory_is_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inference, "CELLS_AT_ONCE", 40)
    values, others = resampled(
        bootstrap_counts, np.full((2, 3, 3), 5), [accuracy_gap, equal_opportunity_gap], n=11, seed=0
    )
    assert values.shape == others.shape == (11,)
    assert len(set(values)) > 1


def test_p_value_counts_the_value_itself_among_the_draws() -> None:
    null = np.array([0.0, 0.1, 0.2, 0.3])
    assert permutation_test(0.2, null, higher_is_worse=True).p_value == pytest.approx(3 / 5)
    assert permutation_test(0.1, null, higher_is_worse=False).p_value == pytest.approx(3 / 5)
    assert permutation_test(9.0, null, higher_is_worse=True).p_value == pytest.approx(1 / 5)


def test_a_gap_that_is_not_defined_has_no_p_value() -> None:
    assert np.isnan(permutation_test(np.nan, np.zeros(3), higher_is_worse=True).p_value)


def test_false_alarms_are_as_rare_as_promised() -> None:
    generator = np.random.default_rng(6)
    alarms = 0
    for _ in range(200):
        people = np.array([[60, 20], [25, 8]])
        counts = generator.multinomial(people, [[[0.8, 0.2], [0.3, 0.7]]] * 2)
        (null,) = resampled(
            permutation_counts, counts, [equal_opportunity_gap], n=99, seed=generator
        )
        value = float(equal_opportunity_gap(counts))
        alarms += permutation_test(value, null, higher_is_worse=True).p_value <= 0.05
    assert alarms <= 20


def test_a_model_compared_with_itself_does_not_differ() -> None:
    counts = np.zeros((2, 2, 2, 2), dtype=np.int64)
    counts[..., 0, 0], counts[..., 1, 1] = 7, 4
    found = paired_difference(
        joint(counts), GAP_METRICS["accuracy_gap"], n=200, confidence=0.95, seed=0
    )
    assert (found.value, found.interval.low, found.interval.high) == (0.0, 0.0, 0.0)
    assert not found.level_down


def test_pairing_narrows_the_interval() -> None:
    agreeing = np.zeros((2, 2, 2, 2), dtype=np.int64)
    agreeing[0, 0, 0, 0], agreeing[0, 0, 1, 1], agreeing[0, 0, 1, 0] = 60, 35, 5
    agreeing[1, 0, 0, 0], agreeing[1, 0, 1, 1] = 80, 20
    margins = agreeing.sum(axis=-1)[..., np.newaxis] * agreeing.sum(axis=-2)[..., np.newaxis, :]
    independent = margins // np.maximum(agreeing.sum(axis=(-2, -1), keepdims=True), 1)
    widths = []
    for counts in (agreeing, independent):
        interval = paired_difference(
            joint(counts), GAP_METRICS["accuracy_gap"], n=1000, confidence=0.95, seed=0
        ).interval
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
    found = paired_difference(joint(counts), GAP_METRICS[name], n=100, confidence=0.95, seed=0)
    assert found.level_down is levelled
    assert (found.value < 0) is GAP_METRICS[name].higher_is_worse
