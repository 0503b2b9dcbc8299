"""Reads decimal numbers out of bytes with array operations."""

from typing import Final

import numpy as np
import numpy.typing as npt

ZERO: Final = ord("0")
NINE: Final = ord("9")


class Scratch:
    """Arrays that every block uses again: fresh ones would cost more than the arithmetic.

    Attributes:
        size: Longest block they have room for, in bytes.
    """

    def __init__(self, n_bytes: int) -> None:
        self.size = n_bytes
        self.digits = np.empty(n_bytes, dtype=np.uint8)
        self.tens = np.empty(n_bytes, dtype=np.uint8)
        self.is_digit = np.empty(n_bytes, dtype=np.bool_)
        self.is_separator = np.empty(n_bytes, dtype=np.bool_)
        self.is_run = np.empty(n_bytes, dtype=np.bool_)
        self.numbers = np.empty(n_bytes, dtype=np.uint16)
        self.hundreds = np.empty(n_bytes, dtype=np.uint16)


def numbers_ending_at(
    raw: npt.NDArray[np.uint8], scratch: Scratch
) -> npt.NDArray[np.uint16] | None:
    """The number whose digits end at each byte; None where one has no or over three digits.

    Computing it for every byte of the block is faster, with array operations, than picking the
    digits of each number apart.

    Args:
        raw: The bytes, uint8 of shape (n,).
        scratch: Room for at least n bytes.

    Returns:
        uint16 of shape (n,), of meaning at the last digit of a number; valid until the next call.
    """
    n = len(raw)
    digits, tens, is_digit = scratch.digits[:n], scratch.tens[:n], scratch.is_digit[:n]
    run, numbers, hundreds = scratch.is_run[:n], scratch.numbers[:n], scratch.hundreds[:n]
    np.subtract(raw, np.uint8(ZERO), out=digits)
    np.less(digits, 10, out=is_digit)
    np.logical_and(is_digit[1:], is_digit[:-1], out=run[1:])
    if np.logical_and(run[3:], run[1:-2], out=run[3:]).any():
        return None
    is_separator = np.less(raw, ZERO, out=scratch.is_separator[:n])
    if np.logical_and(is_separator[1:], is_separator[:-1], out=run[1:]).any():
        return None
    np.multiply(digits, is_digit, out=digits)
    np.multiply(digits, np.uint8(10), out=tens)
    np.copyto(numbers, digits)
    np.add(numbers[1:], tens[:-1], out=numbers[1:])
    np.multiply(tens[:-2], is_digit[1:-1], out=digits[2:])
    np.multiply(digits[2:], np.uint16(10), out=hundreds[2:])
    np.add(numbers[2:], hundreds[2:], out=numbers[2:])
    return numbers
