"""What files and folders hold, as SHA-256: computed once, known again by size and times."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from fer_fairness.files import file_sha256, replacing


class Contents:
    """The SHA-256 of files and folders; each is read once, until its stat says that it changed.

    A file counts as unchanged while its size, both its times and its inode are the same: its time
    of change cannot be set by a program that wants to hide one.
    """

    def __init__(self, folder: Path) -> None:
        """Make it; nothing is read yet.

        Args:
            folder: Where what was computed is kept. One that cannot be written to costs time only.
        """
        self._folder = folder

    def sha256(self, path: Path) -> str | None:
        """What `path` holds: 64 hexadecimal digits, None where there is nothing.

        Of a folder: names and contents of all files in it at any depth, and of none whose name, or
        whose folder's, begins with a dot. An empty folder holds nothing.

        Raises:
            OSError: If it cannot be read.
        """
        seen = _stat(path)
        if seen is None:
            return None
        known = self._known(path)
        if known is None or known[0] != seen:
            known = seen, _sha256(path)
            self._keep(path, known)
        return known[1]

    def _file(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:24]
        return self._folder / f"{name}.json"

    def _known(self, path: Path) -> tuple[str, str] | None:
        try:
            kept = json.loads(self._file(path).read_text(encoding="utf-8"))
            return str(kept["stat"]), str(kept["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, path: Path, known: tuple[str, str]) -> None:
        try:
            with replacing(self._file(path)) as file:
                text = json.dumps({"stat": known[0], "sha256": known[1]})
                file.write_text(text, encoding="utf-8")
        except OSError:
            return  # it is computed again the next time


def _stat(path: Path) -> str | None:
    """What changes whenever a file, or any file of a folder, is written; None if there is none."""
    if not path.is_dir():
        return _stat_of_file(path) if path.exists() else None
    digest, is_empty = hashlib.sha256(), True
    for name, file in _files(path):
        is_empty = False
        digest.update(os.fsencode(f"{name} {_stat_of_file(file)}\n"))
    return None if is_empty else digest.hexdigest()


def _stat_of_file(path: Path) -> str:
    found = path.stat()
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def _sha256(path: Path) -> str:
    if not path.is_dir():
        return file_sha256(path)
    digest = hashlib.sha256()
    for name, file in _files(path):
        digest.update(os.fsencode(f"{name} {file_sha256(file)}\n"))
    return digest.hexdigest()


def _files(
    folder: Path, name: str = "", above: tuple[tuple[int, int], ...] = ()
) -> Iterator[tuple[str, Path]]:
    """The files of a folder by their paths in it, in the order of these.

    A link to a folder that it lies in is passed over.
    """
    found_at = folder.stat()
    here = (found_at.st_dev, found_at.st_ino)
    if here in above:
        return
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(Path(entry.path), f"{name}{entry.name}/", (*above, here))
        elif entry.is_file():
            yield f"{name}{entry.name}", Path(entry.path)
