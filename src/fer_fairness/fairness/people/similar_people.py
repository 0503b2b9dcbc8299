"""Among whom people may change places in a shuffle: those with about as many faces.

Somebody with many faces weighs more in a count of faces than somebody with one. A shuffle that let
them change places would give a group of people with many faces the noise of any other group, which
is less than its own (permutations within blocks: Good 2005, "Permutation, Parametric and Bootstrap
Tests of Hypotheses", chapter 3). Within a stratum of people with about as many faces, and not just
as many, that is so but for what is left of the differences in their number.
"""

from typing import Final

import numpy as np

from fer_fairness.fairness.codes import Codes, Part
from fer_fairness.fairness.counts import Counts

_SIZES: Final = 4
"""Strata of people by their number of faces, at most."""

_PEOPLE_OF_A_SIZE: Final = 10
"""As many people at least in a stratum."""


def strata_of_people(n_faces: Codes, true: Codes, n_classes: int) -> Part:
    """Stratum of each person: of one face by the true class, of several by how many they are.

    Args:
        n_faces: Number of faces of each person, at least 1, shape (people,).
        true: True class of each person's only face, codes, shape (people,); that of who has several
            is not looked at.
        n_classes: Number of classes.

    Returns:
        Codes, shape (people,), and how many codes there are.
    """
    of_several = n_classes + _similar_sizes(n_faces)
    return np.where(n_faces == 1, true, of_several), n_classes + _SIZES


def shuffled_within(
    values: Codes, ends: Counts, size: int, generator: np.random.Generator
) -> Codes:
    """Values shuffled among people of the same stratum, shape (size, people).

    Args:
        values: A value of each person, in the order of strata, shape (people,).
        ends: Where the strata end, shape (strata,).
        size: Number of shuffles.
        generator: What draws them.
    """
    found = np.empty((size, len(values)), dtype=values.dtype)
    start = 0
    for end in ends:
        block = np.broadcast_to(values[start:end], (size, end - start))
        found[:, start:end] = generator.permuted(block, axis=1)
        start = end
    return found


def _similar_sizes(sizes: Codes) -> Codes:
    """Stratum of each person by the number of faces, of those who have several; (people,)."""
    several = sizes[sizes > 1]
    n_strata = int(np.clip(len(several) // _PEOPLE_OF_A_SIZE, 1, _SIZES))
    if not len(several):
        return np.zeros(len(sizes), dtype=np.int64)
    limits = np.quantile(several, np.arange(1, n_strata) / n_strata)
    return np.searchsorted(limits, sizes, side="left").astype(np.int64)
