"""A folder is kept equal to one in S3, and what goes wrong there is told once and plainly."""

import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fer_fairness.mirror import Mirror, RemoteStorageError, is_remote


@pytest.fixture
def address(bucket: str) -> str:
    return f"s3://{bucket}/run"


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.mark.parametrize(
    ("place", "remote"),
    [
        ("s3://bucket/run", True),
        ("data/sample", False),
        ("/a:b//c", False),
        ("file:///x", False),
    ],
)
def test_addresses_are_told_from_paths(place: str, *, remote: bool) -> None:
    assert is_remote(place) is remote


def test_another_machine_gets_what_one_made(address: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    write(here / "06_models/baseline", model="weights")
    write(here, table="rows")
    assert Mirror(address, here, {}).send() == 2
    assert Mirror(address, there, {}).fetch() == 2
    assert files(there) == files(here)


def test_only_what_changed_travels(address: str, tmp_path: Path) -> None:
    here = Mirror(address, tmp_path / "here", {})
    there = Mirror(address, tmp_path / "there", {})
    write(here.folder, first="1", second="2")
    here.send()
    there.fetch()
    assert here.send() == there.fetch() == 0
    write(there.folder, second="changed")
    assert there.send() == 1
    assert Mirror(address, here.folder, {}).fetch() == 1
    assert files(here.folder) == {"first": "1", "second": "changed"}


def test_of_a_folder_that_was_written_anew_what_is_gone_is_removed_elsewhere(
    address: str, tmp_path: Path
) -> None:
    here = Mirror(address, tmp_path / "here", {})
    there = Mirror(address, tmp_path / "there", {})
    write(here.folder / "figures", kept="1", removed="2")
    write(here.folder, other="3")
    here.send()
    there.fetch()
    (here.folder / "figures/removed").unlink()
    (here.folder / "other").unlink()
    here.send(here.folder / "figures")
    here.send()
    there.fetch()
    assert files(there.folder) == {"figures/kept": "1", "other": "3"}


def test_a_mirror_that_is_deleted_during_a_run_deletes_nothing_elsewhere(
    address: str, tmp_path: Path
) -> None:
    here = Mirror(address, tmp_path / "here", {})
    write(here.folder / "01_raw", faces="1")
    here.send()
    shutil.rmtree(here.folder)
    here.send()
    Mirror(address, tmp_path / "there", {}).fetch()
    assert files(tmp_path / "there") == {"01_raw/faces": "1"}


def test_a_place_that_was_emptied_empties_no_mirror(address: str, tmp_path: Path) -> None:
    write(tmp_path, table="rows")
    kept = Mirror(address, tmp_path, {})
    kept.send()
    kept._system.rm(address, recursive=True)
    with pytest.raises(RemoteStorageError, match=r"is empty, and had 1 files"):
        Mirror(address, tmp_path, {}).fetch()
    assert files(tmp_path) == {"table": "rows"}


def test_a_mirror_of_another_server_is_refused(address: str, tmp_path: Path) -> None:
    write(tmp_path, table="rows")
    Mirror(address, tmp_path, {}).send()
    other = {"client_kwargs": {"endpoint_url": "http://127.0.0.1:9"}}
    with pytest.raises(RemoteStorageError, match=r"mirrors s3://.* not s3://.*127\.0\.0\.1:9"):
        Mirror(address, tmp_path, other).send()


def test_threads_and_runs_side_by_side_lose_nothing(address: str, tmp_path: Path) -> None:
    mirrors = [Mirror(address, tmp_path / "here", {}) for _ in range(2)]
    for number in range(12):
        write(tmp_path / "here", **{f"file_{number}": str(number)})
    with ThreadPoolExecutor(4) as pool:
        parts = (tmp_path / "here" / f"file_{number}" for number in range(12))
        sent = list(pool.map(Mirror.send, mirrors * 6, parts))
    assert sent == [1] * 12
    again = Mirror(address, tmp_path / "here", {})
    assert again.send() == again.fetch() == 0


def test_a_file_of_this_machine_is_not_overwritten(address: str, tmp_path: Path) -> None:
    write(tmp_path / "here", table="new")
    Mirror(address, tmp_path / "here", {}).send()
    write(tmp_path / "there", table="own")
    with pytest.raises(RemoteStorageError, match=r"was changed here and in .*none is overwritten"):
        Mirror(address, tmp_path / "there", {}).fetch()
    assert files(tmp_path / "there") == {"table": "own"}


def test_what_somebody_removed_from_the_mirror_comes_back(address: str, tmp_path: Path) -> None:
    write(tmp_path, kept="1", removed="2")
    Mirror(address, tmp_path, {}).send()
    (tmp_path / "removed").unlink()
    again = Mirror(address, tmp_path, {})
    assert again.fetch() == 1
    again.send()
    assert files(tmp_path) == {"kept": "1", "removed": "2"}


def test_files_of_one_machine_stay_there(address: str, tmp_path: Path) -> None:
    write(tmp_path, shared="1", own="2")
    write(tmp_path, **{"model.unfinished.keras": "half"})
    assert Mirror(address, tmp_path, {}, passed_over=lambda name: name == "own").send() == 1


def test_a_file_that_arrives_by_half_is_not_seen(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Mirror(address, tmp_path / "here", {})
    there = Mirror(address, tmp_path / "there", {})
    write(here.folder, table="old")
    here.send()
    there.fetch()
    write(here.folder, table="the new one")
    here.send()

    def half(_: list[str], places: list[str]) -> None:
        write(Path(places[0]).parent, table="the n")
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(there._system, "get", half)
    with pytest.raises(RemoteStorageError, match="cannot be read: reset by peer"):
        there.fetch()
    assert files(there.folder) == {"table": "old"}


def test_a_key_that_leads_out_of_the_folder_is_not_followed(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror_of_it = Mirror(address, tmp_path / "a/b", {})
    root = address.removeprefix("s3://")
    keys = {f"{root}/../outside": {"ETag": "1"}, f"{root}/inside": {"ETag": "2"}}
    monkeypatch.setattr(mirror_of_it._system, "find", lambda *_, **__: keys)

    def get(_: list[str], places: list[str]) -> None:
        for place in places:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_text("x")

    monkeypatch.setattr(mirror_of_it._system, "get", get)
    assert mirror_of_it.fetch() == 1
    assert files(tmp_path) == {"a/b/inside": "x"}


def test_other_places_of_fsspec_do_too(tmp_path: Path) -> None:
    write(tmp_path / "here", table="rows")
    Mirror("memory://place", tmp_path / "here", {}).send()
    assert Mirror("memory://place", tmp_path / "there", {}).fetch() == 1


def test_a_bucket_that_is_not_there_is_told(address: str, tmp_path: Path) -> None:
    missing = address.replace("bucket-", "nobucket-")
    with pytest.raises(RemoteStorageError, match=r"cannot be written: .*Make the bucket"):
        Mirror(missing, tmp_path, {}).fetch()


def test_missing_keys_are_told(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(RemoteStorageError, match=r"Give keys .*conf/local/credentials\.yml"):
        Mirror(address, tmp_path / "here", {}).fetch()


def test_a_server_that_is_gone_is_told_after_some_tries(address: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    options: dict[str, Any] = {
        "client_kwargs": {"endpoint_url": nobody},
        "config_kwargs": {"retries": {"max_attempts": 1}, "connect_timeout": 1},
    }
    with pytest.raises(RemoteStorageError, match=r"See to the connection.*--only-missing-outputs"):
        Mirror(address, tmp_path, options).fetch()


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (PermissionError("Access Denied"), "Give keys"),
        (PermissionError("QuotaExceeded"), "quota raised"),
        (
            OSError(5, "(XMinioStorageFull) when calling Put: No room."),
            r"No room\. Make room",
        ),
        (ImportError("Install s3fs to access S3"), r"fer-fairness\[s3\]"),
        (ValueError("Protocol not known: s4"), "s3://bucket/run"),
    ],
)
def test_each_trouble_has_its_remedy(
    error: Exception, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("fsspec.core.url_to_fs", refused)
    with pytest.raises(RemoteStorageError, match=remedy):
        Mirror("s3://bucket/run", tmp_path, {})
