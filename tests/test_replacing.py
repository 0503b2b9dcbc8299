from pathlib import Path

import pytest

from fer_fairness.files import replacing


def test_the_file_appears_once_the_block_is_done(tmp_path: Path) -> None:
    target = tmp_path / "made" / "on_the_way" / "file.txt"
    with replacing(target) as path:
        path.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_a_failed_block_leaves_the_older_file_and_no_rubbish(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    target.write_text("old")

    def save_half() -> None:
        with replacing(target) as path:
            path.write_text("half a n")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "file.txt"):
        pass


def test_the_temporary_file_keeps_the_suffix(tmp_path: Path) -> None:
    with replacing(tmp_path / "model.keras") as path:
        assert path.suffix == ".keras"
        path.touch()
