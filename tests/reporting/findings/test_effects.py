from typing import Any

import pandas as pd
import pytest
from tests.reporting.rows import CHANGE, GAP_CHANGE, NO_CHANGE, report, row_of

from fer_fairness.reporting.findings.effects import (
    Effect,
    control_of,
    effect_of,
    effects,
    set_against,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.changes import ComparisonRow


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([GAP_CHANGE], Effect.HELPED),
        ([GAP_CHANGE, {**GAP_CHANGE, "difference": 0.03}], Effect.MIXED),
        ([{**GAP_CHANGE, "difference": 0.03}], Effect.HARMED),
        ([{**GAP_CHANGE, "level_down": True}], Effect.LEVELLED_DOWN),
        ([GAP_CHANGE, {**GAP_CHANGE, "level_down": True}], Effect.MIXED),
        ([NO_CHANGE], Effect.UNCLEAR),
        ([NO_CHANGE, {**NO_CHANGE, "level_down": True}], Effect.UNCLEAR),
    ],
)
def test_what_a_method_did_is_what_was_found_of_it(
    changes: list[dict[str, Any]], expected: Effect
) -> None:
    assert effect_of([row_of(ComparisonRow, CHANGE, row) for row in changes]) is expected


def test_methods_of_which_nothing_was_found_come_last() -> None:
    rows = [
        {**CHANGE, "variant": "nothing", **NO_CHANGE},
        {**CHANGE, "variant": "harms", "difference": -0.02},
        {**CHANGE, "variant": "helps"},
    ]
    found = effects(report(comparisons=pd.DataFrame(rows)))
    assert [method.variant for method in found] == ["helps", "harms", "nothing"]


RANK = {
    "evaluation_sets": "raf_db",
    "metric": "accuracy",
    "attribute": None,
    "attribute_source": None,
    "value": 0.8,
    "mean_rank": 2.0,
    "rank_low": 1.0,
    "rank_high": 3.0,
    "not_told_apart": "",
}


def bench(control: str) -> ReportInputs:
    """Reweighing helps against the baseline and harms against the control."""
    names = ("baseline", "continued_training", "reweighing")
    against = [
        {**CHANGE, "variant": name, "difference": -0.02, "control": control}
        for name in names
        if name != control
    ]
    return report(
        comparisons=pd.DataFrame([CHANGE | {"variant": name} for name in names[1:]]),
        changes_against_control=pd.DataFrame(against),
        ranks=pd.DataFrame(
            [RANK | {"variant": name, "is_control": name == control} for name in names]
        ),
    )


def test_methods_of_a_bench_are_set_against_its_control_and_the_baseline_is_none() -> None:
    inputs = bench("continued_training")
    [method] = effects(inputs)
    assert (method.variant, method.anywhere) == ("reweighing", {None: Effect.HARMED})
    assert control_of(inputs) == "continued_training"
    assert set_against(inputs) == "continued training"


def test_without_a_control_of_its_own_methods_are_set_against_the_baseline() -> None:
    for inputs in (bench("baseline"), report(comparisons=pd.DataFrame([CHANGE]))):
        assert control_of(inputs) is None
        assert set_against(inputs) == "the baseline"
