import math
from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
from tests.reporting.rows import CHANGE, GAP, report, row_of

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting import REPORT_TABLES, ReportInputs, results_json
from fer_fairness.reporting.rows.changes import ComparisonRow
from fer_fairness.reporting.rows.schema import Row, columns_of, grouped
from fer_fairness.reporting.rows.scores import GapRow, GroupRow


@pytest.mark.parametrize("name", list(REPORT_TABLES))
def test_empty_tables_get_their_columns(name: str) -> None:
    assert tuple(ReportInputs().tables[name].columns) == columns_of(REPORT_TABLES[name])


def test_a_missing_column_is_named() -> None:
    table = pd.DataFrame({"variant": ["baseline"], "epoch": [1]})
    with pytest.raises(InvalidInputError, match=r"'histories'.*'validation_loss'"):
        report(histories=table)


@pytest.mark.parametrize("name", list(REPORT_TABLES))
def test_every_value_has_the_type_of_its_field(name: str, inputs: ReportInputs) -> None:
    kind = REPORT_TABLES[name]
    hints = get_type_hints(kind)
    rows = inputs.rows(kind)
    assert len(rows) == len(inputs.tables[name]) > 0
    for field in fields(kind):
        assert all(isinstance(getattr(row, field.name), hints[field.name]) for row in rows)


@pytest.mark.parametrize(("value", "expected"), [(True, True), (np.False_, False), (None, False)])
def test_a_flag_that_is_missing_is_not_set(value: object, expected: object) -> None:
    assert row_of(ComparisonRow, CHANGE, {"level_down": value}).level_down is expected


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, ""])
def test_a_missing_text_is_none_where_it_may_be_and_else_empty(missing: object) -> None:
    assert row_of(ComparisonRow, CHANGE, {"attribute": missing}).attribute is None
    assert row_of(GapRow, GAP, {"left_out": missing}).left_out == ""


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, "text"])
def test_a_missing_number_is_nan(missing: object) -> None:
    assert math.isnan(row_of(GapRow, GAP, {"p_value": missing}).p_value)


@pytest.mark.parametrize("verdict", ["no difference found; smaller than 0.1", "", None])
def test_a_verdict_of_any_other_text_is_refused(verdict: object) -> None:
    with pytest.raises(InvalidInputError, match=r"'gaps' has .* 'verdict'; expected one of"):
        row_of(GapRow, GAP, {"verdict": verdict})
    assert row_of(GapRow, GAP).verdict is Verdict.FOUND


def test_further_columns_are_not_read_and_stay_in_the_table() -> None:
    inputs = report(gaps=pd.DataFrame([{**GAP, "more": 1}]))
    assert inputs.rows(GapRow) == [row_of(GapRow, GAP)]
    assert "more" in inputs.tables["gaps"]


def test_rows_are_grouped_in_the_order_of_first_appearance(inputs: ReportInputs) -> None:
    rows = inputs.rows(GroupRow)
    blocks = grouped(rows, lambda row: (row.evaluation_set, row.attribute))
    assert list(blocks) == list(dict.fromkeys((row.evaluation_set, row.attribute) for row in rows))
    assert sum(map(len, blocks.values())) == len(rows)


def test_a_new_table_is_known_by_its_row_class_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Row, "schemas", {**Row.schemas})

    class LightRow(Row, table="light"):
        lamp: str
        lux: float

    table = pd.DataFrame({"lamp": ["left"], "lux": [300]})
    inputs = report(light=table)
    assert inputs.rows(LightRow) == [LightRow("left", 300.0)]
    assert results_json(inputs)["tables"]["light"]["columns"] == ["lamp", "lux"]
