"""CSV tables keep their text, and an older file outlives a failed save."""

from pathlib import Path

import pandas as pd
import pytest
from kedro.io.core import DatasetError

from fer_fairness.datasets import CsvDataset


def test_a_table_comes_back_without_an_index_and_with_its_letters(tmp_path: Path) -> None:
    dataset = CsvDataset(filepath=str(tmp_path / "labels.csv"))
    table = pd.DataFrame({"file": ["a, b.jpg", "ä.jpg"], "share": [0.25, None]})
    dataset.save(table)
    pd.testing.assert_frame_equal(dataset.load(), table)
    assert (tmp_path / "labels.csv").read_bytes().startswith(b"\xef\xbb\xbffile,share\n")


def test_only_tables_are_saved(tmp_path: Path) -> None:
    dataset = CsvDataset(filepath=str(tmp_path / "labels.csv"))
    dataset.save(pd.DataFrame({"file": ["a.jpg"]}))
    with pytest.raises(DatasetError, match="keeps a DataFrame, but a list"):
        dataset.save([1])  # type: ignore[arg-type]
    assert list(dataset.load()["file"]) == ["a.jpg"]
