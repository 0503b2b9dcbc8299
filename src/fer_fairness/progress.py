"""One progress bar for everything that takes more than a few seconds."""

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def track(items: Iterable[Item], *, description: str, total: int | None = None) -> "tqdm[Item]":
    """Iterate over `items` with a bar on stderr.

    The bar appears after half a second, is redrawn at most twice a second on a terminal and every
    ten seconds where the output goes to a file, so that logs stay readable.

    Args:
        items: What to iterate over; may be a generator if `total` is given.
        description: What is being done, as the bar names it.
        total: Number of items where `items` cannot tell.

    Returns:
        The iterable bar; its `set_postfix_str` shows a running figure.
    """
    on_terminal = sys.stderr.isatty()
    return tqdm(
        items,
        desc=description,
        total=total,
        delay=0.5,
        mininterval=0.5 if on_terminal else 10.0,
        dynamic_ncols=on_terminal,
        leave=True,
    )
