"""Files that are either the old one or the new one, never half of each, and known by SHA-256."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from fer_fairness.errors import InvalidInputError


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
