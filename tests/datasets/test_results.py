"""The results file names tables that are there, and no others."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io.core import DatasetError

from fer_fairness.datasets import ParquetDataset, ResultsDataset
from fer_fairness.errors import InvalidInputError
from fer_fairness.files import file_sha256
from fer_fairness.reporting import REPORT_TABLES, ReportInputs, read_table, results_json
from fer_fairness.reporting.rows.schema import columns_of

HISTORY = pd.DataFrame({name: [0.5] for name in columns_of(REPORT_TABLES["histories"])})


@pytest.fixture
def results() -> dict[str, Any]:
    return results_json(ReportInputs({"histories": HISTORY}))


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_saved_results_have_the_sha256_of_the_tables_beside_them(
    results: dict[str, Any], scheme: str, tmp_path: Path
) -> None:
    table = tmp_path / "tables/histories.parquet"
    ParquetDataset(filepath=str(table)).save(HISTORY)
    dataset = ResultsDataset(filepath=f"{scheme}{tmp_path / 'results.json'}")
    dataset.save(results)
    assert dataset.load()["tables"]["histories"]["sha256"] == file_sha256(table)
    pd.testing.assert_frame_equal(read_table(tmp_path / "results.json", "histories"), HISTORY)


def test_results_whose_table_is_missing_leave_the_older_file(
    results: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps("older"))
    with pytest.raises((DatasetError, InvalidInputError), match=r"histories\.parquet is not there"):
        ResultsDataset(filepath=str(file)).save(results)
    assert json.loads(file.read_text()) == "older"


def test_what_are_no_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="keeps a dict, but a list"):
        ResultsDataset(filepath=str(tmp_path / "results.json")).save([])
