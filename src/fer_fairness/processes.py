"""What processes of this project have in common."""

import ctypes
import os
import signal
import sys
from typing import Final

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
