"""The exceptions a user of fer_fairness can meet, each a plain sentence with its remedy."""

import errno
import re
import shutil
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Final

_DISK_FULL: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "no file may be so large there",
}
# What libraries say that lose the error's number: HDF5, SQLite, and NumPy, which counts values.
_DISK_FULL_WORDS: Final = {
    re.compile(r"No space left on device|database or disk is full"): errno.ENOSPC,
    re.compile(r"\d+ requested and \d+ written"): errno.ENOSPC,
    re.compile(r"Disk quota exceeded"): errno.EDQUOT,
    re.compile(r"File too large"): errno.EFBIG,
}
_NO_ACCESS: Final = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ELOOP),
        *(errno.ENAMETOOLONG, errno.EIO, errno.ESTALE, errno.ENXIO, errno.EMFILE, errno.ENFILE),
    }
)


class FerFairnessError(Exception):
    """Base of every error raised on purpose: the message says what is wrong and what to do."""


class DatasetNotFoundError(FerFairnessError):
    """A dataset is not where it was looked for."""


class DamagedDataError(FerFairnessError):
    """A file is there but is not what its publisher wrote, beyond what may be repaired."""


class InvalidInputError(FerFairnessError):
    """A table, array or value handed to a function cannot be used as it is."""


class TrainingError(FerFairnessError):
    """Training cannot start, continue or be taken up again."""


class FileAccessError(FerFairnessError):
    """A file or folder is there, or should be made, and the system does not let it be used."""


class DiskFullError(FileAccessError, OSError):
    """There is no room for a file: the disk is full, or a quota is used up.

    An OSError too, as that which it tells of: whoever goes on without the file catches that.
    """


def did_you_mean(name: str, there: Collection[str]) -> str:
    """` Did you mean <the nearest>?`, after a sentence; empty where no name is near."""
    close = get_close_matches(name, there, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that a file found no room, in whatever words of whatever library."""
    return _no_room(error) is not None


def disk_full_message(
    error: BaseException, path: Path | None, needed_bytes: int | None = None
) -> str:
    """What to tell of an error for which `is_disk_full` holds: what, where, how much is missing.

    Args:
        error: The error.
        path: The file that was written; None where nobody knows it.
        needed_bytes: How large it was to become; None where nobody knows.

    Returns:
        The text of a `DiskFullError`, with the remedy.
    """
    what = "a file" if path is None else path
    why = _DISK_FULL[_no_room(error) or errno.ENOSPC]
    free = None if path is None else _free_bytes(path)
    numbers = [] if needed_bytes is None else [f"{readable_bytes(needed_bytes)} are needed"]
    numbers += [] if free is None else [f"{readable_bytes(free)} are free"]
    if needed_bytes is not None and free is not None and needed_bytes > free:
        numbers.append(f"{readable_bytes(needed_bytes - free)} are missing")
    told = f" ({', '.join(numbers)})" if numbers else ""
    return (
        f"There is no room for {what}: {why}{told}. Make room, or give a data_root on another "
        "disk, and run the same command again with --only-missing-outputs: what was saved stays."
    )


def access_message(error: BaseException) -> str | None:
    """What to tell of an error of the system that names the file it did not let be used.

    Returns:
        The text of a `FileAccessError`, with the remedy; None for any other error: a file that is
        not there may as well be a fault of the code.
    """
    if not isinstance(error, OSError) or error.errno not in _NO_ACCESS or error.filename is None:
        return None
    return (
        f"{error.filename} cannot be used ({error.strerror}). Make it readable, or its folder "
        "writable if it is to be made, or give another path."
    )


def readable_bytes(number: float) -> str:
    """A number of bytes for people, to two decimals at most: 812 bytes, 2.35 MB, 14.5 GB."""
    if number < 1000:
        return f"{round(number)} bytes"
    for unit in ("kB", "MB", "GB"):
        number /= 1000
        if number < 1000:
            return f"{number:.3g} {unit}"
    return f"{number / 1000:.3g} TB"


def _no_room(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return error.errno
    return next((no for words, no in _DISK_FULL_WORDS.items() if words.search(str(error))), None)


def _free_bytes(path: Path) -> int | None:
    for folder in Path(path).absolute().parents:
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue  # a folder that was to be made
    return None


class DoubtfulInputWarning(UserWarning):
    """Results are made, but what was read makes them doubtful."""
