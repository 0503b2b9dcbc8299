"""Ensembles: means of probabilities, of the same faces whatever their order."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.post.ensemble import Ensemble, fitted_weights
from fer_fairness.mitigation.tuning import cross_fitted
from fer_fairness.tables import PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

Make = Callable[..., pd.DataFrame]


def models(n: int, noise: tuple[float, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """True classes, and probabilities of models that see them through so much noise."""
    generator = np.random.default_rng(seed)
    true = generator.integers(0, 4, n)
    clear = 3.0 * np.eye(4)[true]
    return true, np.stack(
        [softmax(clear + generator.normal(0, each, (n, 4)), axis=1) for each in noise]
    )


def tables(make_scored: Make, true: np.ndarray, probabilities: np.ndarray) -> list[pd.DataFrame]:
    return [make_scored(true, each, [None] * len(true)) for each in probabilities]


def shown(table: pd.DataFrame) -> np.ndarray:
    return table[list(PROBABILITY_COLUMNS)].to_numpy(dtype=np.float64)


def test_probabilities_are_the_mean_of_the_models_and_the_most_probable_is_predicted(
    make_scored: Make,
) -> None:
    true, probabilities = models(500, (2.0, 2.0, 2.0))
    first, *others = tables(make_scored, true, probabilities)
    method = Ensemble.model_validate({"of": "a;b"})
    shuffled = [each.sample(frac=1, random_state=1) for each in others]
    scored = method.together(first, shuffled)
    rules = json.loads(json.dumps(method.fit(scored), allow_nan=False))
    found = method.apply(scored, rules, seed=0)
    mean = probabilities.mean(axis=0)
    assert_allclose(shown(found)[:, :4], mean)
    assert found["predicted_emotion"].tolist() == [EMOTIONS[place] for place in mean.argmax(axis=1)]
    right = (found["predicted_emotion"] == first["emotion"]).mean()
    assert right > max((each.argmax(axis=1) == true).mean() for each in probabilities) + 0.02


def test_fitted_weights_are_those_of_least_log_loss(make_scored: Make) -> None:
    true, probabilities = models(800, (1.0, 2.0, 6.0))
    method = Ensemble(of=("a", "b"), weights="validation")
    first, *others = tables(make_scored, true, probabilities)
    weights: Any = method.fit(method.together(first, others))["weights"]

    def loss(free: np.ndarray) -> float:
        mixed = np.tensordot(softmax(free), probabilities, axes=1)
        return -float(np.log(mixed[np.arange(len(true)), true]).mean())

    assert_allclose(weights, softmax(minimize(loss, np.zeros(3)).x), atol=5e-3)
    assert weights[0] > weights[1] > weights[2]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 20), st.integers(0, 99), st.integers(1, 4))
def test_weights_are_shares_and_fit_no_worse_than_equal_ones(
    n: int, seed: int, n_models: int
) -> None:
    true, probabilities = models(n, (2.0,) * n_models, seed)
    weights = fitted_weights(probabilities, true)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    at = probabilities[:, np.arange(n), true]
    assert np.log(weights @ at).mean() >= np.log(at.mean(axis=0)).mean() - 1e-9


def test_true_emotions_that_models_take_to_be_impossible_do_no_harm() -> None:
    certain = np.array([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]])
    assert_allclose(fitted_weights(certain, np.array([1, 1])), [0, 1])
    assert_allclose(fitted_weights(certain[:, 1:], np.array([1])), [0.5, 0.5])


def test_without_members_the_predictions_are_those_of_the_one_model(
    make_scored: Make, caplog: pytest.LogCaptureFixture
) -> None:
    true, probabilities = models(50, (2.0,))
    (only,) = tables(make_scored, true, probabilities)
    method = Ensemble(after="jtt")
    caplog.set_level("INFO")
    found = method.apply(only, method.fit(only), seed=0)
    assert_allclose(shown(found), shown(only))
    assert found["predicted_emotion"].equals(only["predicted_emotion"])
    assert "of names no variant, so that the predictions are those of jtt" in caplog.text


def test_a_face_that_a_member_has_not_seen_is_named(make_scored: Make) -> None:
    first, other = tables(make_scored, *models(5, (2.0, 2.0)))
    with pytest.raises(InvalidInputError, match=r"2 faces, such as 'face-0', .* none of jtt"):
        Ensemble(of=("jtt",)).together(first, [other.iloc[2:]])


def test_absent_sets_and_held_out_faces_are_taken(make_scored: Make) -> None:
    method = Ensemble(of=("a",), weights="validation")
    both = tables(make_scored, *models(60, (3.0, 1.0)))
    none = method.together(both[0].iloc[:0], [both[1].iloc[:0]])
    assert method.fit(none) == {"weights": [0.5, 0.5]}
    assert method.apply(none, method.fit(none), seed=0).empty
    tried = cross_fitted(method, method.together(both[0], both[1:]), seed=0)
    assert_allclose(shown(tried).sum(axis=1), 1)
    assert not np.allclose(shown(tried), shown(both[0]))
