import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.plausible import Mask, plausible_shares
from fer_fairness.fairness.metrics.reductions import Array

RIGHT = np.arange(3) == np.arange(3)[:, np.newaxis]
BINNED = np.broadcast_to(np.arange(6) % 2 == 1, (2, 6))
SHARES = np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.4, 0.5]])


def drawn(counts: Counts, right: Mask = RIGHT, n: int = 300) -> Array:
    return plausible_shares(counts.astype(np.float64), right, n, np.random.default_rng(0))


@given(arrays(np.int64, (3, 2, 6), elements=st.integers(0, 6)))
def test_shares_of_bins_are_shares(counts: Counts) -> None:
    shares = drawn(counts, BINNED, 5)
    assert shares.shape == (5, 3, 2, 6)
    assert np.all(shares >= 0)
    assert_allclose(shares.sum(axis=-1), 1.0)


def test_everybody_together_stays_as_counted() -> None:
    people = np.array([[300, 200, 100], [90, 120, 60]])
    counts = np.random.default_rng(0).multinomial(people, SHARES)
    expected = (people[..., np.newaxis] * drawn(counts)).sum(axis=1)
    assert_allclose(np.diagonal(expected, axis1=1, axis2=2).mean(axis=0), np.diag(counts.sum(0)))
    assert_allclose(expected.mean(axis=0), counts.sum(axis=0), atol=3.0)


def test_where_wrong_answers_go_differs_where_it_was_counted_to() -> None:
    people = np.full((2, 3), 2000)
    other = SHARES.copy()
    other[0] = [0.7, 0.05, 0.25]
    counts = (people[..., np.newaxis] * np.stack([SHARES, other])).astype(np.int64)
    means = drawn(counts).mean(axis=0)
    assert_allclose(means, np.stack([SHARES, other]), atol=0.02)


def test_where_wrong_answers_go_does_not_differ_by_noise_alone() -> None:
    people = np.full((4, 3), 80)
    generator = np.random.default_rng(4)
    spreads = []
    for _ in range(10):
        counts = generator.multinomial(people, SHARES)
        of_wrong = [
            np.where(RIGHT, 0.0, part) / np.where(RIGHT, 0.0, part).sum(axis=-1, keepdims=True)
            for part in (drawn(counts, n=100).mean(axis=0), counts)
        ]
        spreads.append([part.std(axis=0).sum() for part in of_wrong])
    estimated, measured = np.mean(spreads, axis=0)
    assert estimated < measured / 3
