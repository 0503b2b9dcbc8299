"""What processes of this project have in common."""

import ctypes
import signal
import sys
from typing import Final

_SET_DEATH_SIGNAL: Final = 1
"""Linux's PR_SET_PDEATHSIG."""


def end_with_parent() -> None:
    """Have this process killed when the one that started it ends; without effect but on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
