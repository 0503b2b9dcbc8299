"""What processes of this project have in common."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from types import FrameType
from typing import Any, Final

calls: ContextVar[Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]] = ContextVar(
    "calls", default=map
)
"""Calls a function for each of many items: one after the other, or in processes of a cluster.

Results come in any order. What reaches another process is pickled: the items should be small.
"""

_SET_DEATH_SIGNAL: Final = 1
"""Linux's PR_SET_PDEATHSIG."""


def end_with_parent(parent: int) -> None:
    """Have this process end when the one that started it does; without effect but on Linux.

    Args:
        parent: Number of the process that started it, which may be gone by now.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def exit_when_terminated() -> None:
    """Have SIGTERM end this process as Ctrl-C does, so that what `subprocess.run` started ends too.

    By itself it would end this process at once, and a training that it waits for would go on alone.
    """

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
