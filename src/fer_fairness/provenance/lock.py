"""One run at a time writes to a data root; audits, each in a folder of its own, go side by side."""

import fcntl
import json
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from fer_fairness.errors import FerFairnessError
from fer_fairness.processes import end_with_parent

LOCK_FILE: Final = ".lock"

_holders: list[int] = []
"""This process, once for every lock that it holds; a forked one finds its parent here."""

_main_thread_forks = False


class DataRootBusyError(FerFairnessError):
    """Another run is writing where this one would."""


class DataRootLock:
    """The right to write to a data root, or to a folder in it; a process that ends gives it back.

    `flock` of the operating system: a run that was killed leaves nothing behind that would stop
    the next one.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._held: list[IO[str]] = []

    def acquire(self, data_root: Path, own_folder: Path | None, command: str) -> None:
        """Take it; what this object held before is given back first.

        Args:
            data_root: Nobody else may write to it, unless `own_folder` is given.
            own_folder: A folder in it, the only one written to: others may write elsewhere.
            command: Told to whoever comes second.

        Raises:
            DataRootBusyError: Another run holds it; with its command and since when.
            FerFairnessError: The folder cannot be written to.
        """
        self.release()
        try:
            self._take(data_root, command, shared=own_folder is not None)
            if own_folder is not None:
                self._take(own_folder, command, shared=False)
        except FerFairnessError:
            self.release()
            raise

    def release(self) -> None:
        """Give it back; nothing happens where nothing is held."""
        while self._held:
            self._held.pop().close()
            _holders.pop()

    def _take(self, folder: Path, command: str, *, shared: bool) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / LOCK_FILE).open("a+", encoding="utf-8")
        except OSError as error:
            raise FerFairnessError(
                f"{folder} cannot be written to ({error.strerror}): results have no place. Give "
                "yourself the right to write there, or name another: --params data_root=FOLDER."
            ) from error
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(file)
            file.close()
            raise DataRootBusyError(
                f"Another run is writing to {folder}{holder}. Wait until it has ended, or give "
                "this one a place of its own: --params data_root=FOLDER."
            ) from None
        self._held.append(file)
        _holders.append(os.getpid())
        _sign(file, command)


def _note_thread() -> None:
    """Remember whether the main thread forks: Linux ends a child with the thread that made it."""
    global _main_thread_forks  # noqa: PLW0603  what is forked knows no other place to look
    _main_thread_forks = threading.current_thread() is threading.main_thread()


def _end_with_run() -> None:
    """Have a forked worker, which holds the lock too, end when the run that forked it is killed."""
    if _holders and _main_thread_forks:
        end_with_parent(_holders[-1])
    _holders[:] = [os.getpid()] * len(_holders)  # what it forks itself ends with it


os.register_at_fork(before=_note_thread, after_in_child=_end_with_run)


def _sign(file: IO[str], command: str) -> None:
    since = datetime.now(tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    with suppress(OSError):  # a full disk takes nothing but the name away
        file.truncate(0)
        json.dump({"process": os.getpid(), "since": since, "command": command}, file)
        file.flush()


def _holder(file: IO[str]) -> str:
    try:
        file.seek(0)
        found: dict[str, Any] = json.load(file)
        return f": `{found['command']}`, process {found['process']}, since {found['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
