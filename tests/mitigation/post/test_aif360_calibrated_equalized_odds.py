import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError
from tests.mitigation.post.test_equalized_odds import fabricated

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.post.aif360_calibrated_equalized_odds import (
    Aif360CalibratedEqualizedOdds,
    CalibratedEqualizedOddsRates,
)
from fer_fairness.tables import PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

SHOWN = EMOTIONS[:4]


def scored(n: int = 4000, *, seed: int = 0) -> pd.DataFrame:
    """Four emotions, recognised worse of women; probabilities say so, as a calibrated model's."""
    predictions, gender = fabricated(n, seed=seed)
    return predictions.assign(gender=gender)


def fit(table: pd.DataFrame, **settings: Any) -> CalibratedEqualizedOddsRates:
    rules = Aif360CalibratedEqualizedOdds(**settings).fit(table)
    return CalibratedEqualizedOddsRates.model_validate(json.loads(json.dumps(rules)))


def misses(table: pd.DataFrame, emotion: str, group: str, probabilities: Any) -> float:
    """Generalized false negative rate: mean of what is missing to probability one."""
    rows = (table["emotion"] == emotion) & (table["gender"] == group)
    return float(1 - probabilities[rows.to_numpy(), EMOTIONS.index(emotion)].mean())


def after(table: pd.DataFrame, rules: CalibratedEqualizedOddsRates, *, seed: int) -> pd.DataFrame:
    method = Aif360CalibratedEqualizedOdds()
    return method.apply(table, rules.model_dump(mode="json"), seed=seed)


def test_misses_of_both_sides_are_the_same_in_expectation() -> None:
    # As the paper has it, before the probabilities of a person are divided by their sum.
    table = scored()
    fitted = fit(table, cost_constraint="fnr")
    assert set(fitted.mixing) == set(SHOWN)
    probabilities = table[list(PROBABILITY_COLUMNS)].to_numpy()
    for emotion, mixing in fitted.mixing.items():
        assert mixing.side == "privileged"
        before = misses(table, emotion, "male", probabilities)
        other = misses(table, emotion, "female", probabilities)
        assert before < other
        mixed = (1 - mixing.rate) * before + mixing.rate * (1 - mixing.base_rate)
        assert_allclose(mixed, other, atol=1e-9)
        shown = table.loc[table["gender"] == "male", "emotion"] == emotion
        assert mixing.base_rate == pytest.approx(shown.mean())


def test_so_many_people_of_that_side_lose_their_score_and_nobody_else_does() -> None:
    table = scored()
    rules = fit(table)
    rules = rules.model_copy(update={"mixing": {SHOWN[0]: rules.mixing[SHOWN[0]]}})
    found = after(table, rules, seed=3)
    columns = list(PROBABILITY_COLUMNS)
    before, now = (frame[columns].to_numpy(dtype=np.float64) for frame in (table, found))
    moved = (np.abs(now - before) > 1e-8).any(axis=1)
    women = (table["gender"] == "female").to_numpy()
    assert not moved[women].any()
    assert moved[~women].mean() == pytest.approx(rules.mixing[SHOWN[0]].rate, abs=0.03)
    assert_allclose(found[columns].sum(axis=1), 1.0)
    names = np.array(EMOTIONS, dtype=object)
    assert (found["predicted_emotion"] == names[found[columns].to_numpy().argmax(axis=1)]).all()


def test_the_same_seed_draws_the_same_people_and_an_absent_emotion_is_never_given() -> None:
    table, rules = scored(), fit(scored(seed=1))
    first, again, other = (after(table, rules, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["predicted_emotion"].equals(other["predicted_emotion"])
    assert set(first["predicted_emotion"]) <= set(SHOWN)


def test_a_table_whose_probabilities_lie_in_one_block_stays_as_it_is() -> None:
    # Of such a table, as one read from a file is, pandas gives its own memory, read-only.
    table, rules = scored().copy(), fit(scored())
    before = table.copy()
    assert not after(table, rules, seed=0)["predicted_emotion"].equals(table["predicted_emotion"])
    pd.testing.assert_frame_equal(table, before)


def test_people_without_a_group_or_of_an_unseen_one_keep_their_prediction() -> None:
    rules = fit(scored())
    for gender in (None, "unseen"):
        table = scored(seed=2).assign(gender=pd.Series([gender] * 4000, dtype=object))
        found = after(table, rules, seed=0)
        assert found["predicted_emotion"].tolist() == table["predicted_emotion"].tolist()
        assert_allclose(found[list(PROBABILITY_COLUMNS)], table[list(PROBABILITY_COLUMNS)])


def test_where_nothing_can_be_evened_out_it_is_said_why() -> None:
    table = scored()
    assert "nobody on the privileged side shows it" in fit(table).untouched[EMOTIONS[-1]]
    one_group = fit(table[table["gender"] == "male"])
    assert one_group.mixing == {}
    assert "nobody on the unprivileged side shows it" in one_group.untouched[SHOWN[0]]
    assert fit(table.iloc[:0]).privileged == ""
    # Probabilities turned round: the base rate is better than they are.
    wrong = table.copy()
    wrong[list(PROBABILITY_COLUMNS[:4])] = table[list(PROBABILITY_COLUMNS[3::-1])].to_numpy()
    told = fit(wrong, cost_constraint="fnr").untouched
    assert any("would not even out the costs" in told.get(emotion, "") for emotion in SHOWN)


def test_a_group_that_is_not_there_and_an_unknown_cost_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"privileged is 'martian'.*female, male"):
        fit(scored(), privileged="martian")
    with pytest.raises(ValidationError, match="cost_constraint"):
        Aif360CalibratedEqualizedOdds.model_validate({"cost_constraint": "none"})
