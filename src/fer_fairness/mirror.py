"""A folder of this machine that is kept equal to one elsewhere: S3, or what else fsspec reaches."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final
from uuid import uuid4

import fsspec

from fer_fairness.errors import FerFairnessError, is_disk_full
from fer_fairness.files import replacing

_INDEX: Final = ".mirror.json"
_INCOMING: Final = ".incoming"
_TURN: Final = ".mirror.lock"
_MARK: Final = ".fer_fairness"
"""Written first of all: what may not be written is known before anything is computed."""


class RemoteStorageError(FerFairnessError):
    """What lies on another machine cannot be reached, read or written."""


def is_remote(place: str) -> bool:
    """Whether a data root is one of fsspec's addresses (`s3://bucket/run`) and no local path."""
    return "://" in place and not place.startswith(("file://", "local://"))


@dataclass(frozen=True)
class _Known:
    """A file when both places had the same: what the remote one was, size and time here."""

    remote: str
    n_bytes: int
    changed_ns: int


class Mirror:
    """Brings over what changed elsewhere, and takes there what changed here.

    A file that is brought over appears whole; on S3 one that is taken there does too. Of several
    files some may have arrived when the connection is lost: provenance tells which fit together.
    Threads and processes of this machine wait for each other; other machines are not kept apart.
    """

    def __init__(
        self,
        address: str,
        folder: Path,
        options: Mapping[str, Any],
        *,
        passed_over: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Make it; nothing is asked of the other machine yet.

        Args:
            address: Of the folder elsewhere, as fsspec writes it.
            folder: The one here; made where it is not there.
            options: Of fsspec's file system, such as `key`, `secret` and `client_kwargs`.
            passed_over: Whether a file, by its path from the folder, concerns this machine alone.

        Raises:
            RemoteStorageError: fsspec knows no such place, or lacks a library for it.
        """
        self.address, self.folder = address.rstrip("/"), folder
        self._passed_over = passed_over
        with self._telling("reached"):
            fresh = {"use_listings_cache": False, "skip_instance_cache": True}
            self._system, self._root = fsspec.core.url_to_fs(self.address, **fresh, **options)
        self._index = folder / _INDEX
        self._place = f"{self.address} {_server_of(options)}".strip()
        self._known: dict[str, _Known] = {}

    def fetch(self) -> int:
        """Make this folder what the other one is, but for files that are newer here.

        Returns:
            How many files were brought over.

        Raises:
            RemoteStorageError: It cannot be reached, read or written.
        """
        with self._alone():
            with self._telling("written"):
                self._system.pipe_file(f"{self._root}/{_MARK}", b"")
            with self._telling("read"):
                there = self._there()
            changed = [name for name, found in there.items() if not self._has(name, found)]
            self._refuse_to_lose(changed, there)
            with self._telling("read"):
                self._bring(changed, there)
            for name in self._known.keys() - there.keys():
                if self._is_same(name):
                    (self.folder / name).unlink()
                del self._known[name]
            self._write_index()
        return len(changed)

    def _refuse_to_lose(self, changed: Iterable[str], there: Mapping[str, str]) -> None:
        """Refuse what would overwrite or remove the only copy of something.

        Raises:
            RemoteStorageError: With what speaks against it.
        """
        own = [name for name in changed if self._is_here(name) and not self._is_same(name)]
        if own:
            raise RemoteStorageError(
                f"{self.folder / own[0]} was changed here and in {self.address}, and so were "
                f"{len(own) - 1} more files: none is overwritten. Move away those of this machine, "
                "or remove the others, and give the command again."
            )
        if self._known and not there:
            raise RemoteStorageError(
                f"{self.address} is empty, and had {len(self._known)} files when {self.folder} was "
                "last made equal to it: nothing is removed here. See to the address and the "
                f"server; where it is meant to begin anew, move {self.folder} away."
            )

    def send(self, part: Path | None = None) -> int:
        """Take there what is new or changed here.

        Args:
            part: A file or folder within the folder that was just written; of a folder, what is no
                longer in it is removed there too. All files without, of which none is removed.

        Returns:
            How many files were taken there.

        Raises:
            RemoteStorageError: It cannot be reached or written.
        """
        with self._alone():
            return self._send(part or self.folder, is_whole=part is not None and part.is_dir())

    def _send(self, part: Path, *, is_whole: bool) -> int:
        within = part.relative_to(self.folder).as_posix()
        above = "" if within == "." else f"{within}/"
        names = [name for name in self._names(part) if not self._is_same(name)]
        gone = [
            name
            for name in self._known
            if is_whole and name.startswith(above) and not self._is_here(name)
        ]
        before = {name: _seen(self.folder / name, "") for name in names}
        with self._telling("written"):
            if names:
                self._system.put(
                    [str(self.folder / name) for name in names],
                    [f"{self._root}/{name}" for name in names],
                )
                there = self._there(within)
                for name, known in before.items():
                    self._known[name] = replace(known, remote=there[name])
            for name in gone:
                if self._system.exists(f"{self._root}/{name}"):
                    self._system.rm_file(f"{self._root}/{name}")
                del self._known[name]
        if names or gone:
            self._write_index()
        return len(names)

    def _bring(self, names: list[str], there: Mapping[str, str]) -> None:
        incoming = self.folder / _INCOMING / uuid4().hex
        try:
            if names:
                self._system.get(
                    [f"{self._root}/{name}" for name in names],
                    [str(incoming / name) for name in names],
                )
            for name in names:
                place = self.folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(incoming / name, place)  # noqa: PTH105  atomic
                self._known[name] = _seen(place, there[name])
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _there(self, within: str = ".") -> dict[str, str]:
        """What each file elsewhere is, by its path from the folder."""
        place = self._root if within == "." else f"{self._root}/{within}"
        found = self._system.find(place, detail=True)
        root = PurePosixPath(self._root)
        names = {PurePosixPath(path).relative_to(root).as_posix(): path for path in found}
        return {
            name: _identity(found[path]) for name, path in names.items() if self._concerns(name)
        }

    def _names(self, part: Path) -> Iterator[str]:
        paths: Iterable[Path] = [part] if part.is_file() else part.rglob("*")
        for path in sorted(paths):
            name = path.relative_to(self.folder).as_posix()
            if self._concerns(name) and path.is_file():
                yield name

    def _concerns(self, name: str) -> bool:
        own = name in (_INDEX, _MARK, _TURN) or name.startswith(_INCOMING) or ".unfinished" in name
        leads_out = ".." in PurePosixPath(name).parts  # as a key of S3 may
        return not own and not leads_out and not self._passed_over(name)

    def _has(self, name: str, remote: str) -> bool:
        known = self._known.get(name)
        return known is not None and known.remote == remote and self._is_here(name)

    def _is_here(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def _is_same(self, name: str) -> bool:
        known = self._known.get(name)
        path = self.folder / name
        return known is not None and path.is_file() and known == _seen(path, known.remote)

    def _read_index(self) -> dict[str, _Known]:
        """What both places had.

        Raises:
            RemoteStorageError: The folder mirrors another place.
        """
        if not self._index.is_file():
            return {}
        found = json.loads(self._index.read_text(encoding="utf-8"))
        if found["place"] != self._place:
            raise RemoteStorageError(
                f"{self.folder} mirrors {found['place']}, not {self._place}: move it away, and it "
                "is made anew."
            )
        return {name: _Known(*known) for name, known in found["files"].items()}

    def _write_index(self) -> None:
        rows = {
            name: [known.remote, known.n_bytes, known.changed_ns]
            for name, known in self._known.items()
        }
        with replacing(self._index) as unfinished:
            told = json.dumps({"place": self._place, "files": rows})
            unfinished.write_text(told, encoding="utf-8")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else of this machine meanwhile, and what others did is known."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _TURN).open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self._known = self._read_index()
            yield

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        """Every library behind fsspec has errors of its own; a user gets one."""
        try:
            yield
        except FerFairnessError:
            raise
        except Exception as error:
            if is_disk_full(error):
                raise
            reason = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
            raise RemoteStorageError(
                f"{self.address} cannot be {done}: {reason}. {_remedy(error)} What was made is "
                f"kept in {self.folder}: the same command with --only-missing-outputs goes on."
            ) from error


def _seen(path: Path, remote: str) -> _Known:
    status = path.stat()
    return _Known(remote, status.st_size, status.st_mtime_ns)


def _identity(told: Mapping[str, Any]) -> str:
    """What tells a file elsewhere from what was there before."""
    lower = {name.lower().replace("_", ""): value for name, value in told.items()}
    named = (lower.get(name) for name in ("etag", "lastmodified", "updated", "mtime", "created"))
    return f"{next(filter(None, named), '')} {told.get('size')}".strip()


def _server_of(options: Mapping[str, Any]) -> str:
    """The server that an address alone does not tell, if one is given."""
    given = options.get("client_kwargs", {}).get("endpoint_url") or options.get("endpoint_url")
    return str(given or os.environ.get("AWS_ENDPOINT_URL", ""))


def _remedy(error: Exception) -> str:
    if any(word in str(error).lower() for word in ("quota", "storagefull", "no space")):
        return "Make room there, or have its quota raised."
    if isinstance(error, PermissionError) or "credentials" in str(error).lower():
        return (
            "Give keys that may list, read, write and delete there: `data_root: {key: ..., "
            "secret: ...}` in conf/local/credentials.yml, or as the provider's own tools find them."
        )
    if isinstance(error, FileNotFoundError):
        return "Make the bucket, or correct its name."
    if isinstance(error, ImportError):
        return 'Install it: pip install "fer-fairness[s3]" for s3://.'
    if isinstance(error, ValueError):
        return "data_root is a folder, or an address such as s3://bucket/run."
    return "See to the connection and to the address (AWS_ENDPOINT_URL of a server of your own)."
