"""The machine: what a result was computed with, and the cores that there are to compute on."""

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from typing import Final, TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")

_RECORDED_PACKAGES: Final = (
    "fer-fairness",
    "kedro",
    "tensorflow",
    "keras",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "aif360",
)


THREADS_VARIABLES: Final = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
"""Environment variables that tell libraries with how many threads to compute."""


def usable_cores() -> int:
    """Cores for this process to compute on.

    OMP_NUM_THREADS says so where it is set, as job systems and workers of a cluster have it; else
    the operating system, which may let a process run on a part of the machine's.
    """
    told = os.environ.get(THREADS_VARIABLES[0], "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(function: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
    """What a function gives of each item, in their order, as many at a time as there are cores.

    NumPy leaves the interpreter free while it computes.

    Args:
        function: Must not change what others read.
        items: One call each.
    """
    with ThreadPoolExecutor(max_workers=usable_cores()) as pool:
        yield from pool.map(function, items)


def computed_with() -> dict[str, object]:
    """`python`, `machine` and `versions` of the main libraries, None of those not installed."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {name: _version(name) for name in _RECORDED_PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
