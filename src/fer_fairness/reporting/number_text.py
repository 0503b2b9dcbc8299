"""Numbers as text: what a count, a share, an interval or a p-value looks like in a sentence."""

import math
from collections.abc import Sequence
from typing import Final

FEW_PEOPLE: Final = 30
"""Groups smaller than this are greyed: one face moves their accuracy by over three points."""

_READ: Final = 5
"""So many things of a list are read."""

MISSING: Final = "\N{EN DASH}"
MINUS: Final = "\N{MINUS SIGN}"
NARROW_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
_PLAIN: Final = 3
_ROUNDING: Final = 1e-9


def thousands(count: float) -> str:
    """`3153` as "3,153"; a missing count as a dash; an estimate may be below zero."""
    return MISSING if not math.isfinite(count) else f"{round(count):,}".replace("-", MINUS)


def faces_of_people(n_faces: float, n_people: float) -> str:
    """Faces, and of how many people where somebody has several: "3,153", "2,000 of 40 people"."""
    if n_people == n_faces or not math.isfinite(n_people):
        return thousands(n_faces)
    people = "person" if n_people == 1 else "people"
    return f"{thousands(n_faces)} of {thousands(n_people)} {people}"


def percent(share: float, *, digits: int = 1) -> str:
    """`0.8312` as "83.1 %"."""
    return MISSING if not math.isfinite(share) else f"{_signed(100 * share, digits)}{NARROW_SPACE}%"


def number(value: float, *, digits: int = 3) -> str:
    """`0.9741` as "0.974", `0.000123` as "0.00012", with a true minus sign."""
    return MISSING if not math.isfinite(value) else _signed(value, digits)


def points(difference: float, *, sign: bool = False) -> str:
    """`0.081` as "8.1 points" (percentage points), with a plus sign if `sign`."""
    if not math.isfinite(difference):
        return MISSING
    plus = "+" if sign and round(100 * difference, 1) > 0 else ""
    return f"{plus}{_signed(100 * difference, 1)} points"


def interval(low: float, high: float, *, scale: float = 1.0, digits: int = 3) -> str:
    """The interval as "low to high", both multiplied by `scale`; a dash where it is missing."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    return f"{_signed(scale * low, digits)} to {_signed(scale * high, digits)}"


def value_with_interval(value: float, low: float, high: float, *, in_points: bool) -> str:
    """A value with its 95 % interval: "83.1 [81.8 to 84.4]" in percent, or "0.974 [...]"."""
    if not math.isfinite(value):
        return MISSING
    scale, digits = (100.0, 1) if in_points else (1.0, 3)
    bounds = interval(low, high, scale=scale, digits=digits)
    return f"{_signed(scale * value, digits)} [{bounds}]"


def count_with_interval(count: float, low: float, high: float) -> str:
    """An estimated number of people: "1,234 [1,120 to 1,351]"."""
    if not math.isfinite(count):
        return MISSING
    return f"{thousands(count)} [{thousands(low)} to {thousands(high)}]"


def p_value(probability: float) -> str:
    """A p-value with three decimals: "0.012", "< 0.001"."""
    if not math.isfinite(probability):
        return MISSING
    return "< 0.001" if probability < 0.001 else f"{probability:.3f}"


def p_equals(probability: float) -> str:
    """A p-value after the letter p: "= 0.012", "< 0.001"."""
    text = p_value(probability)
    return text if text.startswith("<") else f"= {text}"


def is_few(count: float) -> bool:
    """Whether a group is too small for its figures to be read on their own."""
    return not math.isfinite(count) or count < FEW_PEOPLE


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def first_few(told: Sequence[str], *, others: str = "more") -> list[str]:
    """As many as one reads, and last how many `others` there are."""
    left = len(told) - _READ
    return [*told[:_READ], *([f"{thousands(left)} {others}"] if left > 0 else [])]


def _signed(value: float, digits: int) -> str:
    digits = _digits(value, digits)
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def _digits(value: float, digits: int) -> int:
    """Decimals of a plain number: more where three would show next to nothing of it.

    What is shown with fewer than three (percent, points) stays so; below 1e-9 is rounding.
    """
    if digits < _PLAIN or not _ROUNDING < abs(value) < 10.0**-_PLAIN:
        return digits
    return 1 - math.floor(math.log10(abs(value)))
