import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.reporting.number_text import (
    count_with_interval,
    faces_of_people,
    first_few,
    interval,
    listed,
    number,
    p_equals,
    percent,
    points,
    thousands,
    value_with_interval,
)

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def test_numbers_read_as_a_journal_prints_them() -> None:
    assert thousands(35887) == "35,887"
    assert percent(0.8312) == "83.1\N{NARROW NO-BREAK SPACE}%"
    assert number(-0.0456) == f"{MINUS}0.046"
    assert points(0.081, sign=True) == "+8.1 points"
    assert interval(-0.01, 0.02, scale=100, digits=1) == f"{MINUS}1.0 to 2.0"
    assert value_with_interval(0.831, 0.818, 0.844, in_points=True) == "83.1 [81.8 to 84.4]"
    assert value_with_interval(0.97, 0.95, 0.99, in_points=False) == "0.970 [0.950 to 0.990]"


def test_a_rounded_zero_has_no_sign() -> None:
    assert points(-0.0001, sign=True) == "0.0 points"
    assert points(0.0001, sign=True) == "0.0 points"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.000123, "0.00012"), (-0.00096, f"{MINUS}0.00096"), (0.001, "0.001"), (1e-17, "0.000")],
)
def test_tiny_plain_numbers_keep_two_digits(value: float, text: str) -> None:
    assert number(value) == text
    assert value_with_interval(value, 0, value, in_points=False) == f"{text} [0.000 to {text}]"


def test_tiny_shares_stay_as_they_are() -> None:
    assert percent(0.000123) == "0.0\N{NARROW NO-BREAK SPACE}%"
    assert points(0.000123) == "0.0 points"


@given(st.floats(1e-8, 1e-3, exclude_max=True))
def test_a_plain_number_is_shown_to_five_percent(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=0.051)


def test_of_many_things_the_first_are_told_and_the_others_counted() -> None:
    assert first_few(list("abcde")) == list("abcde")
    assert first_few(list("abcdefg")) == [*"abcde", "2 more"]
    assert first_few(list("abcdef"), others="in the table")[-1] == "1 in the table"


@pytest.mark.parametrize("shown", [thousands, percent, number, points])
def test_missing_values_are_a_dash(shown: object) -> None:
    assert callable(shown)
    assert shown(math.nan) == DASH


@pytest.mark.parametrize(("p", "text"), [(0.0004, "< 0.001"), (0.012, "= 0.012"), (1, "= 1.000")])
def test_p_values(p: float, text: str) -> None:
    assert p_equals(p) == text


@given(st.floats(0, 1))
def test_a_p_value_is_never_shown_as_zero(p: float) -> None:
    assert "0.000" not in p_equals(p)


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists_read_as_sentences(words: list[str], text: str) -> None:
    assert listed(words) == text


def test_an_estimated_number_of_people_may_be_below_zero() -> None:
    assert count_with_interval(8.2, -9.1, 1250.6) == f"8 [{MINUS}9 to 1,251]"
    assert count_with_interval(math.nan, 1.0, 2.0) == DASH


def test_people_are_told_where_they_have_several_faces() -> None:
    assert faces_of_people(3153, 3153) == "3,153"
    assert faces_of_people(2000, 40) == "2,000 of 40 people"
    assert faces_of_people(50, 1) == "50 of 1 person"
