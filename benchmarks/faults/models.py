"""Damaged and hostile model files, opened in a process of their own: `fuzz_models` makes them."""

import tempfile
import threading
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.faults.outcomes import Outcome, Tried
from benchmarks.faults.roots import Roots

_SECONDS: Final = 60.0
_QUICK_SECONDS: Final = 10.0
_ONE_AT_A_TIME: Final = threading.Lock()
"""There is one process that opens models."""

_OUTCOMES: Final = {
    "loaded": Outcome.SURVIVED,
    "refused": Outcome.REFUSED,
    "stopped": Outcome.REFUSED,  # an audit, whose process is another, makes one error of either
    "crashed": Outcome.REFUSED,
    "traceback": Outcome.CRASHED,
}


def try_one(roots: Roots, random: Random, number: int) -> list[Tried]:  # noqa: ARG001
    """Open damaged files for some seconds; those of one kind that end alike are one line."""
    fuzz_models = import_module("benchmarks.faults.fuzz_models")
    seed = random.getrandbits(32)
    found = Counter[tuple[str, str]]()
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory() as folder:
        stop = float("inf")
        for case in fuzz_models.cases(seed):
            found[case.what, fuzz_models.run(case, Path(folder))] += 1
            # The first case waits for libraries, which is no time of fuzzing.
            stop = min(stop, time.monotonic() + (_QUICK_SECONDS if roots.quick else _SECONDS))
            if time.monotonic() > stop:
                break
    return [
        Tried("models", f"seed {seed}, {what}", _OUTCOMES[end], end, count)
        for (what, end), count in found.items()
    ]
