"""LinearPost: outcomes evened out by prices, for people whose groups are only probable."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.mitigation.post import linear_post
from fer_fairness.mitigation.post.linear_post import LinearPost
from fer_fairness.taxonomy import EMOTIONS

Make = Callable[..., pd.DataFrame]
PRIOR = np.array([0.4, 0.3, 0.2, 0.1])


def drawn(make_scored: Make, n: int, seed: int, *, sure: float = 1.0) -> pd.DataFrame:
    """People of two groups and four emotions, one recognised worse and taken for the last emotion.

    The groups in the table are those that a labeller gives, right with the chance `sure`; the
    column `truth` has those that people are of.
    """
    generator = np.random.default_rng(seed)
    true = generator.choice(4, n, p=PRIOR)
    group = generator.integers(0, 2, n)
    scores = np.log(PRIOR) + generator.normal(0, 1, (n, 4))
    scores[np.arange(n), true] += np.where(group == 0, 1.5, 2.5)
    scores[:, 3] += np.where(group == 0, 1.0, 0.0)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    names = np.array(["a", "b"], dtype=object)
    told = np.where(generator.random(n) < sure, group, 1 - group)
    table = make_scored(true, shares, names[told], confidence=sure if sure < 1 else np.nan)
    return table.assign(truth=names[group])


def fitted(validation: pd.DataFrame, **options: Any) -> tuple[LinearPost, dict[str, Any]]:
    method = LinearPost.model_validate(options)
    return method, json.loads(json.dumps(method.fit(validation), allow_nan=False))


def after(
    table: pd.DataFrame, method: LinearPost, rules: dict[str, Any], seed: int = 0
) -> pd.DataFrame:
    return table.assign(**dict(method.apply(table, rules, seed=seed)))


def gap(table: pd.DataFrame) -> float:
    """Largest difference in recall of an emotion between the groups that people are of."""
    right = (table["emotion"] == table["predicted_emotion"]).astype(float)
    recalls = right.groupby([table["truth"], table["emotion"]]).mean().unstack()
    return float((recalls.max() - recalls.min()).max())


def accuracy(table: pd.DataFrame) -> float:
    return float((table["emotion"] == table["predicted_emotion"]).mean())


@pytest.fixture
def at_the_tolerance(monkeypatch: pytest.MonkeyPatch) -> None:
    """No choice: the tolerance is the one that is asked for."""

    def chosen(_self: object, asked: list[float], _n: int) -> float:
        return asked[0]

    monkeypatch.setattr(linear_post._Program, "chosen_tolerance", chosen)


@pytest.mark.usefixtures("at_the_tolerance")
def test_recalls_of_people_who_were_not_fitted_on_differ_by_about_the_tolerance(
    make_scored: Make,
) -> None:
    validation = drawn(make_scored, 2_000, 0)
    test = drawn(make_scored, 20_000, 1)
    method, rules = fitted(validation, epsilon=0.05)
    assert rules["epsilon"] == 0.05
    found = after(test, method, rules)
    assert gap(test) > 0.3
    # Recalls of validation cells of 100 faces are uncertain by several hundredths.
    assert gap(found) < 0.05 + 0.1
    assert accuracy(found) > accuracy(test) - 0.1
    assert found["predicted_emotion"].equals(after(test, method, rules)["predicted_emotion"])


@pytest.mark.usefixtures("at_the_tolerance")
def test_groups_that_are_only_probable_are_evened_out_by_their_probabilities(
    make_scored: Make,
) -> None:
    test = drawn(make_scored, 20_000, 1, sure=0.8)
    found = after(test, *fitted(drawn(make_scored, 2_000, 0, sure=0.8)))
    assert gap(found) < gap(test) - 0.04
    swapped = test.assign(gender=test["gender"].map({"a": "b", "b": "a"}), gender_confidence=0.2)
    same = after(swapped, *fitted(drawn(make_scored, 2_000, 0, sure=0.8)))
    assert same["predicted_emotion"].equals(found["predicted_emotion"]), (
        "a group with .2 is the other one with .8"
    )


@pytest.mark.usefixtures("at_the_tolerance")
def test_all_outcomes_are_evened_out_where_that_is_asked_for(make_scored: Make) -> None:
    validation = drawn(make_scored, 600, 0)
    found = after(validation, *fitted(validation, constrained="all_outcomes", epsilon=0.1))

    def differences(table: pd.DataFrame) -> float:
        given = pd.crosstab(
            [table["truth"], table["emotion"]], table["predicted_emotion"], normalize="index"
        )
        return float((given.loc["a"] - given.loc["b"]).abs().to_numpy().mean())

    assert differences(found) < 0.7 * differences(validation)


def test_predictions_that_no_tolerance_improves_stay(make_scored: Make) -> None:
    table = drawn(make_scored, 400, 0)
    right = make_scored(
        [EMOTIONS.index(name) for name in table["emotion"]],
        0.9 * np.eye(8)[[EMOTIONS.index(name) for name in table["emotion"]]] + 0.1 / 8,
        table["gender"],
    )
    method, rules = fitted(right)
    assert "no tolerance of 0.05, 0.1, 0.2 was better than none" in rules["reason"]
    found = method.apply(table, rules, seed=0)
    assert found["predicted_emotion"].equals(table["predicted_emotion"])


def test_what_a_tolerance_is_chosen_by_is_fitted_on_other_faces(
    make_scored: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing tells the emotion: more than a quarter is right only of faces that were fitted on.
    judged: list[float] = []

    def noted(program: linear_post._Program, after: np.ndarray) -> float:
        judged.append(float((after == program.true).mean()))
        return 0.0

    monkeypatch.setattr(linear_post._Program, "_badness", noted)
    for seed in range(4):
        generator = np.random.default_rng(seed)
        groups = generator.choice(list("abcdefgh"), 160)
        shares = generator.dirichlet(np.full(4, 20.0), 160)
        table = make_scored(generator.integers(0, 4, 160), shares, groups)
        fitted(table, epsilon=1.0, minimum_faces=1)
    assert 0.2 < np.mean(judged) < 0.32


def test_people_of_unknown_group_keep_their_prediction(make_scored: Make) -> None:
    validation = drawn(make_scored, 1_500, 0)
    validation.loc[:99, "gender"] = None
    validation.loc[100, "gender"] = "one face"
    method, rules = fitted(validation)
    assert rules["calibration"]["names"] == ["a", "b", "one face"]
    assert rules["left_out"]["one face"] == list(EMOTIONS)
    validation.loc[100:150, "gender"] = "of test faces alone"
    found = after(validation, method, rules)["predicted_emotion"]
    assert found[:151].equals(validation["predicted_emotion"][:151])
    assert not found.equals(validation["predicted_emotion"])


def test_an_emotion_that_a_group_lacks_does_not_bind(make_scored: Make) -> None:
    table = drawn(make_scored, 1_500, 0)
    table = table[~((table["gender"] == "a") & (table["emotion"] == EMOTIONS[1]))]
    method, rules = fitted(table)
    assert rules["left_out"]["a"] == [EMOTIONS[1], *EMOTIONS[4:]]
    assert set(after(table, method, rules)["predicted_emotion"]) <= set(EMOTIONS[:4])


@pytest.mark.parametrize("gender", ["a", None])
def test_without_two_groups_nothing_changes_and_the_reason_is_told(
    make_scored: Make, gender: str | None
) -> None:
    table = drawn(make_scored, 100, 0).assign(gender=gender)
    method, rules = fitted(table)
    assert "less than two groups of gender have 10" in rules["reason"]
    assert after(table, method, rules)["predicted_emotion"].equals(table["predicted_emotion"])


def test_a_program_that_is_not_solved_leaves_predictions_and_says_why(
    make_scored: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear_post, "solve_shares", lambda *_, **__: "no solution")
    table = drawn(make_scored, 300, 0)
    method, rules = fitted(table)
    assert rules["reason"]
    assert after(table, method, rules)["predicted_emotion"].equals(table["predicted_emotion"])
