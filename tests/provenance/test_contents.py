"""Contents are known by their SHA-256, which is computed once."""

import hashlib
import os
from pathlib import Path

import pytest

from fer_fairness.files import file_sha256
from fer_fairness.provenance import Contents, contents


@pytest.fixture
def kept(tmp_path: Path) -> Contents:
    return Contents(tmp_path / "kept")


def count_readings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    read: list[Path] = []
    compute = file_sha256

    def counted(path: Path) -> str:
        read.append(path)
        return compute(path)

    monkeypatch.setattr(contents, "file_sha256", counted)
    return read


def test_a_file_is_known_by_its_bytes(kept: Contents, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"bytes")
    assert kept.sha256(file) == hashlib.sha256(b"bytes").hexdigest()
    assert kept.sha256(tmp_path / "nothing") is None


def test_a_folder_is_known_by_names_and_bytes_at_any_depth(kept: Contents, tmp_path: Path) -> None:
    found = []
    for number, (name, text) in enumerate(
        [("a/b.txt", "x"), ("a/c.txt", "x"), ("a/b.txt", "y"), ("b.txt", "x")]
    ):
        file = tmp_path / f"folder_{number}" / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
        found.append(kept.sha256(tmp_path / f"folder_{number}"))
    assert len({*found, None}) == 5
    (tmp_path / "folder_0/.hidden").touch()
    assert kept.sha256(tmp_path / "folder_0") == found[0]
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/.gitkeep").touch()
    assert kept.sha256(tmp_path / "empty") is None


def test_what_did_not_change_is_not_read_again(
    kept: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in "ab":
        (folder / name).write_text(name)
    read = count_readings(monkeypatch)
    first = kept.sha256(folder)
    assert Contents(tmp_path / "kept").sha256(folder) == first
    assert len(read) == 2


def test_a_change_that_hides_behind_size_and_time_is_seen(kept: Contents, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"one")
    first, times = kept.sha256(file), file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert kept.sha256(file) != first


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"stat": 1}', '{"stat": "", "sha256": ""}'])
def test_damaged_knowledge_is_no_knowledge(damage: str, kept: Contents, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"bytes")
    first = kept.sha256(file)
    for path in (tmp_path / "kept").iterdir():
        path.write_text(damage)
    assert kept.sha256(file) == first


def test_a_place_that_cannot_be_written_to_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    file = tmp_path / "file"
    file.write_bytes(b"bytes")
    assert Contents(tmp_path / "kept").sha256(file) == hashlib.sha256(b"bytes").hexdigest()


def test_a_link_to_a_folder_above_is_passed_over(kept: Contents, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    first = kept.sha256(folder)
    (folder / "up").symlink_to(folder)
    assert kept.sha256(folder) == first
