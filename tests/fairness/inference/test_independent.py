import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.fairness.inference.independent import difference_interval

SHARES = st.floats(0, 1)


def test_of_two_shares_with_wilsons_intervals_it_is_newcombes() -> None:
    """56 of 70 against 48 of 80: Newcombe (1998), Statistics in Medicine 17, method 10."""
    second, first = (0.8, 0.6918, 0.8772), (0.6, 0.4904, 0.7004)
    assert difference_interval(first, second) == pytest.approx((0.0524, 0.3339), abs=2e-4)


@given(*[st.tuples(SHARES, SHARES, SHARES).map(sorted)] * 2)
def test_it_holds_the_difference_and_turns_with_the_order(
    one: list[float], two: list[float]
) -> None:
    first, second = ((middle, low, high) for low, middle, high in (one, two))
    low, high = difference_interval(first, second)
    assert low <= second[0] - first[0] <= high
    assert difference_interval(second, first) == pytest.approx((-high, -low))
