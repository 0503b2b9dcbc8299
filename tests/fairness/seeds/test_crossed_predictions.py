import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.fairness.counts import Codes, group_counts
from fer_fairness.fairness.inference.draws import bootstrap_counts
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS
from fer_fairness.fairness.seeds import crossed_predictions
from fer_fairness.fairness.seeds.crossed_predictions import (
    CrossedPredictions,
    bootstrap_crossed,
    resampled_crossed,
)


def people_of(predicted: Codes, *, n_groups: int = 2) -> CrossedPredictions:
    rows = np.arange(len(predicted))
    return CrossedPredictions(
        groups=rows % n_groups, true=rows % 3, predicted=predicted, n_groups=n_groups, n_classes=3
    )


@given(st.integers(0, 1000), st.integers(2, 5))
def test_people_are_drawn_once_for_all_models(draw: int, n_models: int) -> None:
    predicted = np.random.default_rng(draw).integers(0, 3, (24, 1))
    people = people_of(np.repeat(predicted, n_models, axis=1))
    (drawn,) = bootstrap_crossed(people, 4, seed=draw)
    assert_array_equal(drawn, np.repeat(drawn[:, :1], n_models, axis=1))
    assert len(np.unique(drawn[:, 0].reshape(4, -1), axis=0)) > 1


@given(st.integers(0, 1000), st.integers(1, 4))
def test_draws_keep_people_per_group_and_class(draw: int, n_models: int) -> None:
    people = people_of(np.random.default_rng(draw).integers(0, 3, (19, n_models)))
    (drawn,) = bootstrap_crossed(people, 3, seed=draw)
    counts = people.counts()
    assert_array_equal(drawn.sum(axis=-1), np.tile(counts.sum(axis=-1), (3, 1, 1, 1)))
    assert np.all(drawn[:, counts == 0] == 0)


def test_draws_of_one_model_are_distributed_as_those_of_its_counts() -> None:
    people = people_of(np.random.default_rng(3).integers(0, 3, (60, 3)))
    drawn = np.concatenate(list(bootstrap_crossed(people, 20_000, seed=4)))[:, 1]
    reference = bootstrap_counts(people.counts()[1], 20_000, seed=5)
    assert_allclose(drawn.mean(axis=0), reference.mean(axis=0), atol=0.06)
    assert_allclose(drawn.var(axis=0), reference.var(axis=0), atol=0.12)


def test_draws_come_in_turns_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    people = people_of(np.random.default_rng(3).integers(0, 3, (30, 2)))
    monkeypatch.setattr(crossed_predictions, "CELLS_AT_ONCE", 100)
    (values,) = resampled_crossed(people, [GAP_METRICS["accuracy_gap"]], n=11, seed=0)
    assert [len(part) for part in bootstrap_crossed(people, 5, seed=0)] == [2, 2, 1]
    assert values.shape == (11, 2)
    assert len(np.unique(values)) > 2


def test_counts_are_those_of_each_model() -> None:
    people = people_of(np.random.default_rng(3).integers(0, 3, (30, 4)))
    for model, counts in enumerate(people.counts()):
        names = tuple("abc")
        expected = group_counts(
            [names[code] for code in people.true],
            [names[code] for code in people.predicted[:, model]],
            [str(code) for code in people.groups],
            classes=names,
        )
        assert_array_equal(counts, expected.counts)
