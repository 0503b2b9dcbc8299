import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.fairness.inference.effects import drawn_effects
from fer_fairness.fairness.metrics.reductions import Array

LEVEL = np.array([0.9, 0.8, 0.7, 0.6, 0.5])


def effects_of(recalls: Array, people: Array, n: int = 500) -> Array:
    """Draws relative to the first group, shape (n, g, c)."""
    drawn = drawn_effects(recalls * people, people, n, np.random.default_rng(0))
    assert drawn.shape == (n, *people.shape)
    return drawn - drawn[:, :1]


@pytest.mark.parametrize("n", [1, 40, 60])
def test_as_many_draws_as_asked_for(n: int) -> None:
    assert np.isfinite(effects_of(np.tile(LEVEL, (2, 1)), np.full((2, 5), 50.0), n)).all()


def test_what_noise_explains_is_drawn_to_zero() -> None:
    people = np.full((4, 5), 60.0)
    generator = np.random.default_rng(1)
    squares = []
    for _ in range(10):
        recalls = generator.binomial(60, np.tile(LEVEL, (4, 1))) / 60
        kept = effects_of(recalls, people, 200).mean(axis=0)
        squares.append([(kept**2).sum(), ((recalls - recalls[0]) ** 2).sum()])
    kept_in_all, measured = np.sum(squares, axis=0)
    assert kept_in_all < measured / 10


def test_one_large_effect_among_many_small_ones_is_left() -> None:
    recalls = np.tile(LEVEL, (4, 1))
    recalls += 0.03 * np.where(np.indices(recalls.shape).sum(axis=0) % 2, 1.0, -1.0)
    recalls[3, 1] = 0.4
    means = effects_of(recalls, np.full((4, 5), 120.0)).mean(axis=0)
    assert means[3, 1] == pytest.approx(-0.4, abs=0.07)
    others = np.delete(means.ravel(), 3 * 5 + 1)
    assert np.abs(others).max() < 0.05


def test_a_loss_in_all_classes_is_shared_with_classes_of_few_people() -> None:
    people = np.full((3, 5), 400.0)
    people[:, 4] = 8
    recalls = np.tile(LEVEL, (3, 1))
    recalls[2, :4] -= 0.15
    means = effects_of(recalls, people).mean(axis=0)
    assert_allclose(means[2, :4], -0.15, atol=0.03)
    assert -0.17 < means[2, 4] < -0.05  # as many were right in it as in the other groups


def test_who_is_not_there_has_the_effect_of_the_group_at_most() -> None:
    people = np.full((3, 5), 200.0)
    people[2, 0] = 0
    recalls = np.tile(LEVEL, (3, 1))
    recalls[2] -= 0.2
    drawn = effects_of(recalls, people)
    assert np.isfinite(drawn).all()
    assert drawn[:, 2, 0].mean() == pytest.approx(-0.2, abs=0.05)
    assert drawn[:, 2, 0].std() > drawn[:, 2, 1].std()
