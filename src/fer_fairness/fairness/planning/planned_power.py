"""How often an audit that is yet to be done would find a group that is served worse.

Tables are drawn for the people that there will be and judged by the audit's own first question
(`omnibus`). The audit shuffles the groups of people to learn what chance gives; here tables in
which all groups are recognised alike are drawn in their place, which needs no people.

The audit takes so many shuffles that what it tests can be found at the level that the correction
leaves to it (`shuffles_needed`); here so many tables are drawn without a difference that twenty of
them at least are beyond the level of the question.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.optimize import brentq

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.inference.differences import Differences, differences_of
from fer_fairness.fairness.inference.draws import counts_of_shares
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.judging import WEIGHT_OF_INTERSECTION
from fer_fairness.fairness.testing.omnibus import (
    among,
    harmonic,
    order_of_groups,
    ranked,
    statistics,
    weights_of,
)
from fer_fairness.params.plan import PlanParameters

_NULL_DRAWS: Final = 2
"""Tables without any difference for each with one: they say where a finding begins."""

_BEYOND: Final = 20.0
"""As many of them at least are found: where this begins is then known to a fifth of the level."""

MOST_NULL_DRAWS: Final = 250_000
"""More are not drawn: with seven emotions and three groups a plan then takes some five minutes.

At a significance of 5 % the most that can be compared (`PlanParameters`) needs 220,000.
"""

_CELLS_AT_ONCE: Final = 2**17
"""Counts of drawn tables that are held at a time, 8 bytes each and some copies."""

_TIE: Final = 1e-9


def level_of_attribute(params: PlanParameters) -> float:
    """The part of the audit's level that the question of one attribute has.

    All attributes have the same part, intersections half of it. It is that of questions that
    are independent; where they hang together the audit, which knows how, gives a little more.
    """
    others, crossed = params.n_attributes, params.n_intersections

    def beyond(level: float) -> float:
        none = (1.0 - level) ** others * (1.0 - WEIGHT_OF_INTERSECTION * level) ** crossed
        return float(1.0 - none - params.significance)

    return float(brentq(beyond, 0.0, params.significance + _TIE))


@dataclass(frozen=True)
class PlannedAudit:
    """The people of an audit that is yet to be done, by shares.

    Attributes:
        params: What is planned.
    """

    params: PlanParameters

    @cached_property
    def level(self) -> float:
        """Level of the attribute's question."""
        return level_of_attribute(self.params)

    def null_draws(self, n_draws: int) -> int:
        """Tables to draw without any difference, for so many with one.

        Raises:
            InvalidInputError: The level is so small that more than `MOST_NULL_DRAWS` are needed.
        """
        if self.level * MOST_NULL_DRAWS < _BEYOND:
            raise InvalidInputError(
                f"The attribute's question has a level of {self.level:.2g} (significance "
                f"{self.params.significance:g}, n_attributes {self.params.n_attributes}, "
                f"n_intersections {self.params.n_intersections}), expected at least "
                f"{_BEYOND / MOST_NULL_DRAWS:g}: for less, more than {MOST_NULL_DRAWS:,} audits "
                "would have to be drawn each time. Compare fewer attributes and intersections, or "
                "give a larger significance."
            )
        return max(_NULL_DRAWS * n_draws, int(np.ceil(_BEYOND / self.level)))

    @cached_property
    def shares(self) -> Array:
        """Shares of the groups, in the order given, shape (g,)."""
        return _shares(self.params.groups)

    @cached_property
    def harmed(self) -> int:
        """Place of the harmed group."""
        return list(self.params.groups).index(self.params.harmed_group)

    @cached_property
    def answers(self) -> Array:
        """Shares of predictions of each emotion in all other groups, shape (c, k).

        Nothing is said of the errors, so they fall on the other emotions by how frequent those are.
        """
        given = _shares(self.params.emotions)
        recalls = np.array([self.params.recalls[name] for name in self.params.emotions])
        wrong = given * (1.0 - np.eye(len(given)))
        wrong *= ((1.0 - recalls) / wrong.sum(axis=1))[:, np.newaxis]
        return np.asarray(wrong + np.diag(recalls))

    def faces_by_group(self, n_faces: int) -> np.ndarray:
        """Faces of each group, int64, shape (g,)."""
        return _apportioned(n_faces, self.shares)

    def compared(self, n_faces: int) -> np.ndarray:
        """Which groups have people enough to be compared, bool, shape (g,)."""
        people = self.faces_by_group(n_faces) / self.params.faces_per_person
        return people >= self.params.minimum_group_size

    @property
    def fewest_faces(self) -> int:
        """With fewer faces the harmed group, or every other, would not be compared at all."""
        others = np.delete(self.shares, self.harmed).max()
        share = min(float(self.shares[self.harmed]), float(others))
        needed = self.params.minimum_group_size * self.params.faces_per_person
        n_faces = int(np.ceil(needed / share))
        while not self.is_compared(n_faces):
            n_faces += 1
        return n_faces

    def is_compared(self, n_faces: int) -> bool:
        """Whether the harmed group and another have people enough."""
        compared = self.compared(n_faces)
        return bool(compared[self.harmed]) and int(compared.sum()) >= 2

    def power(self, n_faces: int, gap: float, *, seed: int, n_draws: int | None = None) -> float:
        """Share of audits whose first question of the attribute finds someone treated differently.

        Args:
            n_faces: Faces of all groups.
            gap: Recall that the harmed group loses.
            seed: Every pair of faces and gap has draws of its own.
            n_draws: Audits drawn; by default those of the parameters.

        Raises:
            InvalidInputError: The level is too small, see `null_draws`.
        """
        n_draws = n_draws or self.params.n_draws
        n_alike = self.null_draws(n_draws)
        if not self.is_compared(n_faces):
            return 0.0
        compared = self.compared(n_faces)
        people = self._independent_faces(n_faces)[compared]
        names = [name for name, keep in zip(self.params.groups, compared, strict=True) if keep]
        order = order_of_groups(names)
        differences = differences_of(people[..., np.newaxis] * self.answers)
        shares = self._planted(differences, int(compared[: self.harmed].sum()), gap)
        generator = np.random.default_rng((seed, n_faces, round(1e9 * gap)))

        def drawn(of_shares: Array, n: int) -> Array:
            at_once = max(_CELLS_AT_ONCE // of_shares.size, 1)
            sizes = [min(at_once, n - start) for start in range(0, n, at_once)]
            tables = (counts_of_shares(people, of_shares, size, generator) for size in sizes)
            return np.concatenate([statistics(some.astype(np.float64), order) for some in tables])

        alike = drawn(differences.alike(shares), n_alike)
        weights = weights_of(ordered=order is not None, calibrated=False)
        return _found(drawn(shares, n_draws), alike, weights, self.level)

    def _independent_faces(self, n_faces: int) -> Array:
        """Faces of groups and emotions that tell as much if no two are one person's, (g, c)."""
        shares = _shares(self.params.emotions)
        worth = n_faces / self.params.design_effect
        sizes = _apportioned(max(round(worth), 1), self.shares)
        return np.stack([_apportioned(int(size), shares) for size in sizes]).astype(np.float64)

    def _planted(self, differences: Differences, group: int, gap: float) -> Array:
        shares = differences.planted(group, gap)
        if self.params.emotion is None:
            return shares
        place = list(self.params.emotions).index(self.params.emotion)
        of_one = differences.planted(group, 0.0)
        of_one[group, place] = shares[group, place]
        return of_one


def _found(drawn: Array, alike: Array, weights: Array, level: float) -> float:
    """Share of drawn statistics whose p-value among those of chance is `level` at most.

    Args:
        drawn: Statistics of tables with a difference, shape (n, statistics).
        alike: Of tables without one, shape (m, statistics).
        weights: Shape (statistics,).
        level: Level of the question.
    """
    by_chance = harmonic(ranked(alike), weights)
    found = by_chance[among(by_chance, by_chance) <= level * (1.0 + _TIE)]
    if not len(found):
        return 0.0
    columns = [among(*pair) for pair in zip(drawn.T, alike.T, strict=True)]
    p_values = np.maximum(np.stack(columns, axis=1), 1.0 / len(alike))
    return float((harmonic(p_values, weights) >= found.min()).mean())


def _shares(given: dict[str, float]) -> Array:
    values = np.array(list(given.values()), dtype=np.float64)
    return np.asarray(values / values.sum())


def _apportioned(total: int, shares: Array) -> np.ndarray:
    """Whole numbers that add up to `total`, by largest remainders, int64."""
    exact = total * shares
    whole = np.floor(exact + _TIE).astype(np.int64)
    largest = np.argsort(whole - exact, kind="stable")[: total - int(whole.sum())]
    whole[largest] += 1
    return whole
