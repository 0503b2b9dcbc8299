import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.sources.decimals import Scratch, numbers_ending_at


def numbers_in(text: bytes) -> list[int] | None:
    raw = np.frombuffer(text, dtype=np.uint8)
    numbers = numbers_ending_at(raw, Scratch(len(raw)))
    return None if numbers is None else numbers[np.flatnonzero(raw[1:] < ord("0"))].tolist()


@given(st.lists(st.integers(0, 999), min_size=1, max_size=50))
def test_numbers_of_one_to_three_digits_are_read(numbers: list[int]) -> None:
    assert numbers_in(" ".join(map(str, numbers)).encode() + b"\n") == numbers


def test_an_empty_number_or_one_of_four_digits_is_not_read() -> None:
    assert numbers_in(b"1 2  3\n") is None
    assert numbers_in(b"1 2345 3\n") is None


def test_what_an_earlier_block_left_does_not_matter() -> None:
    scratch = Scratch(16)
    for text, expected in ((b"999 999 999\n", 999), (b"7 8\n", 8)):
        raw = np.frombuffer(text, dtype=np.uint8)
        numbers = numbers_ending_at(raw, scratch)
        assert numbers is not None
        assert numbers[len(raw) - 2] == expected
