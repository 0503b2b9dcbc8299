"""Temperatures of groups: probabilities that mean the same, and predictions that stay."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from fer_fairness.mitigation.post.group_temperature import GroupTemperature
from fer_fairness.tables import PROBABILITY_COLUMNS

Make = Callable[..., pd.DataFrame]


def drawn(make_scored: Make, n: int, seed: int) -> pd.DataFrame:
    """A model that is as sure as it should be in group a, and twice as sure in group b."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.5, (n, 4))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = (honest.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    group = generator.integers(0, 2, n)
    told = np.exp(logits * (1 + group[:, None]))
    names = np.array(["a", "b"], dtype=object)[group]
    return make_scored(true, told / told.sum(axis=1, keepdims=True), names)


def fitted(validation: pd.DataFrame, **options: Any) -> tuple[GroupTemperature, dict[str, Any]]:
    method = GroupTemperature.model_validate(options)
    return method, json.loads(json.dumps(method.fit(validation), allow_nan=False))


def test_confidence_is_the_share_of_right_answers_in_every_group(make_scored: Make) -> None:
    method, rules = fitted(drawn(make_scored, 4_000, 0))
    assert rules["by_group"]["a"] == pytest.approx(1, rel=0.1)
    assert rules["by_group"]["b"] == pytest.approx(2, rel=0.1)
    test = drawn(make_scored, 20_000, 1)
    found = method.apply(test, rules, seed=0)
    assert found["predicted_emotion"].equals(test["predicted_emotion"])
    sure = found[list(PROBABILITY_COLUMNS)].max(axis=1)
    right = test["emotion"] == test["predicted_emotion"]
    off = (sure - right).groupby(test["gender"]).mean().abs()
    before = (test[list(PROBABILITY_COLUMNS)].max(axis=1) - right).groupby(test["gender"]).mean()
    assert off.max() < 0.02 < 0.1 < before["b"]


def test_small_groups_have_nearly_the_temperature_of_all(make_scored: Make) -> None:
    table = drawn(make_scored, 2_000, 0)
    table.loc[0, "gender"] = "one face"
    _, rules = fitted(table)
    assert rules["by_group"]["one face"] == pytest.approx(rules["common"], rel=0.2)
    _, drawn_to = fitted(table, strength=1e6)
    assert_allclose(list(drawn_to["by_group"].values()), drawn_to["common"], rtol=1e-3)


def test_unknown_people_have_the_temperature_of_all_and_probable_groups_a_mean(
    make_scored: Make,
) -> None:
    method, rules = fitted(drawn(make_scored, 2_000, 0))
    # Logits of 2 and 0: a ratio of 2 in logarithms.
    one = np.array([[np.exp(2), 1]]) / (np.exp(2) + 1)

    def first(gender: str | None, confidence: float = np.nan) -> float:
        table = make_scored([0], one, [gender], confidence=confidence)
        return float(method.apply(table, rules, seed=0)[PROBABILITY_COLUMNS[0]].iloc[0])

    def under(temperature: float) -> float:
        return float(1 / (1 + np.exp(-2 / temperature)))

    of_a, of_b = rules["by_group"]["a"], rules["by_group"]["b"]
    assert first(None) == first("c") == pytest.approx(under(rules["common"]))
    assert first("a") == pytest.approx(under(of_a))
    share = rules["shares"][0]
    assert 0 < share < 1
    assert first("a", 0.7) == pytest.approx(0.7 * under(of_a) + 0.3 * under(of_b))


def test_where_no_group_is_known_it_is_plain_temperature_scaling(make_scored: Make) -> None:
    table = drawn(make_scored, 1_000, 0).assign(gender=None)
    method, rules = fitted(table)
    assert rules["by_group"] == {}
    assert rules["common"] > 1.1
    found = method.apply(table, rules, seed=0)
    assert found["predicted_emotion"].equals(table["predicted_emotion"])
