import hashlib
import os
from pathlib import Path

import pytest

from fer_fairness.errors import DiskFullError, InvalidInputError
from fer_fairness.files import file_sha256, json_sha256, replacing, reserve, verify_sha256


def test_a_failed_block_leaves_the_older_file_and_no_rubbish(tmp_path: Path) -> None:
    target = tmp_path / "file.npy"
    target.write_text("old")

    def save_half() -> None:
        with replacing(target) as path:
            assert path.suffix == ".npy"
            path.write_text("half a n")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file.npy"
    with replacing(target) as one, replacing(target) as other:
        one.write_text("one")
        other.write_text("other")
    assert target.read_text() == "one"  # left last


def test_the_file_appears_once_the_block_is_done(tmp_path: Path) -> None:
    target = tmp_path / "made" / "on_the_way" / "file.txt"
    with replacing(target) as path:
        path.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "file.txt"):
        pass


def test_another_file_is_refused_with_both_hashes(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    found = hashlib.sha256(b"weights").hexdigest()
    assert file_sha256(file) == found
    verify_sha256(file, found, remedy="")
    with pytest.raises(
        InvalidInputError, match=rf"model\.onnx .*{found}, expected {'0' * 64}.* Do it\."
    ):
        verify_sha256(file, "0" * 64, remedy="Do it.")
    with pytest.raises(InvalidInputError, match=r"no file .*absent\. Do it\."):
        verify_sha256(tmp_path / "absent", found, remedy="Do it.")


def test_content_has_one_hash_whatever_the_order_of_its_keys() -> None:
    first = json_sha256({"a": [1, 2], "b": {"c": None, "d": "é"}})
    assert first == json_sha256({"b": {"d": "é", "c": None}, "a": [1, 2]})
    assert first != json_sha256({"a": [2, 1], "b": {"c": None, "d": "é"}})
    assert len(first) == 64


class TestReserving:
    @pytest.mark.parametrize("is_given_by_the_system", [True, False])
    def test_a_file_gets_its_bytes_and_keeps_what_it_holds(
        self, *, is_given_by_the_system: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        if not is_given_by_the_system:
            monkeypatch.delattr(os, "posix_fallocate")
        path = tmp_path / "a.npy"
        path.write_bytes(b"head")
        reserve(path, 3_000_000)
        assert path.read_bytes() == b"head" + bytes(2_999_996)
        assert path.stat().st_blocks * 512 >= 3_000_000

    @pytest.mark.usefixtures("largest_file")
    @pytest.mark.parametrize("is_given_by_the_system", [True, False])
    def test_without_room_there_is_one_sentence(
        self, *, is_given_by_the_system: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        if not is_given_by_the_system:
            monkeypatch.delattr(os, "posix_fallocate")
        (tmp_path / "a.part").touch()
        with pytest.raises(DiskFullError, match=r"no room for .*a\.npy.*3 MB are needed"):
            reserve(tmp_path / "a.part", 3_000_000, told_as=tmp_path / "a.npy")
