"""Nodes of plan_audit: what the terminal says is what the files hold."""

import logging

import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.plan import PlanParameters
from fer_fairness.pipelines.plan_audit import nodes


def test_the_terminal_says_the_plan(caplog: pytest.LogCaptureFixture) -> None:
    parameters = PlanParameters(gap=0.2, n_draws=300)
    with caplog.at_level(logging.INFO):
        plan, groups, power = nodes.plan_audit(parameters, 0)
    assert caplog.messages == [plan["sentence"], plan["assumptions"]]
    assert groups.loc[groups["harmed"], "n_faces"].item() == plan["n_faces_of_group"]
    assert plan["gap"] in set(power["gap"])
    assert len(nodes.draw_power(plan, power).axes) == 1


def test_nothing_asked_says_how_to_ask() -> None:
    with pytest.raises(InvalidInputError, match=r"--params plan_audit\.gap=0\.05"):
        nodes.plan_audit(PlanParameters(), 0)
