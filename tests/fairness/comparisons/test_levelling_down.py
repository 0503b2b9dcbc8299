import numpy as np
import pytest

from fer_fairness.fairness.comparisons.levelling_down import levelled_down
from fer_fairness.fairness.metrics.reductions import Array

NAN = float("nan")


def shares(*values: float) -> Array:
    return np.array(values)


def down(first: Array, second: Array) -> bool:
    """Of the gap between the highest and the lowest."""
    return levelled_down(float(np.ptp(first)), float(np.ptp(second)), first, second)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((9, 5), (7, 5), True),
        ((9, 5), (9, 7), False),
        ((9, 5), (8, 6), False),
        ((9, 5), (5, 1), False),
        ((9, 5), (9, 5), False),
        ((9, 5), (6, 4), True),
    ],
    ids=["best fell", "worst rose", "both moved", "gap stayed", "nothing", "all fell"],
)
def test_a_gap_that_closed_by_loss_alone(
    first: tuple[int, int], second: tuple[int, int], *, expected: bool
) -> None:
    assert down(shares(*first), shares(*second)) is expected


def test_a_gap_that_did_not_close_was_not_levelled_down() -> None:
    assert not levelled_down(0.1, 0.2, shares(9, 5), shares(7, 5))


def test_what_is_not_defined_has_not_levelled_down() -> None:
    assert not levelled_down(NAN, 0.1, shares(9, 5), shares(7, 5))
    assert not levelled_down(0.2, 0.1, shares(NAN, NAN), shares(7, 5))
