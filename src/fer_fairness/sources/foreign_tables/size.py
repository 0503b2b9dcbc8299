"""How large a table that somebody else wrote may be, in memory."""

from typing import Final

from fer_fairness.errors import InvalidInputError, readable_bytes
from fer_fairness.memory import available_bytes

MOST_BYTES: Final = 4 << 30
"""Ten million rows of 400 characters: more is no table of predictions."""

_SHARE_OF_MEMORY: Final = 3  # a table is text, columns and what is made of them


def most_bytes() -> int:
    """Bytes that a table may have once unpacked: a third of the free memory, 4 GiB at most."""
    available = available_bytes()
    return MOST_BYTES if available is None else min(MOST_BYTES, available // _SHARE_OF_MEMORY)


def check_bytes(name: str, n_bytes: int, what: str) -> None:
    """Refuse a table before the memory for it is taken.

    Args:
        name: The file's name.
        n_bytes: What it takes, or the part of it that is known so far.
        what: How that is known, with the number in place of `{}`: "it unpacks to {} of text".

    Raises:
        InvalidInputError: It is more than `most_bytes`.
    """
    most = most_bytes()
    if n_bytes > most:
        raise InvalidInputError(
            f"{name}: {what.format(readable_bytes(n_bytes))}, more than the {readable_bytes(most)} "
            f"that a table may have here ({readable_bytes(MOST_BYTES)}, or a third of the free "
            "memory). If that is no mistake, leave out columns that are not used, or give a file "
            "of fewer rows."
        )
