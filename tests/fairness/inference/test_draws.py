import os
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.draws import (
    Seed,
    bootstrap_counts,
    calibrated_counts,
    counts_of_shares,
    permutation_counts,
    resampled,
    seed_for,
)
from fer_fairness.fairness.metrics.formulas import values_of
from fer_fairness.fairness.metrics.gap_metrics import (
    GAP_METRICS,
    accuracy_gap,
    equal_opportunity_gap,
)
from fer_fairness.fairness.metrics.group_metrics import balanced_accuracy

TABLES = arrays(np.int64, (3, 4, 4), elements=st.integers(0, 6))

CLASS_SIZES = np.array([329, 74, 160, 1185, 478, 162, 680])
RECALLS = np.array([0.845, 0.608, 0.375, 0.916, 0.780, 0.710, 0.772])
"""A published model on RAF-DB's test split, 80.9 % accuracy; reference/fairness.md."""

PUBLISHED_NULLS = {
    "gender": ((1502, 1566), (0.974, 0.936), (0.986, 0.965), (0.044, 0.070)),
    "race": ((77, 8, 15), (0.927, 0.853), (0.963, 0.924), (0.125, 0.180)),
}
"""Without any bias: mean and tail of Xu fairness (5 %), accuracy ratio (5 %), and
equal-opportunity gap (95 %); the same table."""


@given(TABLES)
def test_bootstrap_keeps_people_per_group(counts: Counts) -> None:
    drawn = bootstrap_counts(counts, 3, seed=1)
    assert drawn.shape == (3, 3, 4, 4)
    assert_array_equal(drawn.sum(axis=(-2, -1)), np.tile(counts.sum(axis=(-2, -1)), (3, 1)))
    somebody = counts.sum(axis=(-2, -1)) > 0
    assert np.all(drawn[:, somebody][:, counts[somebody] == 0] == 0)


def test_the_only_face_of_a_class_is_no_certainty() -> None:
    counts = np.array([[[19, 0], [1, 0]]])
    drawn = bootstrap_counts(counts, 4000, seed=2)
    faces = drawn[:, 0, 1].sum(axis=-1)
    assert_allclose([faces.mean(), (faces == 0).mean()], [1.0, 0.95**20], rtol=0.1)
    # A class that a draw has nobody of is left out of the average there, as it is of any table.
    means = balanced_accuracy(drawn)[:, 0]
    assert set(means[faces == 0]) == {1.0}
    assert set(means[faces > 0]) == {0.5}


def test_calibrated_draws_are_right_as_often_as_the_model_is_sure() -> None:
    counts = np.array([[[3, 7, 0, 40]], [[0, 0, 9, 1]]])
    drawn = calibrated_counts(counts, np.array([0.5, 0.9]), 8000, seed=3)
    assert drawn.shape == (8000, 2, 1, 4)
    assert np.all(drawn[..., ::2] + drawn[..., 1::2] == counts[..., ::2] + counts[..., 1::2])
    assert_allclose(drawn.mean(axis=0)[..., 1::2], [[[5, 36]], [[0, 9]]], rtol=0.02)


def test_bootstrap_has_the_mean_and_variance_of_resampled_rows() -> None:
    drawn = bootstrap_counts(np.array([[[30, 10]]]), 20_000, seed=2)[:, 0, 0, 0]
    assert_allclose([drawn.mean(), drawn.var()], [30, 40 * 0.75 * 0.25], rtol=0.03)


def test_counts_of_shares_have_the_mean_and_variance_of_a_multinomial() -> None:
    people, shares = np.array([[50.0, 8.0]]), np.array([[[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]]])
    drawn = counts_of_shares(people, shares, 20_000, seed=3)
    assert drawn.dtype == np.int64
    assert np.all(drawn.sum(axis=-1) == [[50, 8]])
    assert_allclose(drawn.mean(axis=0), people[..., np.newaxis] * shares, atol=0.1)
    assert_allclose(drawn[:, 0, 0, 0].var(), 50 * 0.7 * 0.3, rtol=0.05)


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


def test_nobody_is_drawn_from_nobody() -> None:
    nobody = np.zeros((2, 3, 3), dtype=np.int64)
    for draw in (bootstrap_counts, permutation_counts):
        assert not draw(nobody, 4, 0).any()


def test_draws_are_those_of_their_seed() -> None:
    counts = np.full((2, 3, 3), 5)
    for draw in (bootstrap_counts, permutation_counts):
        assert_array_equal(draw(counts, 5, 7), draw(counts, 5, 7))
        assert not np.array_equal(draw(counts, 5, 7), draw(counts, 5, 8))
    assert seed_for(1, "gender") == seed_for(1, "gender") != seed_for(1, "race")
    assert seed_for(1, "gender") != seed_for(2, "gender")


def test_values_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.random.default_rng(0).integers(1, 9, size=(3, 4, 4))
    found = []
    for cores in (1, 2, 7, None):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        found.append(
            resampled(
                permutation_counts,
                counts,
                [accuracy_gap, equal_opportunity_gap],
                n=61,
                seed=3,
                cells_at_once=5 * counts.size,
            )
        )
    for values in found[1:]:
        assert_array_equal(values, found[0])
    assert len(set(found[0][0])) > 30  # every turn draws tables of its own


@given(n=st.integers(1, 40), cells_at_once=st.integers(1, 400))
def test_no_turn_draws_more_tables_than_memory_allows(n: int, cells_at_once: int) -> None:
    counts = np.full((2, 3, 3), 5)
    sizes: list[int] = []

    def spy(counts: Counts, size: int, seed: Seed) -> Counts:
        sizes.append(size)
        return bootstrap_counts(counts, size, seed)

    (values,) = resampled(spy, counts, [accuracy_gap], n=n, seed=0, cells_at_once=cells_at_once)
    assert values.shape == (n,)
    assert sum(sizes) == n
    assert max(sizes) * counts.size <= max(cells_at_once, counts.size)


def test_metrics_of_one_call_are_measured_on_the_same_tables() -> None:
    counts = np.random.default_rng(1).integers(1, 9, size=(2, 3, 3))
    first, again = resampled(
        bootstrap_counts, counts, [accuracy_gap, accuracy_gap], n=20, seed=0, cells_at_once=100
    )
    assert_array_equal(first, again)


def tables_without_bias(group_shares: Sequence[float], n: int) -> Counts:
    generator = np.random.default_rng(20)
    shares = np.asarray(group_shares, dtype=np.float64)
    people = generator.multinomial(CLASS_SIZES, shares / shares.sum(), size=(n, 7))
    people = np.moveaxis(people, -1, 1)
    predicted = np.diag(RECALLS) + (1 - np.eye(7)) * (1 - RECALLS[:, np.newaxis]) / 6
    return generator.multinomial(people, np.broadcast_to(predicted, (n, len(shares), 7, 7)))


@pytest.mark.parametrize("attribute", PUBLISHED_NULLS)
def test_gaps_without_any_bias_are_as_wide_as_published(attribute: str) -> None:
    shares, *published = PUBLISHED_NULLS[attribute]
    metrics = [
        GAP_METRICS[name] for name in ("xu_fairness", "accuracy_ratio", "equal_opportunity_gap")
    ]
    values = values_of(metrics, tables_without_bias(shares, 2000))
    for metric, found, (mean, tail) in zip(metrics, values, published, strict=True):
        assert_allclose(found.mean(), mean, atol=0.02)
        limit = 0.95 if metric.higher_is_worse else 0.05
        assert_allclose(np.quantile(found, limit), tail, atol=0.02)


def test_shuffles_give_the_null_that_the_same_people_without_bias_give() -> None:
    metric = GAP_METRICS["equal_opportunity_gap"]
    (table,) = tables_without_bias((1502, 1566), 1)
    (null,) = resampled(permutation_counts, table, [metric], n=2000, seed=0)
    assert_allclose([null.mean(), np.quantile(null, 0.95)], [0.044, 0.070], atol=0.015)
