"""Which settings a method tries, how they are scored, and which one is chosen."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, model_validator

from fer_fairness.errors import TrainingError
from fer_fairness.mitigation import post_methods, trained_methods
from fer_fairness.mitigation.method import Method
from fer_fairness.mitigation.methods.continued_training import ContinuedTraining
from fer_fairness.mitigation.methods.group_dro import GroupDro
from fer_fairness.mitigation.methods.tau_norm import TauNorm
from fer_fairness.mitigation.post_method import PostMethod
from fer_fairness.mitigation.tuning import (
    MINIMUM_FACES,
    RULES,
    Scores,
    Trial,
    candidates,
    chosen_of,
    cross_fitted,
    validation_scores,
    with_settings,
)
from fer_fairness.params.budget import BudgetParameters
from fer_fairness.params.fine_tuning import FineTuningParameters

MakeScored = Callable[..., pd.DataFrame]
COMMON = FineTuningParameters.model_validate({"training": {"target_learning_rate": 0.0003}})
KNOWN: dict[str, type[Method | PostMethod]] = {**trained_methods(), **post_methods()}


def of(*scores: float) -> Scores:
    return Scores.model_validate(dict(zip(RULES, scores, strict=True)) | {"accuracy_gap": 0.1})


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_whatever_a_method_may_try_is_a_setting_of_it(name: str) -> None:
    """A misspelt name or a value that its own field refuses would be found only in a long run."""
    method = KNOWN[name](method=name, name=name)
    grid = int(np.prod([len(values) for values in method.search.values()]))
    found = candidates(method, COMMON, grid + 1, seed=0)
    assert len(found) == grid + (not _has_own_values_in_grid(method))
    for values in method.search.values():
        assert len(set(values)) == len(values) > 1


def _has_own_values_in_grid(method: Any) -> bool:
    def own(path: str) -> object:
        if path.startswith("fine_tuning."):
            return COMMON.training.target_learning_rate
        value = method
        for part in path.split("."):
            value = getattr(value, part)
        return value

    return all(own(path) in values for path, values in method.search.items())


def test_the_first_trial_is_the_block_as_it_is_written() -> None:
    block = GroupDro(name="mine", step_size=0.5, fine_tuning={"training": {"max_epochs": 2}})
    first, *others = candidates(block, COMMON, 4, seed=0)
    assert first == ({}, block)
    assert len(others) == 3
    for settings, tried in others:
        assert tried == with_settings(block, settings)
        assert tried.fine_tuning["training"]["max_epochs"] == 2, "only what is tried changes"
        assert tried.fine_tuning["training"]["target_learning_rate"] in (0.0001, 0.0003, 0.001)


def test_trials_differ_between_methods_and_seeds_but_not_between_calls() -> None:
    def drawn(name: str, seed: int) -> list[dict[str, Any]]:
        return [each.settings for each in candidates(GroupDro(name=name), COMMON, 6, seed=seed)]

    assert drawn("a", 0) == drawn("a", 0)
    assert drawn("a", 0) != drawn("b", 0)
    assert drawn("a", 0) != drawn("a", 1)


def test_settings_that_come_to_the_same_are_tried_once() -> None:
    # Of the three rates, one is that of the common fine-tuning, which trial 0 has already.
    assert len(candidates(ContinuedTraining(name="c"), COMMON, 10, seed=0)) == 3
    assert len(candidates(TauNorm(name="t"), COMMON, 10, seed=0)) == 4


@pytest.mark.parametrize("name", ["abstention", "group_temperature"])
def test_methods_that_leave_predictions_as_they_are_spend_no_trials(name: str) -> None:
    # Every score is of predictions, so that their settings would tie.
    assert len(candidates(KNOWN[name](method=name, name=name), None, 10, seed=0)) == 1


class Refusing(PostMethod):
    """Refuses one of its values, and two together of which each is one that it may have."""

    label: ClassVar[str] = "Refusing"
    source: ClassVar[str] = "this test"
    search: ClassVar = {"one": (0, 1, 2, 3), "other": (0, 1)}
    method: Literal["refusing"] = "refusing"
    one: int = Field(default=0, le=2)
    other: int = 0

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.one == self.other == 1:
            raise ValueError("one and other are 1.")
        return self


def test_settings_that_a_block_refuses_are_told_and_the_others_tried(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = candidates(Refusing(name="r"), None, 8, seed=0)
    tried = {(block.one, block.other) for _, block in found}
    assert tried == {(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)}
    assert "r: {'one': 1, 'other': 1} is not tried" in caplog.text
    assert "one and other are 1." in caplog.text


def test_rates_that_contradict_the_blocks_own_are_not_tried() -> None:
    block = ContinuedTraining(name="c", fine_tuning={"training": {"initial_learning_rate": 0.0002}})
    rates = [
        COMMON.with_changes(tried.fine_tuning).training.target_learning_rate
        for _, tried in candidates(block, COMMON, 10, seed=0)
    ]
    assert sorted(rates) == [0.0003, 0.001]


def test_a_block_that_is_refused_as_it_is_written_is_an_error() -> None:
    block = ContinuedTraining(name="c", fine_tuning={"training": {"initial_learning_rate": 0.01}})
    with pytest.raises(ValidationError, match="the warm-up only rises"):
        candidates(block, COMMON, 3, seed=0)


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
        TrainingError, match=r"v: every one of its 2 trials failed.*its own: no groups\..*NaN\."
    ):
        chosen_of(failed, BudgetParameters(trials=2), variant="v")


class Memorises(PostMethod):
    """Knows by heart the faces that it was fitted on, and says anger of all others."""

    label: ClassVar[str] = "Memorises"
    source: ClassVar[str] = "this test"
    method: Literal["memorises"] = "memorises"

    def fit(self, validation: pd.DataFrame) -> dict[str, Any]:
        return dict(zip(validation["sample_id"], validation["emotion"], strict=True))

    def apply(self, scored: pd.DataFrame, rules: dict[str, Any], *, seed: int) -> pd.DataFrame:  # noqa: ARG002
        return pd.DataFrame(
            {"predicted_emotion": [rules.get(name, "anger") for name in scored["sample_id"]]}
        )


def test_a_method_on_predictions_is_tried_on_faces_that_it_was_not_fitted_on(
    make_scored: MakeScored,
) -> None:
    table = make_scored(np.zeros(20, int), np.full((20, 2), 0.5), ["male"] * 20)
    changed = cross_fitted(Memorises(name="m"), table, seed=0)
    assert (changed["predicted_emotion"] == "anger").all()
    assert (changed["sample_id"] == table["sample_id"]).all()
    assert (table["predicted_emotion"] == "neutral").all(), "what was given stays"


@pytest.mark.parametrize("n", [0, 2])
def test_too_few_faces_to_hold_out_are_left_as_they_are(make_scored: MakeScored, n: int) -> None:
    table = make_scored(np.zeros(n, int), np.full((n, 2), 0.5), ["male"] * n)
    pd.testing.assert_frame_equal(cross_fitted(Memorises(name="m"), table, seed=0), table)
