"""Offsets of logits: mean recall, the worst group, and what is too small for an offset."""

import json
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation.post.class_offsets import ClassOffsets, ClassOffsetsRules
from fer_fairness.tables import PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

Make = Callable[..., pd.DataFrame]
PRIOR = np.array([0.6, 0.25, 0.1, 0.05])


def drawn(make_scored: Make, n: int, seed: int, *, sharper: float = 1.0) -> pd.DataFrame:
    """Two groups of one model; of the second, the third emotion is taken for others."""
    generator = np.random.default_rng(seed)
    true = generator.choice(4, n, p=PRIOR)
    group = generator.integers(0, 2, n)
    scores = np.log(PRIOR) + generator.normal(0, 1, (n, 4))
    scores[np.arange(n), true] += 1.8
    scores[:, 2] -= 2.0 * group
    shares = np.exp(sharper * scores)
    return make_scored(
        true, shares / shares.sum(axis=1, keepdims=True), np.array(["a", "b"], object)[group]
    )


def fitted(validation: pd.DataFrame, **options: Any) -> tuple[ClassOffsets, dict[str, Any]]:
    method = ClassOffsets.model_validate(options)
    return method, json.loads(json.dumps(method.fit(validation), allow_nan=False))


def after(table: pd.DataFrame, method: ClassOffsets, rules: dict[str, Any]) -> pd.DataFrame:
    return table.assign(**dict(method.apply(table, rules, seed=0)))


def recalls(table: pd.DataFrame) -> pd.DataFrame:
    right = (table["emotion"] == table["predicted_emotion"]).astype(float)
    return right.groupby([table["gender"], table["emotion"]]).mean().unstack()


def test_rare_emotions_of_people_who_were_not_fitted_on_are_recognised_more_often(
    make_scored: Make,
) -> None:
    test = drawn(make_scored, 10_000, 1)
    found = after(test, *fitted(drawn(make_scored, 2_000, 0)))
    assert recalls(found).mean().mean() > recalls(test).mean().mean() + 0.08
    assert recalls(found)[EMOTIONS[3]].min() > recalls(test)[EMOTIONS[3]].max() + 0.1


def test_offsets_of_groups_undo_what_one_group_suffers(make_scored: Make) -> None:
    validation, test = drawn(make_scored, 2_000, 0), drawn(make_scored, 10_000, 1)
    alike, method_and_rules = (fitted(validation, by_group=chosen) for chosen in (False, True))
    rules = method_and_rules[1]
    third = {name: offsets[2] for name, offsets in rules["by_group"].items()}
    assert third["b"] > third["a"] + 0.5
    worst = EMOTIONS[2]
    assert recalls(after(test, *method_and_rules))[worst].min() > (
        recalls(after(test, *alike))[worst].min() + 0.1
    )


def test_the_worst_group_is_served_better_where_that_is_the_aim(make_scored: Make) -> None:
    validation, test = drawn(make_scored, 2_000, 0), drawn(make_scored, 10_000, 1)
    mean, worst = (
        recalls(after(test, *fitted(validation, aim=aim))).mean(axis=1).min()
        for aim in ("mean_recall", "worst_group")
    )
    assert worst > mean + 0.002


def test_an_emotion_of_which_no_group_has_faces_enough_is_recognised_more_often_all_the_same(
    make_scored: Make,
) -> None:
    validation, test = drawn(make_scored, 2_000, 0), drawn(make_scored, 10_000, 1)
    mean, worst = (
        recalls(after(test, *fitted(validation, aim=aim, minimum_faces=80)))[EMOTIONS[3]].min()
        for aim in ("mean_recall", "worst_group")
    )
    assert worst > recalls(test)[EMOTIONS[3]].max() + 0.1
    assert worst == pytest.approx(mean, abs=0.15)


def test_a_model_that_is_too_sure_gets_the_same_predictions(make_scored: Make) -> None:
    plain, sharp = (drawn(make_scored, 2_000, 0, sharper=sharper) for sharper in (1.0, 4.0))
    found = [after(table, *fitted(table))["predicted_emotion"] for table in (plain, sharp)]
    assert (found[0] == found[1]).mean() > 0.99


@pytest.mark.parametrize("by_group", [True, False])
def test_strong_shrinkage_leaves_predictions_as_they_are(
    make_scored: Make, *, by_group: bool
) -> None:
    table = drawn(make_scored, 500, 0)
    found = after(table, *fitted(table, by_group=by_group, shrinkage=1e6, group_shrinkage=1e6))
    assert found["predicted_emotion"].equals(table["predicted_emotion"])
    assert_allclose(found[list(PROBABILITY_COLUMNS)], table[list(PROBABILITY_COLUMNS)], atol=1e-4)


def test_small_cells_have_no_offset_of_their_own_and_unknown_people_the_common_one(
    make_scored: Make,
) -> None:
    table = drawn(make_scored, 1_000, 0)
    table.loc[0, "gender"] = "one face"
    table.loc[1:100, "gender"] = None
    table = table[~((table["gender"] == "a") & (table["emotion"] == EMOTIONS[1]))]
    method, rules = fitted(table, by_group=True)
    assert rules["by_group"]["one face"] == [0.0] * 8
    assert rules["by_group"]["a"][1] == 0.0
    assert rules["by_group"]["b"][1] != 0.0
    assert rules["common"][4:] == [0.0] * 4
    nobody = after(table.assign(gender=None), method, rules)
    alone = after(table, method, {**rules, "by_group": {}, "shares": []})
    assert nobody["predicted_emotion"].equals(alone["predicted_emotion"])


def test_a_predicted_group_moves_logits_by_its_probability(make_scored: Make) -> None:
    table = make_scored([0], np.full((1, 2), 0.5), ["a"], confidence=0.75)
    rules = ClassOffsetsRules(
        by_group={"a": [1.0] + [0.0] * 7, "b": [-1.0] + [0.0] * 7}, shares=[0.5, 0.5]
    ).model_dump(mode="json")
    found = ClassOffsets().apply(table, rules, seed=0)[list(PROBABILITY_COLUMNS)].to_numpy()[0]
    assert np.log(found[0] / found[1]) == pytest.approx(0.75 - 0.25)
    assert found[2:].tolist() == [0.0] * 6, "an emotion that the dataset does not have"


def test_without_groups_the_worst_is_that_of_all_and_the_log_says_so(
    make_scored: Make, caplog: pytest.LogCaptureFixture
) -> None:
    table = drawn(make_scored, 300, 0).assign(gender=None)
    with caplog.at_level(logging.INFO):
        _, rules = fitted(table, aim="worst_group", by_group=True)
    assert "fitted for mean recall" in caplog.text
    assert rules["common"] == fitted(table)[1]["common"]
    assert rules["by_group"] == {}


@settings(max_examples=20, deadline=None)
@given(true=st.lists(st.integers(0, 7), min_size=1, max_size=12), by_group=st.booleans())
def test_any_validation_faces_have_finite_offsets(true: list[int], *, by_group: bool) -> None:
    shares = np.random.default_rng(len(true)).dirichlet(np.ones(8), len(true))
    table = pd.DataFrame(shares, columns=list(PROBABILITY_COLUMNS)).assign(
        emotion=[EMOTIONS[one] for one in true],
        predicted_emotion=[EMOTIONS[one] for one in shares.argmax(axis=1)],
        gender=["a", "b", None, "b"][len(true) % 4],
        gender_confidence=np.nan,
    )
    for aim in ("mean_recall", "worst_group"):
        method, rules = fitted(table, aim=aim, by_group=by_group, minimum_faces=1)
        assert np.isfinite(rules["common"]).all()
        found = method.apply(table, rules, seed=0)
        assert_allclose(found[list(PROBABILITY_COLUMNS)].sum(axis=1), 1.0)
