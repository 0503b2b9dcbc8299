import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import
from fer_fairness.fairness.subgroups.subset_scores import LARGEST_ODDS_RATIO, bernoulli_scores

SIZES = st.lists(
    st.tuples(st.integers(0, 2_000), st.floats(0.0, 1.0)), min_size=1, max_size=8
).filter(lambda classes: sum(size for size, _ in classes) > 0)


def score(observed: float, people: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    scores, log_ratios = bernoulli_scores(
        np.array([observed], dtype=float), people[np.newaxis].astype(float), expected
    )
    return float(scores[0]), float(log_ratios[0])


def reference(observed: float, people: np.ndarray, expected: np.ndarray) -> float:
    """The same maximum, found by another method on the slope."""

    def slope(log_ratio: float) -> float:
        odds = np.exp(log_ratio) * expected
        return float(observed - (people * odds / (1 - expected + odds)).sum())

    limit = np.log(LARGEST_ODDS_RATIO)
    if slope(0.0) <= 0:
        return 0.0
    best = limit if slope(limit) >= 0 else brentq(slope, 0.0, limit, xtol=1e-13)
    return float(observed * best - (people * np.log1p(np.expm1(best) * expected)).sum())


@given(classes=SIZES, share=st.floats(0.0, 1.0))
def test_the_score_is_the_highest_over_all_odds_ratios(
    classes: list[tuple[int, float]], share: float
) -> None:
    people = np.array([size for size, _ in classes])
    expected = np.array([error for _, error in classes])
    observed = float(round(share * people.sum()))
    found, _ = score(observed, people, expected)
    assert found == pytest.approx(reference(observed, people, expected), rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_the_score_is_aif360s_and_its_odds_ratio_no_worse(seed: int) -> None:
    with quiet_aif360_import():
        from aif360.detectors.mdss.ScoringFunctions import Bernoulli
    generator = np.random.default_rng(seed)
    people, expected = generator.integers(1, 60, 4), generator.uniform(0.1, 0.6, 4)
    observed = np.ceil((people * expected).sum() * 1.2)
    found, log_ratio = score(observed, people, expected)
    theirs = Bernoulli(direction="positive")
    of_everybody = np.repeat(expected, people)
    at_our_ratio = theirs.score(observed, of_everybody, 0.0, np.exp(log_ratio))
    at_their_ratio = theirs.score(observed, of_everybody, 0.0, theirs.qmle(observed, of_everybody))
    assert found == pytest.approx(at_our_ratio, abs=1e-9)
    assert found >= at_their_ratio - 1e-12
    assert found == pytest.approx(at_their_ratio, abs=1e-4)  # AIF360 stops 0.001 from the best q


def test_as_many_errors_as_expected_score_nothing() -> None:
    people, expected = np.array([100, 50]), np.array([0.2, 0.4])
    assert score(40.0, people, expected) == (0.0, 0.0)
    assert score(12.0, people, expected) == (0.0, 0.0)
    assert score(41.0, people, expected)[0] > 0.0


def test_where_everybody_is_wrong_the_largest_odds_ratio_is_taken() -> None:
    found, log_ratio = score(50.0, np.array([50]), np.array([0.5]))
    assert np.exp(log_ratio) == pytest.approx(LARGEST_ODDS_RATIO)
    assert found == pytest.approx(50 * np.log(1000 / 500.5))


def test_each_subgroup_is_scored_on_its_own() -> None:
    expected = np.array([0.2, 0.5])
    people = np.array([[30.0, 10.0], [5.0, 80.0], [0.0, 0.0]])
    observed = np.array([20.0, 50.0, 0.0])
    scores, _ = bernoulli_scores(observed, people, expected)
    one_by_one = [score(o, p, expected)[0] for o, p in zip(observed, people, strict=True)]
    np.testing.assert_allclose(scores, one_by_one, atol=1e-9)
