"""One progress bar for everything that takes more than a few seconds."""

import multiprocessing
import sys
from collections.abc import Iterable, Sized
from typing import Final, TextIO, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

# A short bar leaves room at 80 columns for what comes after it.
_BAR: Final = "{desc}: {percentage:3.0f}% |{bar:10}| {remaining} left{postfix}"

# No bar: what of one fits into 80 columns tells nothing, and the end of the line would be cut off.
_LINE: Final = "{desc}: {n_fmt} of {total_fmt}, {remaining} left{postfix}"


class _Lines:
    """Where no terminal is: each drawing of a bar becomes a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = ""

    def write(self, drawing: str) -> None:
        """Write a drawing, which begins with a carriage return, as a line; none empty or twice."""
        line = drawing.strip()
        if line not in ("", self._last):
            self._stream.write(line + "\n")
            self._last = line

    def flush(self) -> None:
        """Pass on what is written."""
        self._stream.flush()


def track(items: Iterable[Item], *, description: str, total: int | None = None) -> "tqdm[Item]":
    """Iterate over `items` with a bar on stderr.

    The bar appears after half a second, is redrawn at most twice a second on a terminal, and is
    gone when all is done; where the output goes to a file, and in one process of several, it is a
    plain line every ten seconds and at the end, so that logs stay readable.

    Args:
        items: What to iterate over; may be a generator if `total` is given.
        description: What is being done, as the bar names it.
        total: Number of items where `items` cannot tell.

    Returns:
        The iterable bar; its `set_postfix_str` shows a running figure.
    """
    # Bars of several processes would be drawn over each other.
    on_terminal = sys.stderr.isatty() and multiprocessing.parent_process() is None
    is_counted = total is not None or isinstance(items, Sized)
    return tqdm(
        items,
        desc=description,
        total=total,
        delay=0.5,
        mininterval=0.5 if on_terminal else 10.0,
        maxinterval=10.0 if on_terminal else 60.0,  # after that tqdm draws what it has drawn
        bar_format=(_BAR if is_counted else None) if on_terminal else _LINE,
        dynamic_ncols=on_terminal,
        file=sys.stderr if on_terminal else _Lines(sys.stderr),
        leave=not on_terminal,
    )
