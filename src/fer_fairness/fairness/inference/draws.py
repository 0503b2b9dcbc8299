"""Tables of counts drawn at random, and the values of metrics on them.

Draws are of counts, never of rows: a multinomial draw of a row of counts is a resample of the
people behind it, so what a draw costs does not depend on how many they are.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Final, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.metrics.formulas import Metric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.machine import in_threads

Seed: TypeAlias = "int | Sequence[int] | np.random.Generator"
Draw: TypeAlias = Callable[[Counts, int, Seed], "Counts | Array"]
"""Counts, how many tables, seed: to a stack of so many tables like it."""

CELLS_AT_ONCE: Final = 2**19
"""Counts drawn at a time by default (4 MiB): more tables are drawn in turns."""


def seed_for(seed: int, name: str) -> tuple[int, int]:
    """A seed of its own for each name, the same whatever else is drawn in the run."""
    return seed, crc32(name.encode())


def bootstrap_counts(counts: Counts, n: int, seed: Seed) -> Counts:
    """Resample people with replacement within each group.

    One multinomial draw a group: its size stays as it is, and class counts vary as they do among
    people. Drawn within a class, its only face would be a certainty, and one of a rare emotion
    moves an average over seven by a seventh.

    Args:
        counts: int64, shape (g, c, ...): the axes after the first two are what was predicted.
        n: Number of replicates.
        seed: Seed or generator.

    Returns:
        int64, shape (n, g, c, ...).
    """
    rows = counts.reshape(len(counts), 1, prod(counts.shape[1:]))
    people = rows.sum(axis=-1)
    shares = rows / np.maximum(people, 1)[..., np.newaxis]
    shares[people == 0] = 1.0 / max(rows.shape[-1], 1)
    return counts_of_shares(people, shares, n, seed).reshape(n, *counts.shape)


def calibrated_counts(counts: Counts, bin_confidence: Array, n: int, seed: Seed) -> Counts:
    """Draw who is right of a model that is right as often as it is sure.

    Args:
        counts: People by group, true class, and bin with whether they are right, shape
            (g, c, 2 * bins), as in `CalibrationCounts`; only how many are in a bin matters.
        bin_confidence: Mean confidence of each bin, shape (bins,).
        n: Number of tables.
        seed: Seed or generator.

    Returns:
        int64, shape (n, g, c, 2 * bins), with as many people in each bin.
    """
    people = counts[..., ::2] + counts[..., 1::2]
    right = np.random.default_rng(seed).binomial(people, bin_confidence, size=(n, *people.shape))
    return np.stack([people - right, right], axis=-1).reshape(n, *counts.shape)


def counts_of_shares(
    people: npt.NDArray[np.int64 | np.float64], shares: Array, n: int, seed: Seed
) -> Counts:
    """Draw what is predicted for people whose shares of predictions are given.

    Args:
        people: People, shape (g, c); rounded to whole numbers.
        shares: Shape (g, c, k); rows sum to 1.
        n: Number of tables.
        seed: Seed or generator.

    Returns:
        int64, shape (n, g, c, k).
    """
    whole = np.rint(people).astype(np.int64)
    return np.random.default_rng(seed).multinomial(whole, shares, size=(n, *whole.shape))


def permutation_counts(counts: Counts, n: int, seed: Seed) -> Counts:
    """Shuffle the group labels among the people of each true class.

    Within a class this is a random table with the margins (g) and (k) fixed, drawn cell by cell
    from hypergeometric distributions for all replicates and classes at once.

    Args:
        counts: int64, shape (g, c, k).
        n: Number of replicates.
        seed: Seed or generator.

    Returns:
        int64, shape (n, g, c, k): every replicate has the people per (g, c) and per (c, k) of
        `counts`.
    """
    generator = np.random.default_rng(seed)
    n_groups, n_classes, n_predicted = counts.shape
    shuffled = np.zeros((n, *counts.shape), dtype=np.int64)
    remaining = np.broadcast_to(counts.sum(axis=0), (n, n_classes, n_predicted)).copy()
    for group in range(n_groups - 1):
        to_place = np.broadcast_to(counts[group].sum(axis=-1), (n, n_classes)).copy()
        for predicted in range(n_predicted - 1):
            others = remaining[..., predicted + 1 :].sum(axis=-1)
            drawn = generator.hypergeometric(remaining[..., predicted], others, to_place)
            shuffled[:, group, :, predicted] = drawn
            to_place -= drawn
        shuffled[:, group, :, -1] = to_place
        remaining -= shuffled[:, group]
    shuffled[:, -1] = remaining
    return shuffled


def resampled(
    draw: Draw,
    counts: Counts,
    metrics: Sequence[Metric],
    *,
    n: int,
    seed: Seed,
    cells_at_once: int = CELLS_AT_ONCE,
) -> list[Array]:
    """Values of metrics on `n` tables drawn from counts, all on the same draws.

    Tables are drawn in turns, each with a seed of its own, on as many threads as there are cores:
    the result is the same on any number of them.

    Args:
        draw: `bootstrap_counts`, `permutation_counts`, or one like them.
        counts: int64, shape (g, c, ...).
        metrics: Functions of a stack of such counts.
        n: Number of tables.
        seed: Seed or generator.
        cells_at_once: Counts held at a time by each thread.

    Returns:
        One array a metric, shape (n, ...).
    """
    at_once = max(1, cells_at_once // max(counts.size, 1))
    sizes = [min(at_once, n - start) for start in range(0, n, at_once)]
    seeds = np.random.default_rng(seed).spawn(len(sizes))

    def turn(size: int, own_seed: np.random.Generator) -> list[Array]:
        return values_of(metrics, draw(counts, size, own_seed))

    if len(sizes) == 1:
        return turn(sizes[0], seeds[0])
    parts = in_threads(lambda given: turn(*given), zip(sizes, seeds, strict=True))
    return [np.concatenate(values) for values in zip(*parts, strict=True)]
