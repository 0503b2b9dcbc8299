import json

import numpy as np
import pandas as pd
from tests.reporting.rows import report

from fer_fairness.reporting import REPORT_TABLES
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.json_values import as_json
from fer_fairness.reporting.results import SCHEMA_VERSION, results_json
from fer_fairness.reporting.rows.schema import columns_of


def test_results_survive_json_unchanged(small_inputs: ReportInputs) -> None:
    results = results_json(small_inputs)
    assert json.loads(json.dumps(results, allow_nan=False)) == results
    assert results["schema_version"] == SCHEMA_VERSION == "5.1"


def test_every_table_is_there_with_all_its_rows_and_columns(small_inputs: ReportInputs) -> None:
    tables = results_json(small_inputs)["tables"]
    assert isinstance(tables, dict)
    assert list(tables) == list(REPORT_TABLES)
    for name, table in small_inputs.tables.items():
        records = tables[name]
        assert isinstance(records, list)
        assert len(records) == len(table)
        assert isinstance(records[0], dict)
        assert set(records[0]) >= set(columns_of(REPORT_TABLES[name]))


def test_missing_and_infinite_numbers_are_null(small_inputs: ReportInputs) -> None:
    gaps = small_inputs.tables["gaps"].assign(value=np.nan, ci_low=np.inf, left_out=None)
    results = results_json(report(gaps=gaps))
    text = json.dumps(results, allow_nan=False)
    first = json.loads(text)["tables"]["gaps"][0]
    assert (first["value"], first["ci_low"], first["left_out"]) == (None, None, None)


def test_values_of_every_kind_become_json() -> None:
    value = {
        "array": np.arange(2),
        "scalar": np.float32(0.5),
        "flag": np.True_,
        "set": {"b", "a"},
        "gone": pd.NA,
        1: (None, float("nan")),
        "when": pd.Timestamp("2026-01-01"),
    }
    assert as_json(value) == {
        "array": [0, 1],
        "scalar": 0.5,
        "flag": True,
        "set": ["a", "b"],
        "gone": None,
        "1": [None, None],
        "when": "2026-01-01 00:00:00",
    }
