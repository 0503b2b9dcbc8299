from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.io.core import DatasetError

from fer_fairness.datasets import RawFolderDataset


def test_an_absent_folder_gives_its_path(tmp_path: Path) -> None:
    dataset = RawFolderDataset(filepath=str(tmp_path / "raf_db"), layout="raf_db")
    assert dataset.load() == tmp_path / "raf_db"
    assert not dataset.exists()


def test_the_empty_folder_of_a_fresh_clone_does_not_count(tmp_path: Path) -> None:
    dataset = RawFolderDataset(filepath=str(tmp_path), layout="fer_plus")
    (tmp_path / ".gitkeep").touch()
    assert not dataset.exists()
    (tmp_path / "fer2013.csv").touch()
    assert dataset.exists()


def test_a_dataset_for_another_layout_is_not_written(tmp_path: Path) -> None:
    pytest.importorskip("fer_fairness.fabrication")
    dataset = RawFolderDataset(filepath=str(tmp_path / "raf_db"), layout="raf_db")
    fabricated: Any = SimpleNamespace(layout="fairface")
    with pytest.raises(DatasetError, match="fabricated for 'fairface'"):
        dataset.save(fabricated)
    assert not dataset.exists()
