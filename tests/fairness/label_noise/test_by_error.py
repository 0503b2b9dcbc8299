import numpy as np
import pytest

from fer_fairness.fairness.label_noise.by_error import named_by_error
from fer_fairness.fairness.label_noise.confusion import LabelConfusion

GROUPS = ("asian", "black", "indian", "white")
SHARES = np.array(
    [
        [0.85, 0.01, 0.02, 0.06, 0.06],
        [0.01, 0.65, 0.24, 0.04, 0.06],
        [0.02, 0.15, 0.70, 0.07, 0.06],
        [0.04, 0.01, 0.02, 0.87, 0.06],
    ]
)
CONFUSION = LabelConfusion(np.round(300 * SHARES).astype(np.int64), GROUPS)


def labels_of(people: list[int], seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).multinomial(people, SHARES)
    return np.asarray(rows.sum(axis=0))


def test_a_group_that_nobody_is_of_is_named_by_error_alone() -> None:
    above = []
    for seed in range(40):
        labelled = labels_of([300, 300, 0, 600], seed)
        expected, most = named_by_error(labelled, CONFUSION, n=400, seed=seed)
        assert expected[2] == pytest.approx(90, rel=0.35)
        assert most[2] > expected[2]
        above.append(labelled[2] > most[2])
    assert np.mean(above) <= 0.15


def test_a_group_that_is_there_is_named_more_often_than_by_error() -> None:
    labelled = labels_of([300, 300, 200, 600])
    _, most = named_by_error(labelled, CONFUSION, n=400, seed=0)
    assert (labelled[:-1] > most).all()


def test_a_mistake_that_few_held_out_people_never_showed_may_still_happen() -> None:
    counts = np.array([[30, 0, 0], [0, 30, 0]])
    few = LabelConfusion(counts, ("black", "white"))
    many = LabelConfusion(100 * counts, ("black", "white"))
    labelled = np.array([6, 600, 0])
    assert named_by_error(labelled, few, n=500, seed=0)[1][0] >= 6
    assert named_by_error(labelled, many, n=500, seed=0)[1][0] < 6
    assert named_by_error(labelled, few, n=500, seed=0)[0][0] == 0


def test_nobody_is_named_where_there_is_nobody() -> None:
    expected, most = named_by_error(np.zeros(5, dtype=np.int64), CONFUSION, n=100, seed=0)
    assert expected.tolist() == most.tolist() == [0, 0, 0, 0]


def test_a_labeller_of_one_group_cannot_be_asked() -> None:
    alone = LabelConfusion(np.array([[20, 4]]), ("white",))
    expected, most = named_by_error(np.array([5, 1]), alone, n=100, seed=0)
    assert np.isnan([*expected, *most]).all()


def test_the_seed_decides() -> None:
    labelled = labels_of([300, 300, 0, 600])
    one, same, other = (
        named_by_error(labelled, CONFUSION, n=50, seed=seed)[1] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
