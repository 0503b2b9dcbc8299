"""How trials of a method are scored, told, and which one is chosen."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import TrainingError
from fer_fairness.mitigation.trials import (
    MINIMUM_FACES,
    RULES,
    Scores,
    Trial,
    chosen_of,
    validation_scores,
)
from fer_fairness.params.budget import BudgetParameters

MakeScored = Callable[..., pd.DataFrame]


def of(*scores: float) -> Scores:
    return Scores.model_validate(dict(zip(RULES, scores, strict=True)) | {"accuracy_gap": 0.1})


def test_settings_are_told_as_the_command_line_takes_them() -> None:
    settings = {"tau": 1.5, "fine_tuning": {"training": {"max_epochs": 2, "loss": {"kind": "ce"}}}}
    assert Trial(settings=settings).options == (
        "tau=1.5, fine_tuning.training.max_epochs=2, fine_tuning.training.loss.kind=ce"
    )
    assert Trial(settings={}).options == ""


def test_rules_by_hand(make_scored: MakeScored) -> None:
    # 40 women, 30 right; 60 men, 60 right; 9 of unknown gender, wrong.
    n = 109
    right = np.array([True] * 30 + [False] * 10 + [True] * 60 + [False] * 9)
    true = np.arange(n) % 2
    shares = np.full((n, 2), 0.2)
    shares[np.arange(n), np.where(right, true, 1 - true)] = 0.8
    table = make_scored(true, shares, ["female"] * 40 + ["male"] * 60 + [None] * 9)
    found = validation_scores(table)
    recalls = [right[true == emotion].mean() for emotion in (0, 1)]
    assert found.mean_recall == pytest.approx(np.mean(recalls))
    assert found.worst_group_accuracy == pytest.approx(0.75)
    assert found.accuracy_gap == pytest.approx(0.25)
    assert found.ideal_point == pytest.approx(np.hypot(1 - 90 / 109, 0.25))


def test_people_of_unknown_group_are_no_group(make_scored: MakeScored) -> None:
    # 40 women and 40 men, all right; 20 of unknown gender, wrong.
    shares = np.full((100, 2), 0.2)
    shares[:80, 0] = shares[80:, 1] = 0.8
    table = make_scored(np.zeros(100, int), shares, ["female"] * 40 + ["male"] * 40 + [None] * 20)
    found = validation_scores(table)
    assert found.worst_group_accuracy == 1.0
    assert found.ideal_point == pytest.approx(0.2)


@given(n_wrong=st.integers(0, MINIMUM_FACES - 1))
def test_a_group_of_too_few_faces_decides_nothing(n_wrong: int) -> None:
    n_few = MINIMUM_FACES - 1
    right = np.array([True] * 100 + [False] * n_wrong + [True] * (n_few - n_wrong))
    table = pd.DataFrame(
        {
            "emotion": "fear",
            "predicted_emotion": np.where(right, "fear", "anger"),
            "gender": ["male"] * 100 + ["female"] * n_few,
            "race": None,
            "age_group": None,
        }
    )
    found = validation_scores(table)
    assert found.worst_group_accuracy == 1.0, "of the only group of enough faces"
    alone = validation_scores(table[table["gender"] == "female"])
    assert alone.worst_group_accuracy == pytest.approx(right[100:].mean()), "there is no such group"
    assert found.ideal_point == pytest.approx(1 - right.mean())


def test_each_rule_chooses_by_its_own_score_and_what_others_would_have_chosen_is_kept() -> None:
    trials = [
        Trial(settings={}, scores=of(0.70, 0.60, 0.40)),
        Trial(settings={"a": 1}, scores=of(0.72, 0.50, 0.50)),
        Trial(settings={"a": 2}, failure="diverged"),
        Trial(settings={"a": 3}, scores=of(0.60, 0.65, 0.30)),
        Trial(settings={"a": 4}, scores=of(0.72, 0.65, 0.30)),
    ]
    expected = {"mean_recall": 1, "worst_group_accuracy": 3, "ideal_point": 3}
    for rule in RULES:
        choice = chosen_of(trials, BudgetParameters(trials=5, selection=rule), variant="v")
        assert choice.by_rule == expected
        assert choice.chosen == expected[rule]


def test_where_every_trial_failed_each_reason_is_told() -> None:
    failed = [Trial(settings={}, failure="no groups."), Trial(settings={"a": 1}, failure="NaN.")]
    with pytest.raises(
        TrainingError,
        match=r"v: every one of its 2 trials failed.*own settings: no groups\..*a=1: NaN\.",
    ):
        chosen_of(failed, BudgetParameters(trials=2), variant="v")
