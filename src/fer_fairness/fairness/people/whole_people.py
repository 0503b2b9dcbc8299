"""Scores of groups by rows or by whole people: who is drawn again, and how sure a share is.

Faces of one person are alike: they are recognised together or mistaken together. Where people have
several faces, people are what is resampled, with all their faces, within their group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, Protocol

import numpy as np

from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.draws import Seed, bootstrap_counts
from fer_fairness.fairness.inference.intervals import (
    Interval,
    effective_people,
    expanded_confidence,
    share_interval_of_people,
    wilson_interval,
)

_NUMBERS_AT_ONCE: Final = 2**21
_DRAWS_IN_ALL: Final = 2**27
_FEWEST_DRAWS: Final = 1000


class Sampling(Protocol):
    """What is drawn when a table of counts (groups, classes, predicted) is drawn again."""

    def n_draws(self, wanted: int) -> int:
        """How many tables to draw where `wanted` are asked for."""

    def draw(self, counts: Counts, n: int, seed: Seed) -> Counts:
        """`n` tables like `counts`, shape (n, groups, ...)."""

    def confidence(self, group: int, wanted: float) -> float:
        """The middle share of the draws that covers a group's value with the confidence wanted."""

    def n_people(self, group: int, of_class: int | None = None) -> int:
        """People of a group, or those of them with a face of a class."""

    def share(self, group: int, of_class: int | None, confidence: float) -> Interval:
        """The interval of a group's accuracy, or of its recall of a class."""


@dataclass(frozen=True)
class SingleFaces:
    """Every face is a person: faces are drawn again within their group.

    Attributes:
        counts: int64, shape (groups, classes, ...); square where a share is asked for.
    """

    counts: Counts

    def n_draws(self, wanted: int) -> int:
        """As many as are asked for."""
        return wanted

    def draw(self, counts: Counts, n: int, seed: Seed) -> Counts:
        """Multinomial draws of each group; class counts vary (`draws.bootstrap_counts`)."""
        return bootstrap_counts(counts, n, seed)

    def confidence(self, group: int, wanted: float) -> float:
        """Wider with few faces (`intervals.expanded_confidence`)."""
        return expanded_confidence(wanted, self.n_people(group))

    def n_people(self, group: int, of_class: int | None = None) -> int:
        """Faces of a group, or of a class in it."""
        counts = self.counts[group]
        return int((counts if of_class is None else counts[of_class]).sum())

    def share(self, group: int, of_class: int | None, confidence: float) -> Interval:
        """Wilson's interval."""
        right = np.diagonal(self.counts[group])
        successes = int(right.sum() if of_class is None else right[of_class])
        return wilson_interval(successes, self.n_people(group, of_class), confidence)


@dataclass(frozen=True)
class WholePeople:
    """People with several faces: drawn again with all of them, within their group.

    People of one group with the same table of faces are one row here, so that what a draw costs
    depends on how many different tables there are.

    Attributes:
        tables: Faces of one person, int64, shape (rows, classes, ...).
        people: How many people have that table, int64, shape (rows,).
        group: Their group, int64, shape (rows,).
        n_groups: Number of groups; one may have nobody.
    """

    tables: Counts
    people: Counts
    group: Codes
    n_groups: int

    def n_draws(self, wanted: int) -> int:
        """Fewer than wanted, 1,000 at least, where people are very many."""
        return min(wanted, max(_FEWEST_DRAWS, _DRAWS_IN_ALL // max(len(self.people), 1)))

    def draw(self, counts: Counts, n: int, seed: Seed) -> Counts:
        """People with replacement within each group; class counts vary as their faces do."""
        generator = np.random.default_rng(seed)
        drawn = np.zeros((n, self.n_groups, prod(self.tables.shape[1:])), dtype=np.int64)
        for group in range(self.n_groups):
            people, tables = self._of(group)
            if not people.size:
                continue
            flat = tables.reshape(len(tables), -1).astype(np.float64)
            step = max(1, _NUMBERS_AT_ONCE // len(people))
            for first in range(0, n, step):
                size = min(step, n - first)
                times = generator.multinomial(people.sum(), people / people.sum(), size=size)
                # Whole numbers far below 2**53: the product of floats is exact, and fast.
                drawn[first : first + size, group] = times.astype(np.float64) @ flat
        return drawn.reshape(n, *counts.shape)

    def confidence(self, group: int, wanted: float) -> float:
        """Wider with few people (`intervals.expanded_confidence`)."""
        people, tables = self._of(group)
        return expanded_confidence(wanted, effective_people(_faces(tables, None), people))

    def n_people(self, group: int, of_class: int | None = None) -> int:
        """People of a group, or those of them with a face of a class."""
        people, tables = self._of(group)
        return int(people[_faces(tables, of_class) > 0].sum())

    def share(self, group: int, of_class: int | None, confidence: float) -> Interval:
        """Wilson's interval of the effective number of faces."""
        people, tables = self._of(group)
        right = np.diagonal(tables, axis1=1, axis2=2)
        right = right.sum(axis=1) if of_class is None else right[:, of_class]
        return share_interval_of_people(right, _faces(tables, of_class), people, confidence)

    def people_by_cell(self) -> Counts:
        """People with a face in each cell, all groups together, shape (classes, ...)."""
        by_cell: Counts = np.tensordot(self.people, (self.tables > 0).astype(np.int64), axes=1)
        return by_cell

    def _of(self, group: int) -> tuple[Counts, Counts]:
        chosen = self.group == group
        return self.people[chosen], self.tables[chosen]


def whole_people(
    person: Codes, group: Codes, cells: Codes, *, n_groups: int, shape: Sequence[int]
) -> WholePeople:
    """Tables of faces of whole people.

    Args:
        person: Whose face each is, codes from 0, shape (faces,).
        group: Group of each face, -1 where it has none and takes no part; the same for all faces
            of a person that have one.
        cells: Position of each face in a table of `shape`, flattened.
        n_groups: Number of groups.
        shape: Shape of a person's table: classes, and what was predicted.
    """
    known = group >= 0
    _, first, who = np.unique(person[known], return_index=True, return_inverse=True)
    rows = np.zeros((len(first), 1 + prod(shape)), dtype=np.int64)
    rows[:, 0] = group[known][first]
    np.add.at(rows, (who, 1 + cells[known].astype(np.int64)), 1)
    different, people = np.unique(rows, axis=0, return_counts=True)
    tables = different[:, 1:].reshape(-1, *shape)
    return WholePeople(tables, people.astype(np.int64), different[:, 0], n_groups)


def _faces(tables: Counts, of_class: int | None) -> Counts:
    """Faces of each person, or those of a class, shape (rows,)."""
    chosen = tables if of_class is None else tables[:, of_class]
    faces: Counts = chosen.sum(axis=tuple(range(1, chosen.ndim)))
    return faces
