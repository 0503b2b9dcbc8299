"""Reads spoilt files in this process, thousands a minute: `readers` starts it with limits.

`python -m benchmarks.faults.fuzzing TARGET SEED FIRST SECONDS RESULT`: cases from the number FIRST
on for so many seconds. RESULT gets a JSON line of each case that was wrong or crashed and, at the
end, one of how many ended how; the number of the present case lies beside it, for when a case takes
the process down.
"""

import json
import logging
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

from benchmarks.faults.mutations import spoilt
from benchmarks.faults.outcomes import Outcome
from benchmarks.faults.targets import TARGETS, Summary, Target

from fer_fairness.errors import FerFairnessError

_MEMORY: Final = 4 * 2**30
_SECONDS_OF_A_CASE: Final = 10.0
_TEXTS: Final = ("", ".csv", ".txt")


class _HangError(BaseException):
    """Not an `Exception`, which the code that hangs might pass over."""


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise _HangError


class Fuzzer:
    """A target in a folder of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder
        self.target: Target = TARGETS[name]()
        for file, content in self.target.files.items():
            self._write(file, content)
        self.good: Summary = self.target.read(folder)

    def _write(self, file: str, content: bytes) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def one(self, random: Random) -> tuple[Outcome, str]:
        """Spoil a file, or write it in another way that means the same; read, and put it back."""
        same = bool(self.target.rewritten) and random.random() < 0.1
        file = random.choice(sorted(self.target.rewritten if same else self.target.files))
        content = self.target.files[file]
        if same:
            changed = self.target.rewritten[file](content, random)
        else:
            text = Path(file).suffix in _TEXTS and not content.startswith(b"PAR1")
            changed = spoilt(content, random, text=text)
        self._write(file, changed)
        signal.setitimer(signal.ITIMER_REAL, _SECONDS_OF_A_CASE)
        try:
            found = self.target.read(self.folder)
        except FerFairnessError as error:
            return (Outcome.WRONG, f"{file}: refused: {error}") if same else (Outcome.REFUSED, "")
        except _HangError:
            return Outcome.CRASHED, f"{file}: hangs"
        except Exception as error:  # noqa: BLE001  whatever comes is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            return Outcome.CRASHED, f"{file}: {type(error).__name__} at {where}: {str(error)[:160]}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._write(file, content)
        if same and found != self.good:
            return Outcome.WRONG, f"{file}: rewritten alike, it reads otherwise"
        return Outcome.SURVIVED, ""


def main() -> None:
    """Fuzz until the time is over."""
    name, seed, first, seconds, result = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGALRM, _hang)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    counts = Counter[Outcome]()
    number, stop = int(first), time.monotonic() + float(seconds)
    memory = Path("/dev/shm")  # noqa: S108  faster, where there is one
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        Path(result).open("w", encoding="utf-8") as lines,
        Path(f"{result}.number").open("wb") as present,
    ):
        fuzzer = Fuzzer(name, Path(folder))
        while time.monotonic() < stop:
            os.pwrite(present.fileno(), f"{number:20d}".encode(), 0)
            outcome, detail = fuzzer.one(Random(f"{seed} {name} {number}"))
            counts[outcome] += 1
            if outcome in (Outcome.WRONG, Outcome.CRASHED):
                lines.write(json.dumps([number, outcome, detail]) + "\n")
            number += 1
        lines.write(json.dumps([number, counts, ""]) + "\n")


if __name__ == "__main__":
    main()
