"""What a user can do something about becomes one sentence; a fault of the code stays one."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from fer_fairness.datasets import JSONDataset, NumpyArrayDataset, ParquetDataset
from fer_fairness.errors import DiskFullError, FileAccessError, InvalidInputError
from fer_fairness.hooks.errors import purposeful_cause


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.usefixtures("largest_file")
@pytest.mark.parametrize(
    ("dataset", "name", "data"),
    [
        (NumpyArrayDataset, "a.npy", np.zeros(100_000)),
        (ParquetDataset, "a.parquet", pd.DataFrame({"a": np.random.default_rng(0).random(90_000)})),
        (JSONDataset, "a.json", list(range(90_000))),
    ],
)
def test_a_save_without_room_names_file_and_remedy(
    dataset: Any, name: str, data: object, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError) as caught:
        dataset(filepath=str(tmp_path / name)).save(data)
    found = purposeful_cause(caught.value)
    assert isinstance(found, DiskFullError)
    assert str(found).startswith(f"There is no room for {tmp_path / name}: ")
    assert "are free" in str(found)
    assert "--only-missing-outputs" in str(found)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded", "/data/x.npy"),
        OSError("2350080 requested and 794496 written"),
        OSError("Unable to synchronously write (errno = 28, message = 'No space left on device')"),
        RuntimeError("database or disk is full"),
    ],
)
def test_a_full_disk_is_told_in_whatever_words_it_comes(error: Exception) -> None:
    for shown in (error, caused(DatasetError("Failed while saving data"), error)):
        found = purposeful_cause(shown)
        assert isinstance(found, DiskFullError)
        assert found.__cause__ is not None


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EIO, errno.ELOOP])
def test_a_file_that_the_system_does_not_give_is_named(number: int) -> None:
    found = purposeful_cause(OSError(number, "for a reason", "/data/x.csv"))
    assert isinstance(found, FileAccessError)
    assert str(found).startswith("/data/x.csv cannot be used (for a reason). ")


@pytest.mark.parametrize(
    "error",
    [OSError(errno.EACCES, "no file named"), FileNotFoundError(errno.ENOENT, "x", "y"), KeyError()],
)
def test_what_may_be_a_fault_of_the_code_stays_one(error: Exception) -> None:
    assert purposeful_cause(error) is None


def test_the_projects_own_words_go_before_all_others() -> None:
    own = caused(InvalidInputError("own words"), OSError(errno.ENOSPC, "No space left on device"))
    assert purposeful_cause(caused(DatasetError("Failed"), own)) is own
