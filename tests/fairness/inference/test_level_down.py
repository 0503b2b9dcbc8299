import numpy as np
import pytest

from fer_fairness.fairness.inference.level_down import levelled_down
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS

ACCURACY_GAP = GAP_METRICS["accuracy_gap"]


def two_groups(*right_of_ten: int) -> np.ndarray:
    """A table of two classes for each group, ten people of one class and two of the other."""
    return np.array([[[[right, 10 - right], [0, 2]] for right in right_of_ten]])


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
    assert levelled_down(ACCURACY_GAP, two_groups(*first), two_groups(*second)) is expected


def test_it_is_the_mean_over_seeds_that_counts() -> None:
    first = np.concatenate([two_groups(9, 5), two_groups(9, 5)])
    one_seed_fell = np.concatenate([two_groups(7, 5), two_groups(9, 5)])
    one_group_rose = np.concatenate([two_groups(7, 5), two_groups(9, 6)])
    assert levelled_down(ACCURACY_GAP, first, one_seed_fell)
    assert not levelled_down(ACCURACY_GAP, first, one_group_rose)


def test_what_is_not_defined_has_not_levelled_down() -> None:
    nobody = np.zeros((1, 2, 2, 2), dtype=np.int64)
    assert not levelled_down(ACCURACY_GAP, nobody, two_groups(9, 5))
