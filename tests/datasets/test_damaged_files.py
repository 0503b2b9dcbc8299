"""A file that is not what a run saved there: one error with the file and the remedy."""

from pathlib import Path

import numpy as np
import pytest
from kedro.io.core import DatasetError

from fer_fairness.datasets import (
    CSVDataset,
    JSONDataset,
    KerasModelDataset,
    NumpyArrayDataset,
    ParquetDataset,
    SkopsDataset,
    TextDataset,
)
from fer_fairness.datasets.atomic import AtomicFile


@pytest.mark.parametrize("content", [b"", b"garbage\xff\xfe", b"PK\x03\x04 cut", b"\x93NUMPY\x01"])
@pytest.mark.parametrize(
    ("dataset_class", "name"),
    [
        (NumpyArrayDataset, "a.npy"),
        (ParquetDataset, "a.parquet"),
        (JSONDataset, "a.json"),
        (SkopsDataset, "a.skops"),
        (KerasModelDataset, "a.keras"),
    ],
)
def test_the_file_and_the_remedy_are_named(
    dataset_class: type[AtomicFile], name: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        dataset_class(filepath=str(tmp_path / name)).load()
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / name} cannot be read by {dataset_class.__name__}: ")
    assert "Delete it and run the same command with --only-missing-outputs" in message
    assert "pickle" not in message


@pytest.mark.parametrize(("dataset_class", "name"), [(CSVDataset, "a.csv"), (TextDataset, "a.md")])
def test_text_that_is_not_utf_8_too(
    dataset_class: type[AtomicFile], name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"a,b\n\xff\xfe,1\n")
    with pytest.raises(DatasetError, match="Delete it and run the same"):
        dataset_class(filepath=str(tmp_path / name)).load()


def test_an_array_that_was_cut_is_not_mapped(tmp_path: Path) -> None:
    dataset = NumpyArrayDataset(filepath=str(tmp_path / "a.npy"))
    dataset.save(np.zeros(1000))
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[:4000])
    with pytest.raises(DatasetError, match=r"a\.npy cannot be read .* --only-missing-outputs"):
        dataset.load()
