import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from fer_fairness.fairness.counts import Counts, GroupCounts
from fer_fairness.fairness.inference.differences import fit_differences
from fer_fairness.fairness.metrics.calibration import (
    CalibrationCounts,
    calibration_counts,
    calibration_gap_metric,
)
from fer_fairness.fairness.metrics.gap_metrics import accuracy_gap, equalized_odds_gap
from fer_fairness.fairness.metrics.group_metrics import accuracy

TABLES = arrays(np.int64, (3, 4, 4), elements=st.integers(0, 9))
PEOPLE = np.array([[60, 30, 10], [25, 40, 15], [8, 9, 20]])
RECALLS = np.array([0.9, 0.6, 0.35])


def counted(counts: Counts) -> GroupCounts:
    groups = tuple(f"group {place}" for place in range(len(counts)))
    return GroupCounts(counts, groups, tuple("abcdefg"[: counts.shape[1]]), n_missing=0)


def fabricated(*, harmed_by: float = 0.0, times: int = 1) -> GroupCounts:
    """Expected counts, rounded, of which the last group has so much less recall."""
    recalls = np.tile(RECALLS, (3, 1))
    recalls[-1] -= harmed_by
    right = np.rint(PEOPLE * times * recalls)
    table = np.where(np.eye(3, dtype=bool), right[..., np.newaxis], 0)
    table[..., [1, 2, 0]] += np.eye(3) * (PEOPLE * times - right)[..., np.newaxis]
    return counted(table.astype(np.int64))


def binned(*, overconfident: float) -> CalibrationCounts:
    generator = np.random.default_rng(0)
    groups = generator.choice(["x", "y"], 2000)
    confidence = generator.uniform(0.5, 1.0, 2000)
    right = generator.random(2000) < confidence - overconfident * (groups == "y")
    true = generator.choice(["calm", "fear"], 2000)
    other = np.where(true == "calm", "fear", "calm")
    return calibration_counts(
        true, np.where(right, true, other), confidence, groups, classes=("calm", "fear")
    )


@given(TABLES, st.floats(-3, 4))
def test_shares_are_shares_at_every_scale(counts: Counts, scale: float) -> None:
    differences = fit_differences(counted(counts))
    shares = differences.shares(scale)
    assert shares.shape == (3, 4, 4)
    assert np.all(shares >= 0)
    assert_allclose(shares.sum(axis=-1), 1.0)
    people = counts.sum(axis=-1)
    assert_allclose(differences.expected(shares).sum(axis=-1), people, atol=1e-9)


@given(TABLES)
def test_at_scale_zero_all_groups_are_treated_alike(counts: Counts) -> None:
    differences = fit_differences(counted(counts))
    expected = differences.expected(differences.shares(0.0))
    assert_allclose(expected.sum(axis=0), counts.sum(axis=0), atol=1e-9)
    gap = equalized_odds_gap(expected)
    assert np.isnan(gap) or gap < 1e-12


def test_groups_with_other_emotions_have_other_accuracies_though_treated_alike() -> None:
    differences = fit_differences(counted(np.array([[[8, 2], [1, 1]], [[4, 1], [10, 10]]])))
    expected = differences.expected(differences.shares(0.0))
    accuracies = [(10 * 0.8 + 2 * 0.5) / 12, (4 + 10) / 25]
    assert_allclose(accuracy(expected), accuracies)
    assert_allclose(accuracy_gap(expected), accuracies[0] - accuracies[1])


@given(TABLES, st.integers(0, 3))
def test_plausible_shares_are_shares_around_those_of_everybody(counts: Counts, seed: int) -> None:
    differences = fit_differences(counted(counts))
    shares = differences.plausible(6, seed)
    assert shares.shape == (6, 3, 4, 4)
    assert np.all(shares >= 0)
    assert_allclose(shares.sum(axis=-1), 1.0)
    assert_allclose(shares, differences.plausible(6, seed))
    assert_allclose(differences.scaled(shares, 0.0)[0], differences.alike_shares)
    assert_allclose(differences.scaled(shares, 1.0), shares, atol=1e-12)
    assert_allclose(differences.scaled(shares, 2.5).sum(axis=-1), 1.0)


def test_estimate_says_who_is_served_worse() -> None:
    table = fabricated(harmed_by=0.2, times=20)
    differences = fit_differences(table)
    change = np.diagonal(differences.estimate - differences.pooled, axis1=1, axis2=2)
    assert np.all(change[-1] < -0.05)
    assert np.all(change[:-1] > 0)
    assert_allclose(differences.shares(1.0), table.counts / (20 * PEOPLE[..., None]), atol=0.04)


@given(TABLES)
def test_estimated_shares_are_shares(counts: Counts) -> None:
    differences = fit_differences(counted(counts))
    assert np.all(differences.estimate >= 0)
    assert_allclose(differences.estimate.sum(axis=-1), 1.0)


def test_estimate_leaves_real_differences_and_takes_noise_off() -> None:
    table = fabricated(harmed_by=0.2, times=200).counts
    measured = table / table.sum(axis=-1, keepdims=True)
    assert_allclose(fit_differences(counted(table)).estimate, measured, atol=0.01)
    noise_alone = np.random.default_rng(0).multinomial(PEOPLE, [0.6, 0.3, 0.1], size=(40, 3, 3))
    gaps = [
        (equalized_odds_gap(differences.expected(differences.estimate)), equalized_odds_gap(counts))
        for counts in noise_alone
        for differences in [fit_differences(counted(counts))]
    ]
    estimated, raw = np.mean(gaps, axis=0)
    assert estimated < raw / 2


def test_estimate_of_a_loss_in_all_classes_is_nearer_to_the_truth_than_the_counts() -> None:
    people = np.array([[60, 30, 10], [25, 40, 15], [12, 6, 8]])
    recalls = np.tile(RECALLS, (3, 1))
    recalls[-1] -= 0.3
    right = recalls[..., np.newaxis]
    shares = np.where(np.eye(3, dtype=bool), right, (1 - right) / 2)
    generator = np.random.default_rng(5)
    errors = []
    for _ in range(40):
        counts = generator.multinomial(people, shares)
        estimate = fit_differences(counted(counts)).estimate
        measured = counts / people[..., np.newaxis]
        errors.append([((part - shares)[-1] ** 2).sum() for part in (estimate, measured)])
    estimated, raw = np.mean(errors, axis=0)
    assert estimated < 0.8 * raw


@given(TABLES, st.integers(0, 2), st.floats(0, 1))
def test_a_planted_loss_lowers_the_recall_of_one_group_only(
    counts: Counts, group: int, lost: float
) -> None:
    differences = fit_differences(counted(counts))
    planted, alike = differences.planted(group, lost), differences.shares(0.0)
    others = [place for place in range(3) if place != group]
    assert_allclose(planted[others], alike[others], atol=1e-12)
    assert_allclose(planted.sum(axis=-1), 1.0)
    known = counts.sum(axis=(0, 2)) > 0
    before, after = np.diagonal(alike[group])[known], np.diagonal(planted[group])[known]
    assert_allclose(after, np.maximum(before - lost, 0.0), atol=1e-9)


def test_what_is_lost_goes_where_everybodys_errors_go() -> None:
    differences = fit_differences(counted(np.array([[[6, 3, 1], [0, 5, 0], [0, 0, 5]]] * 2)))
    planted = differences.planted(1, 0.2)
    assert_allclose(planted[1, 0], [0.4, 0.45, 0.15])
    assert_allclose(planted[1, 1], [0.1, 0.8, 0.1])  # a class without errors: evenly


def test_bins_of_confidence_lose_what_was_right_within_each_bin() -> None:
    found = binned(overconfident=0.0)
    differences = fit_differences(found)
    planted, alike = differences.planted(1, 0.1), differences.shares(0.0)
    in_bins = [shares.reshape(2, 2, -1, 2).sum(axis=-1) for shares in (planted, alike)]
    assert_allclose(*in_bins)
    assert_allclose(planted[1, :, 1::2].sum(-1), alike[1, :, 1::2].sum(-1) - 0.1)


def test_bins_of_confidence_have_no_gap_if_groups_are_treated_alike() -> None:
    found = binned(overconfident=0.25)
    differences = fit_differences(found)
    gap = calibration_gap_metric(found.bin_confidence)
    expected, measured = (differences.expected(differences.shares(scale)) for scale in (0.0, 1.0))
    assert_allclose(expected.sum(axis=-1), found.counts.sum(axis=-1))
    assert gap(expected) < 0.02 < 0.1 < gap(found.counts)
    assert_allclose(gap(measured), gap(found.counts), atol=0.03)
