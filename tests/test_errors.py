import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from fer_fairness.errors import disk_full_message, is_disk_full, readable_bytes

FULL = OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_500_000))
    path = tmp_path / "a.npy"
    message = disk_full_message(FULL, path, 4_000_000)
    told = "the disk is full (4 MB are needed, 1.5 MB are free, 2.5 MB are missing)"
    assert message.startswith(f"There is no room for {path}: {told}. Make room")


def test_what_nobody_knows_is_left_out() -> None:
    assert disk_full_message(FULL, None).startswith("There is no room for a file: the disk is full")


def test_the_free_room_is_that_of_the_disk_the_folder_will_lie_on(tmp_path: Path) -> None:
    assert "are free" in disk_full_message(FULL, tmp_path / "not" / "there" / "yet.npy")


def test_other_errors_are_no_full_disk() -> None:
    assert not is_disk_full(OSError(errno.EACCES, "Permission denied"))
    assert not is_disk_full(ValueError("requested and written"))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (2_350_080, "2.35 MB"),
        (14.5e9, "14.5 GB"),
        (3e12, "3 TB"),
    ],
)
def test_bytes_are_told_in_a_unit_for_people(number: float, text: str) -> None:
    assert readable_bytes(number) == text
