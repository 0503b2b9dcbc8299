"""Files that are either the old one or the new one, never half of each, and known by SHA-256."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from fer_fairness.errors import (
    DiskFullError,
    FileAccessError,
    InvalidInputError,
    access_message,
    disk_full_message,
    is_disk_full,
)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of `path` once everything is written.

    The temporary file lies beside `path`, because a rename is atomic only within one file system,
    and keeps its suffix, because Keras and NumPy choose the format by it. If the block raises, the
    temporary file is removed and `path` is left as it was. A process that has the old file mapped
    into memory keeps reading the old contents; of two that write at once the last one's file stays.

    Args:
        path: The file to be made or replaced; its folders are made if they are not there.

    Yields:
        The path to write to.

    Raises:
        FileNotFoundError: If the block wrote no file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{uuid4().hex[:12]}.unfinished{path.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, path)  # noqa: PTH105  atomic, as promised
    except OSError as error:
        if is_disk_full(error):
            raise DiskFullError(disk_full_message(error, path)) from error
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits; the file is not held in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_sha256(content: object) -> str:
    """SHA-256 of JSON-able content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    # Names of files may hold bytes that are no UTF-8.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def verify_sha256(path: Path, expected: str, *, remedy: str) -> None:
    """Refuse a file that is not the one it should be, before any library opens it.

    Args:
        path: The file.
        expected: Its SHA-256, 64 lower-case hexadecimal digits.
        remedy: What to do about another file: a sentence for the message.

    Raises:
        InvalidInputError: If there is no such file or its SHA-256 is another; with both.
    """
    if not path.is_file():
        raise InvalidInputError(f"There is no file {path}. {remedy}")
    found = file_sha256(path)
    if found != expected:
        raise InvalidInputError(
            f"{path} has the SHA-256 {found}, expected {expected}: it is another file, or a "
            f"damaged one, and was not opened. {remedy}"
        )


def reserve(path: Path, n_bytes: int, *, told_as: Path | None = None) -> None:
    """Give a file all of its bytes on the disk, before it is mapped into memory.

    A map of a file whose room is only promised ends the process without a word ("Bus error") where
    the disk turns out to be full.

    Args:
        path: A file that is there; what it holds stays.
        n_bytes: The size that it gets, zeros after what it holds; at least its own.
        told_as: What the message calls the file, where it is to become another.

    Raises:
        DiskFullError: There is not so much room.
    """
    try:
        with path.open("r+b") as file:
            if not _allocated(file.fileno(), n_bytes):
                _fill(file, n_bytes)
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise DiskFullError(disk_full_message(error, told_as or path, n_bytes)) from error


def _allocated(descriptor: int, n_bytes: int) -> bool:
    """Whether the system has given the room; not every system and file system can."""
    if not hasattr(os, "posix_fallocate"):
        return False
    try:
        os.posix_fallocate(descriptor, 0, n_bytes)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENODEV, errno.ENOSYS):
            return False
        raise
    return True


def _fill(file: BinaryIO, n_bytes: int) -> None:
    zeros = bytes(1 << 20)
    missing = n_bytes - file.seek(0, os.SEEK_END)
    while missing > 0:
        missing -= file.write(zeros[:missing])
    file.flush()
    os.fsync(file.fileno())  # some file systems find the room only here


def regular_file_bytes(path: Path, *, remedy: str) -> int:
    """Refuse what is no file that can be read, before it is opened: a pipe would wait for ever.

    Args:
        path: What somebody called a file.
        remedy: What to do where it is none: a sentence for the message.

    Returns:
        Its size.

    Raises:
        InvalidInputError: It is not there, or a folder, pipe, socket or device.
        FileAccessError: The system does not let it be looked at or read.
    """
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            with path.open("rb"):
                return status.st_size
    except FileNotFoundError as error:
        raise InvalidInputError(f"{path}: there is no such file. {remedy}") from error
    except OSError as error:
        told = access_message(error) or f"{path} cannot be read ({error}). {remedy}"
        raise FileAccessError(told) from error
    kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
    raise InvalidInputError(f"{path} is {kind}, expected a file. {remedy}")


def home_expanded(given: str | os.PathLike[str]) -> Path:
    """A path as somebody types it, ~ being their home; that of nobody known stays as it is.

    `Path.expanduser` raises there what nobody catches.

    Raises:
        InvalidInputError: It is an address, of which a path would make a folder "s3:".
    """
    if isinstance(given, str) and (told := told_of_address(given)):
        raise InvalidInputError(told)
    return Path(os.path.expanduser(given))  # noqa: PTH111


def told_of_address(given: str) -> str | None:
    """What to tell of an address (`s3://bucket/x.csv`) where a path is expected; None of a path."""
    if "://" not in given:
        return None
    return (
        f"{given} is an address; expected a path of this machine. What lies in a bucket below the "
        "data root is in its mirror: data/mirror/s3/BUCKET/... Copy other files here first."
    )
