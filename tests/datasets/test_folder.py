from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io.core import DatasetError

from fer_fairness.datasets import FolderDataset

NAMES = st.from_regex(r"[a-z0-9_-]{1,12}\.(svg|pdf|csv|md)", fullmatch=True)
FILES = st.dictionaries(NAMES, st.binary(max_size=20), max_size=5)


@given(first=FILES, second=FILES)
def test_a_folder_holds_what_was_saved_last_and_nothing_of_an_earlier_run(
    tmp_path_factory: pytest.TempPathFactory, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("run") / "figures"
    dataset = FolderDataset(filepath=str(folder))
    dataset.save(first)
    dataset.save(second)
    assert dataset.load() == second
    seen = {path.name: path.read_bytes() for path in folder.iterdir() if path.name[0] != "."}
    assert seen == second


def test_files_that_somebody_else_put_there_stay(tmp_path: Path) -> None:
    dataset = FolderDataset(filepath=str(tmp_path))
    (tmp_path / "gaps_edited.svg").write_text("mine")
    dataset.save({"gaps.svg": b"1"})
    dataset.save({})
    assert [path.name for path in tmp_path.iterdir() if path.name[0] != "."] == ["gaps_edited.svg"]


@pytest.mark.parametrize("name", ["../gaps.svg", "a/b.svg", "/etc/gaps.svg", ".hidden", "", ".."])
def test_names_that_lead_out_of_the_folder_are_refused_before_anything_is_written(
    tmp_path: Path, name: str
) -> None:
    dataset = FolderDataset(filepath=str(tmp_path / "figures"))
    with pytest.raises(DatasetError, match="without folders"):
        dataset.save({"a.svg": b"1", name: b"2"})
    assert not (tmp_path / "figures").exists()


def test_it_exists_once_it_was_saved(tmp_path: Path) -> None:
    dataset = FolderDataset(filepath=str(tmp_path))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="--only-missing-outputs"):
        dataset.load()
    dataset.save({"gaps.svg": b"1"})
    assert dataset.exists()


def test_a_file_that_was_taken_away_is_named(tmp_path: Path) -> None:
    dataset = FolderDataset(filepath=str(tmp_path))
    dataset.save({"gaps.svg": b"1", "gaps.pdf": b"2"})
    (tmp_path / "gaps.pdf").unlink()
    with pytest.raises(DatasetError, match=r"lacks gaps\.pdf"):
        dataset.load()
