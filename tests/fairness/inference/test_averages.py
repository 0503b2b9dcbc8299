import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.averages import at_accuracy, average_intervals
from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval
from fer_fairness.fairness.metrics.group_metrics import balanced_accuracy, macro_f1

TABLES = arrays(np.int64, (3, 3), elements=st.integers(0, 9))


@given(TABLES, st.floats(0, 1))
def test_counts_at_an_accuracy_have_it_and_the_faces_of_each_class(
    counts: Counts, share: float
) -> None:
    found = at_accuracy(counts, share)
    assert (found >= -1e-12).all()
    assert_allclose(found.sum(axis=-1), counts.sum(axis=-1), atol=1e-9)
    assert np.trace(found) == pytest.approx(share * counts.sum())


def test_counts_at_their_own_accuracy_are_as_they_are() -> None:
    counts = np.array([[5, 2, 1], [0, 3, 0], [1, 0, 0]])
    assert_allclose(at_accuracy(counts, 8 / 12), counts)


def test_averages_are_no_surer_than_the_accuracy() -> None:
    counts, alike = np.diag([15, 4, 1]), np.ones(9)
    metrics = [balanced_accuracy, macro_f1]
    found = average_intervals(counts, metrics, [alike, alike], Interval(0.84, 1.0), 0.95)
    assert (found[0].low, found[0].high) == pytest.approx((0.84, 1.0))
    assert found[1].low < 0.84


def test_replicates_that_are_less_sure_keep_their_bounds() -> None:
    counts = np.diag([15, 4, 1])
    replicates = np.linspace(0.0, 1.0, 101)
    (found,) = average_intervals(counts, [macro_f1], [replicates], Interval(0.84, 1.0), 0.9)
    assert (found.low, found.high) == pytest.approx((0.05, 1.0))


def test_without_a_confidence_there_is_no_interval() -> None:
    counts = np.diag([1, 0, 0])
    (found,) = average_intervals(counts, [macro_f1], [np.ones(5)], NO_INTERVAL, float("nan"))
    assert np.isnan([found.low, found.high]).all()
