"""Which settings a method tries, and on which faces."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import pytest
from pydantic import Field, ValidationError, model_validator

from fer_fairness.mitigation import post_methods, trained_methods
from fer_fairness.mitigation.method import Method
from fer_fairness.mitigation.methods.continued_training import ContinuedTraining
from fer_fairness.mitigation.methods.group_dro import GroupDro
from fer_fairness.mitigation.methods.tau_norm import TauNorm
from fer_fairness.mitigation.post_method import PostMethod
from fer_fairness.mitigation.scored import emotion_codes, with_probabilities
from fer_fairness.mitigation.tuning import (
    candidates,
    cross_fitted,
    with_settings,
)
from fer_fairness.modeling.schedule import LearningRateSchedule
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.taxonomy import EMOTIONS

MakeScored = Callable[..., pd.DataFrame]
COMMON = FineTuningParameters.model_validate({"training": {"target_learning_rate": 0.0003}})
KNOWN: dict[str, type[Method | PostMethod]] = {**trained_methods(), **post_methods()}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_whatever_a_method_may_try_is_a_setting_of_it(name: str) -> None:
    """A misspelt name or a value that its own field refuses would be found only in a long run."""
    method = KNOWN[name](method=name, name=name)
    grid = int(np.prod([len(values) for values in method.search.values()]))
    found = candidates(method, COMMON, grid + 1, seed=0)
    refused = grid + (not _has_own_values_in_grid(method)) - len(found)
    assert not refused, f"{refused} of the values of search are refused, or name no parameter"
    for values in method.search.values():
        assert len(set(values)) == len(values) > 1


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_trials_vary_how_strongly_a_method_acts_and_not_what_it_is(name: str) -> None:
    """Two forms of a method would be compared with others, and over biases, under one name."""
    forms = {"objective", "weights"}  # of a linear program and an ensemble, told in the guide
    for path, values in KNOWN[name].search.items():
        assert path in forms or {type(value) for value in values} <= {int, float}, path


def _has_own_values_in_grid(method: Any) -> bool:
    return all(_value(path, method) in values for path, values in method.search.items())


def test_the_first_trial_is_the_block_as_it_is_written() -> None:
    block = GroupDro(name="mine", step_size=0.5, fine_tuning={"training": {"max_epochs": 2}})
    first, *others = candidates(block, COMMON, 4, seed=0)
    assert first == ({}, block)
    assert len(others) == 3
    for settings, tried in others:
        assert tried == with_settings(block, settings)
        assert tried.fine_tuning["training"]["max_epochs"] == 2, "only what is tried changes"
        assert tried.fine_tuning["training"]["learning_rate_scale"] in (0.3, 1.0, 3.0)


def test_trials_differ_between_methods_and_seeds_but_not_between_calls() -> None:
    def drawn(name: str, seed: int) -> list[dict[str, Any]]:
        return [each.settings for each in candidates(GroupDro(name=name), COMMON, 6, seed=seed)]

    assert drawn("a", 0) == drawn("a", 0)
    assert drawn("a", 0) != drawn("b", 0)
    assert drawn("a", 0) != drawn("a", 1)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_no_value_is_tried_again_before_all_of_its_parameter_were(name: str) -> None:
    method = KNOWN[name](method=name, name=name)
    n_trials = 3
    found = candidates(method, COMMON, n_trials, seed=0)
    for path, values in method.search.items():
        if len(found) < n_trials:
            continue  # fewer settings than trials: all are tried
        tried = [_value(path, block) for _, block in found]
        expected = min(n_trials, len({*values, tried[0]}))
        assert len(set(tried)) == expected, path


def _value(path: str, block: Any) -> object:
    value: Any = block.model_dump()
    value["fine_tuning"] = COMMON.with_changes(value.get("fine_tuning", {})).model_dump()
    for part in path.split("."):
        value = value[part]
    return value


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


@pytest.mark.parametrize("own", [0.0005, 0.01])
def test_rates_are_tried_about_that_of_the_block_with_the_warm_up_in_proportion(own: float) -> None:
    block = ContinuedTraining(name="c", fine_tuning={"training": {"target_learning_rate": own}})
    tried = [
        LearningRateSchedule(COMMON.with_changes(each.fine_tuning).training)
        for _, each in candidates(block, COMMON, 3, seed=0)
    ]
    first_rates = sorted(schedule.learning_rate for schedule in tried)
    expected = [COMMON.training.initial_learning_rate * factor for factor in (0.3, 1.0, 3.0)]
    assert first_rates == pytest.approx(expected)
    for schedule in tried:
        for _ in range(COMMON.training.warmup_epochs):
            schedule.observe(1.0)
    rates = sorted(schedule.learning_rate for schedule in tried)
    assert rates == pytest.approx([0.3 * own, own, 3 * own])


def test_a_block_that_is_refused_as_it_is_written_is_an_error() -> None:
    block = ContinuedTraining(name="c", fine_tuning={"training": {"initial_learning_rate": 0.01}})
    with pytest.raises(ValidationError, match="the warm-up only rises"):
        candidates(block, COMMON, 3, seed=0)


class Memorises(PostMethod):
    """Knows by heart the faces that it was fitted on, and says anger of all others."""

    label: ClassVar[str] = "Memorises"
    source: ClassVar[str] = "this test"
    method: Literal["memorises"] = "memorises"

    def fit(self, validation: pd.DataFrame) -> dict[str, Any]:
        return dict(zip(validation["sample_id"], validation["emotion"], strict=True))

    def apply(self, scored: pd.DataFrame, rules: dict[str, Any], *, seed: int) -> pd.DataFrame:  # noqa: ARG002
        known = pd.Series([rules.get(name, "anger") for name in scored["sample_id"]], dtype=object)
        after = emotion_codes(known)
        return with_probabilities(scored, np.eye(len(EMOTIONS))[after], after)


def test_a_method_on_predictions_is_tried_on_faces_that_it_was_not_fitted_on(
    make_scored: MakeScored,
) -> None:
    table = make_scored(np.zeros(20, int), np.full((20, 2), 0.5), ["male"] * 20)
    changed = cross_fitted(Memorises(name="m"), table, seed=0)
    assert (changed["predicted_emotion"] == "anger").all()
    assert (changed["sample_id"] == table["sample_id"]).all()
    assert (table["predicted_emotion"] == "neutral").all(), "what was given stays"


def test_each_part_is_drawn_for_by_itself(make_scored: MakeScored) -> None:
    seeds = []

    class Draws(Memorises):
        def applied(
            self, scored: pd.DataFrame, rules: dict[str, Any], *, seed: int
        ) -> pd.DataFrame:
            seeds.append(seed)
            return super().applied(scored, rules, seed=seed)

    table = make_scored(np.zeros(9, int), np.full((9, 2), 0.5), ["male"] * 9)
    for seed in (0, 0, 1):
        cross_fitted(Draws(name="d"), table, seed=seed)
    assert seeds[:3] == seeds[3:6]
    assert len(set(seeds[3:])) == 6


@pytest.mark.parametrize("n", [0, 2])
def test_too_few_faces_to_hold_out_are_left_as_they_are(make_scored: MakeScored, n: int) -> None:
    table = make_scored(np.zeros(n, int), np.full((n, 2), 0.5), ["male"] * n)
    pd.testing.assert_frame_equal(cross_fitted(Memorises(name="m"), table, seed=0), table)
