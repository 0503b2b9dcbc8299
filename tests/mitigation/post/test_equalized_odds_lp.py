"""Equalized odds over k groups: what the linear program promises is what happens."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.mitigation.post.equalized_odds_lp import (
    EqualizedOddsLp,
    EqualizedOddsLpRules,
    fitted_matrices,
)
from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS, empty_table
from fer_fairness.taxonomy import EMOTIONS

Make = Callable[..., pd.DataFrame]
GROUPS = ("a", "b", "c")
# P(predicted | true) of three groups and four emotions, unlike in accuracy and in what is mistaken.
CONFUSION = np.array(
    [
        [[0.8, 0.1, 0.05, 0.05], [0.05, 0.85, 0.05, 0.05], [0.1, 0.1, 0.7, 0.1], [0, 0, 0.2, 0.8]],
        [
            [0.6, 0.2, 0.1, 0.1],
            [0.2, 0.6, 0.1, 0.1],
            [0.05, 0.05, 0.85, 0.05],
            [0.1, 0.1, 0.1, 0.7],
        ],
        [[0.9, 0.05, 0.05, 0], [0.1, 0.7, 0.1, 0.1], [0.3, 0.1, 0.5, 0.1], [0.2, 0.1, 0.1, 0.6]],
    ]
)


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True and predicted emotions and groups of n people."""
    generator = np.random.default_rng(seed)
    group = generator.integers(0, 3, n)
    true = generator.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    chances = CONFUSION[group, true].cumsum(axis=1)
    predicted = (chances > generator.random(n)[:, None]).argmax(axis=1)
    return true, predicted, np.array(GROUPS, dtype=object)[group]


def fitted(validation: pd.DataFrame, **options: Any) -> tuple[EqualizedOddsLp, dict[str, Any]]:
    method = EqualizedOddsLp.model_validate(options)
    rules = json.loads(json.dumps(method.fit(validation), allow_nan=False))
    return method, rules


def outcomes(table: pd.DataFrame) -> np.ndarray:
    """P(predicted | true, group) of the four emotions."""
    counted = pd.crosstab(
        [table["gender"], table["emotion"]], table["predicted_emotion"], normalize="index"
    )
    names = list(EMOTIONS[:4])
    wanted = pd.MultiIndex.from_product([GROUPS, names])
    return counted.reindex(index=wanted, columns=names).fillna(0).to_numpy().reshape(3, 4, 4)


def largest_gap(found: np.ndarray) -> float:
    return float((found.max(axis=0) - found.min(axis=0)).max())


@pytest.mark.parametrize("epsilon", [0.0, 0.05])
def test_realised_accuracy_and_gap_are_what_the_program_promises(
    make_predicted: Make, epsilon: float
) -> None:
    # 60,000 people; two public packages, which draw from P(new | true), lose ten points here.
    table = make_predicted(*drawn(60_000, seed=0))
    method, rules = fitted(table, epsilon=epsilon)
    after = table.assign(**dict(method.apply(table, rules, seed=0)))
    right = (after["emotion"] == after["predicted_emotion"]).mean()
    assert right == pytest.approx(rules["promised_accuracy"], abs=0.005)
    assert rules["promised_gap"] == pytest.approx(epsilon, abs=1e-6)
    # The gap is the largest of 48 differences between shares, each of some thousand people.
    assert largest_gap(outcomes(after)) <= epsilon + 0.03
    assert largest_gap(outcomes(table)) > 0.3
    before = (table["emotion"] == table["predicted_emotion"]).mean()
    assert before - 0.25 < right < before


def test_people_who_were_not_fitted_on_are_evened_out_too(make_predicted: Make) -> None:
    method, rules = fitted(make_predicted(*drawn(20_000, seed=1)))
    test = make_predicted(*drawn(20_000, seed=2))
    after = test.assign(**dict(method.apply(test, rules, seed=3)))
    assert largest_gap(outcomes(after)) < 0.05 + 0.06
    right = (after["emotion"] == after["predicted_emotion"]).mean()
    assert right == pytest.approx(rules["promised_accuracy"], abs=0.02)


def test_results_are_predictions_whose_emotion_is_the_most_probable(make_predicted: Make) -> None:
    table = make_predicted(*drawn(2_000, seed=1))
    method, rules = fitted(table)
    found = method.apply(table, rules, seed=0)
    after = PREDICTIONS_SCHEMA.validate(
        table[list(empty_table(PREDICTIONS_SCHEMA).columns)].assign(**dict(found))
    )
    most = after[list(PROBABILITY_COLUMNS)].to_numpy().argmax(axis=1)
    assert [EMOTIONS[place] for place in most] == after["predicted_emotion"].tolist()
    assert (after["predicted_emotion"] != table["predicted_emotion"]).any()
    assert set(after["predicted_emotion"]) <= set(EMOTIONS[:4])
    assert not found.equals(method.apply(table, rules, seed=1))


def test_groups_that_are_alike_keep_all_predictions(make_predicted: Make) -> None:
    true, predicted, _ = drawn(900, seed=0)
    doubled = [np.concatenate([one, one]) for one in (true, predicted)]
    # A prediction that is more often wrong than right would be changed for accuracy's sake.
    table = make_predicted(*doubled, ["a"] * 900 + ["b"] * 900)
    method, rules = fitted(table, epsilon=0.0)
    assert method.apply(table, rules, seed=0)["predicted_emotion"].equals(
        table["predicted_emotion"]
    )


def test_recall_alone_is_cheaper_and_mean_recall_is_what_is_kept(make_predicted: Make) -> None:
    table = make_predicted(*drawn(20_000, seed=0))
    _, everything = fitted(table, epsilon=0.0)
    method, recall = fitted(table, epsilon=0.0, constrained="recall")
    assert recall["promised_accuracy"] > everything["promised_accuracy"] + 0.01
    after = table.assign(**dict(method.apply(table, recall, seed=0)))
    found = np.diagonal(outcomes(after), axis1=1, axis2=2)
    assert largest_gap(found) < 0.04
    scores = {}
    for objective in ("accuracy", "mean_recall"):
        method, rules = fitted(table, objective=objective)
        after = table.assign(**dict(method.apply(table, rules, seed=0)))
        right = after["emotion"] == after["predicted_emotion"]
        scores[objective] = right.mean(), right.groupby(after["emotion"]).mean().mean()
    assert scores["accuracy"][0] > scores["mean_recall"][0]
    assert scores["accuracy"][1] < scores["mean_recall"][1]
    with pytest.raises(ValidationError, match="epsilon"):
        EqualizedOddsLp(epsilon=-0.1)


def test_small_and_unknown_groups_keep_their_predictions_and_are_named(
    make_predicted: Make,
) -> None:
    true, predicted, group = drawn(3_000, seed=0)
    group[:1] = "one face"
    group[1:40] = None
    method, rules = fitted(make_predicted(true, predicted, group))
    assert set(rules["matrices"]) == set(GROUPS)
    assert list(rules["kept"]) == ["one face"]
    assert "none of its emotions has 10" in rules["kept"]["one face"]
    group[40:80] = "a group of the test faces alone"
    test = make_predicted(true, predicted, group)
    after = method.apply(test, rules, seed=0)["predicted_emotion"]
    assert after[:80].equals(test["predicted_emotion"][:80])
    assert not after.equals(test["predicted_emotion"])


def test_an_emotion_that_a_group_lacks_is_told_and_does_not_bind(make_predicted: Make) -> None:
    true, predicted, group = drawn(6_000, seed=0)
    keep = ~((group == "a") & (true == 2))
    _, rules = fitted(make_predicted(true[keep], predicted[keep], group[keep]), epsilon=0.0)
    assert rules["left_out"]["a"] == [EMOTIONS[2], *EMOTIONS[4:]]
    assert rules["left_out"]["b"] == list(EMOTIONS[4:])
    assert rules["promised_gap"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("gender", ["a", None])
def test_without_two_groups_nothing_changes_and_the_reason_is_told(
    make_predicted: Make, gender: str | None
) -> None:
    true, predicted, _ = drawn(200, seed=0)
    table = make_predicted(true, predicted, [gender] * 200)
    method, rules = fitted(table)
    assert rules["matrices"] == {}
    assert rules["kept"] == (
        {} if gender is None else {"a": "there is no other group of gender to be evened out with"}
    )
    found = method.apply(table, rules, seed=0)
    assert found["predicted_emotion"].equals(table["predicted_emotion"])


def test_a_program_that_is_not_solved_leaves_predictions_and_says_why(
    make_predicted: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import scipy.optimize

    class Failed:
        success, message = False, "time limit reached"

    monkeypatch.setattr(scipy.optimize, "linprog", lambda *_, **__: Failed)
    table = make_predicted(*drawn(500, seed=0))
    method, rules = fitted(table)
    assert set(rules["kept"]) == set(GROUPS)
    assert "no solution (time limit reached)" in rules["kept"]["a"]
    found = method.apply(table, rules, seed=0)
    assert found["predicted_emotion"].equals(table["predicted_emotion"])


@settings(max_examples=30, deadline=None)
@given(
    counts=st.integers(2, 5).flatmap(
        lambda g: st.lists(st.integers(0, 30), min_size=9 * g, max_size=9 * g)
    ),
    epsilon=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
)
def test_any_counts_have_matrices_within_the_tolerance(counts: list[int], epsilon: float) -> None:
    table = np.array(counts, dtype=np.float64).reshape(-1, 3, 3)
    of_true = table.sum(axis=2)
    if not of_true.any():
        return
    found = fitted_matrices(
        table, of_true >= 5, epsilon=epsilon, constrained="all_outcomes", objective="accuracy"
    )
    assert not isinstance(found, str)
    assert_allclose(found.sum(axis=2), 1.0)
    assert found.min() >= 0
    outcome = table / np.maximum(of_true, 1)[:, :, None] @ found
    for label in range(3):
        sharing = outcome[of_true[:, label] >= 5, label]
        assert not len(sharing) or np.ptp(sharing, axis=0).max() <= epsilon + 1e-6


def test_rules_of_another_shape_are_refused() -> None:
    with pytest.raises(ValidationError, match="rates"):
        EqualizedOddsLpRules.model_validate({"rates": {}})
