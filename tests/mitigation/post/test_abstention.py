"""Abstention: as many answers as asked, of known confidence, and every face stays in the table."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.mitigation.post.abstention import Abstention
from fer_fairness.mitigation.trials import validation_scores
from fer_fairness.mitigation.tuning import cross_fitted
from fer_fairness.tables import PROBABILITY_COLUMNS

Make = Callable[..., pd.DataFrame]


def drawn(make_scored: Make, n: int, seed: int) -> pd.DataFrame:
    """Faces of group a are recognised more surely than those of b; the model is twice too sure."""
    generator = np.random.default_rng(seed)
    group = generator.integers(0, 2, n)
    logits = generator.normal(0, np.where(group == 0, 3.0, 1.5)[:, None], (n, 4))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = (honest.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    told = np.exp(2 * logits)
    names = np.array(["a", "b"], dtype=object)[group]
    return make_scored(true, told / told.sum(axis=1, keepdims=True), names)


def fitted(validation: pd.DataFrame, **options: Any) -> tuple[Abstention, dict[str, Any]]:
    method = Abstention.model_validate(options)
    return method, json.loads(json.dumps(method.fit(validation), allow_nan=False))


def answers(
    table: pd.DataFrame, method: Abstention, rules: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """Of groups a and b: coverage, accuracy of all and of the answered faces."""
    answered = ~method.apply(table, rules, seed=0)["abstained"].to_numpy(dtype=bool)
    right = (table["emotion"] == table["predicted_emotion"]).to_numpy(dtype=bool)
    found = {}
    for name in ("a", "b"):
        own = (table["gender"] == name).to_numpy(dtype=bool)
        found[name] = {
            "coverage": float(answered[own].mean()),
            "all": float(right[own].mean()),
            "accuracy": float(right[own & answered].mean()),
        }
    return found


@pytest.mark.parametrize("by_group", [False, True])
@pytest.mark.parametrize("coverage", [0.8, 0.95])
def test_the_share_that_is_asked_is_answered_of_validation_and_of_other_faces(
    make_scored: Make, coverage: float, *, by_group: bool
) -> None:
    validation, test = drawn(make_scored, 3_000, 0), drawn(make_scored, 6_000, 1)
    method, rules = fitted(validation, coverage=coverage, by_group=by_group)
    on_validation = method.apply(validation, rules, seed=0)["abstained"]
    assert coverage <= 1 - on_validation.mean() < coverage + 0.01
    assert 1 - method.apply(test, rules, seed=0)["abstained"].mean() == pytest.approx(
        coverage, abs=0.025
    )


def test_faces_stay_with_the_emotion_that_would_have_been_answered(make_scored: Make) -> None:
    table = drawn(make_scored, 2_000, 0)
    method, rules = fitted(table)
    assert rules["temperature"] == pytest.approx(2, rel=0.15)
    found = method.apply(table, rules, seed=0)
    assert found["predicted_emotion"].equals(table["predicted_emotion"])
    assert found["abstained"].dtype == bool
    told = table[list(PROBABILITY_COLUMNS)].to_numpy()[:, :4] ** (1 / rules["temperature"])
    told /= told.sum(axis=1, keepdims=True)
    assert_allclose(found[list(PROBABILITY_COLUMNS)].to_numpy()[:, :4], told)
    assert_allclose(found["abstained"], told.max(axis=1) < rules["common"])
    wrong = table["emotion"] != table["predicted_emotion"]
    assert wrong[found["abstained"]].mean() > 1.5 * wrong.mean()


def test_a_threshold_for_each_group_serves_the_worst_group_better(make_scored: Make) -> None:
    validation, test = drawn(make_scored, 3_000, 0), drawn(make_scored, 20_000, 1)
    one = answers(test, *fitted(validation))
    each = answers(test, *fitted(validation, by_group=True))
    assert one["b"]["accuracy"] + 0.01 < each["b"]["accuracy"] < each["a"]["accuracy"]
    assert each["a"]["coverage"] > 0.99, "nobody is left unanswered to make groups alike"
    assert each["a"]["accuracy"] >= one["a"]["all"] - 0.01


def test_no_group_is_answered_less_than_stated(make_scored: Make) -> None:
    table = drawn(make_scored, 3_000, 0)
    # Every face of b is mistaken: no threshold helps, and all answers could be taken from it.
    told = table["predicted_emotion"].where(table["gender"] == "a", "contempt")
    table = table.assign(predicted_emotion=told)
    for least in (0.6, 0.7):
        method, rules = fitted(table, by_group=True, coverage=0.7, least_coverage=least)
        assert answers(table, method, rules)["b"]["coverage"] == pytest.approx(least, abs=0.01)


def test_small_and_unknown_groups_have_the_threshold_of_all(make_scored: Make) -> None:
    table = drawn(make_scored, 1_000, 0)
    table.loc[:9, "gender"] = "few"
    table.loc[10:99, "gender"] = None
    method, rules = fitted(table, by_group=True)
    assert set(rules["by_group"]) == {"a", "b"}
    found = method.apply(table, rules, seed=0)
    sure = found[list(PROBABILITY_COLUMNS)].max(axis=1)
    assert_allclose(found["abstained"][:100], sure[:100] < rules["common"])
    assert (~found["abstained"]).mean() >= 0.9


def test_where_no_group_is_known_all_have_one_threshold(
    make_scored: Make, caplog: pytest.LogCaptureFixture
) -> None:
    table = drawn(make_scored, 500, 0).assign(gender=None)
    caplog.set_level("INFO")
    _, rules = fitted(table, by_group=True)
    assert rules == fitted(table)[1]
    assert "no group of gender has 30 validation faces: all faces have one threshold" in caplog.text


def test_without_validation_faces_everything_is_answered(make_scored: Make) -> None:
    table = drawn(make_scored, 10, 0)
    method, rules = fitted(table.iloc[:0])
    assert not method.apply(table, rules, seed=0)["abstained"].any()
    assert method.apply(table.iloc[:0], rules, seed=0)["abstained"].dtype == bool


def test_trials_score_all_faces_whatever_is_answered(make_scored: Make) -> None:
    table = drawn(make_scored, 300, 0)
    changed = cross_fitted(Abstention(coverage=0.5), table, seed=0)
    assert changed["abstained"].mean() == pytest.approx(0.5, abs=0.05)
    assert validation_scores(changed) == validation_scores(table)


def test_a_group_cannot_be_asked_for_more_than_all() -> None:
    with pytest.raises(ValidationError, match=r"least_coverage is 0\.9 and coverage 0\.8"):
        Abstention(by_group=True, coverage=0.8, least_coverage=0.9)
    assert Abstention(coverage=0.3).least_coverage == 0.5, "which asks nothing of one threshold"
