from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics, formulas
from fer_fairness.fairness.metrics.formulas import Formula, Tables, values_of
from fer_fairness.fairness.metrics.group_metrics import Array, Counts, accuracy, recall

STACKS = arrays(np.int64, (3, 2, 4, 4), elements=st.integers(0, 3))
METRICS = (*GAP_METRICS.values(), *class_gap_metrics("abcd"))


@given(STACKS)
def test_metrics_evaluated_together_are_those_evaluated_alone(stack: Counts) -> None:
    for metric, values in zip(METRICS, values_of(METRICS, stack), strict=True):
        assert_array_equal(values, metric(stack), err_msg=metric.name)


def test_stacks_are_evaluated_in_turns_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = np.random.default_rng(0).integers(0, 9, size=(2, 7, 3, 4, 4))
    at_once = values_of(METRICS, stack)
    monkeypatch.setattr(formulas, "CELLS_AT_ONCE", 100)
    for whole, in_turns in zip(at_once, values_of(METRICS, stack), strict=True):
        assert whole.shape == (2, 7)
        assert_array_equal(whole, in_turns)


def test_what_formulas_share_is_computed_once() -> None:
    calls = []

    @Formula
    def shared(tables: Tables) -> Array:
        calls.append(1)
        return tables.people

    @Formula
    def doubled(tables: Tables) -> Array:
        return 2 * tables.of(shared)

    once, twice, again = values_of([shared, doubled, shared], np.ones((5, 2, 3, 3), dtype=np.int64))
    assert len(calls) == 1
    assert_array_equal(once, np.full((5, 2), 9))
    assert_array_equal(twice, 2 * again)


def test_other_functions_of_counts_are_called_as_they_are() -> None:
    counts = np.ones((5, 2, 3, 3), dtype=np.int64)
    values = values_of([recall, lambda counts: counts.sum(axis=-1), accuracy], counts)
    assert [value.shape for value in values] == [(5, 2, 3), (5, 2, 3), (5, 2)]
    assert_array_equal(values[1], np.full((5, 2, 3), 3))


def test_the_counts_are_left_as_they_are() -> None:
    counts = np.random.default_rng(1).integers(0, 9, size=(2, 3, 4, 4)).astype(np.float64)
    before = counts.copy()
    values_of(METRICS, counts)
    assert_array_equal(counts, before)


def test_a_formula_is_named_and_documented_as_its_definition() -> None:
    assert accuracy.__name__ == "accuracy"
    assert (
        accuracy.__doc__
        == "Share of each group's people whose class was predicted, shape (..., g)."
    )


def test_threads_do_not_disturb_one_another() -> None:
    stacks = np.random.default_rng(2).integers(0, 9, size=(8, 50, 3, 4, 4))
    expected = [values_of(METRICS, stack) for stack in stacks]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda stack: values_of(METRICS, stack), stacks))
    for alone, together in zip(expected, found, strict=True):
        assert_array_equal(alone, together)
