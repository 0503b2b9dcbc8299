"""Multi-dimensional subset scan on counts: the subgroup with the most errors above expectation.

Zhang and Neill 2016 (arXiv 1611.08292). A subgroup allows some values of each attribute; its score
is that of `subset_scores`, as in AIF360's `MDSS`, less a penalty for every value named. At a given
odds ratio each value of one attribute adds to the score on its own, so the best values of that
attribute are those that add something (linear-time subset scanning); attributes take turns until
nothing rises, from several starts. AIF360 does this on a table of people, a scan taking seconds.
Here people with the same attributes and the same true class are one count, all permutations and all
starts are searched together, and searches that have met in one subgroup go on as one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.subgroups.subset_scores import (
    LARGEST_ODDS_RATIO,
    bernoulli_scores,
    log_normalisers,
)
from fer_fairness.machine import in_threads

Flags: TypeAlias = npt.NDArray[np.bool_]
Chosen: TypeAlias = list[Flags]
"""By attribute, which values a subgroup allows: (searches, values + 1), "unknown" in the end."""

_LOG_ODDS_RATIOS: Final = np.geomspace(0.03, np.log(LARGEST_ODDS_RATIO), 16)
_NUMBERS_AT_ONCE: Final = 2**19
_SWEEPS: Final = 50
_MOST_NAMED: Final = 3
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class ErrorCells:
    """People and what is expected of them, by cell of the table of all attributes.

    Attributes:
        codes: int64, shape (cells, attributes): the value of each attribute, -1 where unknown. A
            person of unknown value belongs only to subgroups that do not name the attribute.
        n_values: Number of known values of each attribute.
        people: int64, shape (cells, classes): people by true class.
        expected: float64, shape (classes,): the error expected of a person of each class.
        people_last: Whether people have several faces: `people` are then faces but for a last
            "class", which counts people and of which nothing is expected.
    """

    codes: Counts
    n_values: tuple[int, ...]
    people: Counts
    expected: Array
    people_last: bool = False

    def sizes(self, people: Array) -> Array:
        """People of a number of people by class, shape (..., classes)."""
        sizes: Array = people[..., -1] if self.people_last else people.sum(axis=-1)
        return sizes


@dataclass(frozen=True)
class Subgroups:
    """The best subgroup of each table of errors.

    Attributes:
        scores: float64, shape (tables,).
        chosen: By attribute bool of shape (tables, values + 1), all True where it is not named.
    """

    scores: Array
    chosen: tuple[Flags, ...]


def random_starts(cells: ErrorCells, n: int, generator: np.random.Generator) -> Chosen:
    """Subgroups to search from: everybody, then `n - 1` random ones of few values.

    A third of the attributes is not named, of the others one to three values are. Against all
    subgroups of gender, race and age tried one by one, these starts missed the best less often than
    larger subgroups did. A single attribute needs no more than the first, whose one step is the
    best.
    """
    n = n if len(cells.n_values) > 1 else 1
    starts = []
    for n_values in cells.n_values:
        rank = generator.random((n, n_values)).argsort(axis=1).argsort(axis=1)
        kept = rank < generator.integers(1, _MOST_NAMED + 1, size=(n, 1))
        free = generator.random(n) < 1 / 3
        free[0] = True
        flags = np.append(kept, np.zeros((n, 1), dtype=bool), axis=1)
        starts.append(_everything_where(flags, kept.all(axis=1) | free))
    return starts


def best_subgroups(
    cells: ErrorCells,
    errors: Counts,
    *,
    starts: Chosen,
    penalty: float,
    minimum_people: int,
    people: Counts | None = None,
) -> Subgroups:
    """Search each table of errors for the subgroup of the highest score.

    Args:
        cells: The people.
        errors: int64, shape (tables, cells): errors observed in each cell.
        starts: From `random_starts`; every table is searched from each.
        penalty: Taken off the score for each value that a subgroup names.
        minimum_people: Subgroups of fewer people are passed over.
        people: The people of each table, int64, shape (tables, cells, classes), where they are not
            the same in all.

    Returns:
        The best over all starts; everybody, at 0, where nothing scores more. -inf where even
        everybody is fewer than `minimum_people`.
    """
    scan = _Scan(cells, starts, penalty, minimum_people)
    widest = max(len(cells.codes), (max(cells.n_values) + 1) * len(_LOG_ODDS_RATIOS))
    at_once = max(1, _NUMBERS_AT_ONCE // (widest * len(starts[0])))
    turns = [slice(first, first + at_once) for first in range(0, len(errors), at_once)]

    def search(turn: slice) -> Subgroups:
        return scan.search(errors[turn], None if people is None else people[turn])

    found = list(in_threads(search, turns))
    return Subgroups(
        scores=np.concatenate([part.scores for part in found]),
        chosen=tuple(
            np.concatenate(parts) for parts in zip(*(part.chosen for part in found), strict=True)
        ),
    )


def members(cells: ErrorCells, chosen: Sequence[Flags]) -> Flags:
    """Which cells are in each subgroup, shape (subgroups, cells)."""
    inside = np.ones((len(chosen[0]), len(cells.codes)), dtype=bool)
    for attribute, flags in enumerate(chosen):
        inside &= flags[:, cells.codes[:, attribute]]
    return inside


class _Scan:
    """Coordinate ascent over attributes, for many tables and starts at once."""

    def __init__(
        self, cells: ErrorCells, starts: Chosen, penalty: float, minimum_people: int
    ) -> None:
        self._cells = cells
        self._starts = starts
        self._penalty = penalty
        self._minimum = max(minimum_people, 1)
        self._by_value = [
            _sums_by_value(cells, attribute) for attribute in range(len(cells.n_values))
        ]

    def search(self, errors: Counts, people_of: Counts | None) -> Subgroups:
        """The best subgroup of each of a few tables, over all starts."""
        table = np.repeat(np.arange(len(errors)), len(self._starts[0]))
        chosen = [np.tile(start, (len(errors), 1)) for start in self._starts]
        inside = members(self._cells, chosen)
        observed = (inside * errors[table]).sum(axis=1, dtype=np.float64)
        own = None if people_of is None else people_of.astype(np.float64)
        of_cells = self._cells.people.astype(np.float64) if own is None else own[table]
        people: Array = (inside[:, np.newaxis].astype(np.float64) @ of_cells)[:, 0]
        scores, _ = self._scores(observed, people, chosen)
        best = Subgroups(
            np.full(len(errors), -np.inf),
            tuple(np.ones((len(errors), flags.shape[1]), dtype=bool) for flags in chosen),
        )
        for _ in range(_SWEEPS):
            raised = scores
            for attribute in range(len(chosen)):
                tables = errors[table], None if own is None else own[table]
                raised = self._step(attribute, tables, chosen, raised)
            _keep_better(best, table, raised, chosen)
            going_on = np.flatnonzero(raised > scores + _ROUNDING)
            going_on = going_on[_first_of_each(table[going_on], [f[going_on] for f in chosen])]
            table, scores = table[going_on], raised[going_on]
            chosen = [flags[going_on] for flags in chosen]
            if not table.size:
                break
        return best

    def _step(
        self, attribute: int, tables: tuple[Counts, Array | None], chosen: Chosen, scores: Array
    ) -> Array:
        """Choose the best values of one attribute, given those of the others."""
        trial = [*chosen]
        trial[attribute] = everything = np.ones_like(chosen[attribute])
        observed, people = self._by_value[attribute](*tables, members(self._cells, trial))
        log_ratio = np.zeros(len(scores))
        for choose in (self._best_on_grid, self._adding, None):
            option = everything if choose is None else choose(observed, people, log_ratio)
            trial[attribute] = option
            values, log_ratio = self._scores(*_summed(option, observed, people), trial)
            # Where too few people are inside, naming no value is the way to more of them.
            better = (values > scores + _ROUNDING) | ~np.isfinite(scores)
            chosen[attribute] = np.where(better[:, np.newaxis], option, chosen[attribute])
            scores = np.where(better, values, scores)
        return scores

    def _best_on_grid(self, observed: Array, people: Array, _: Array) -> Flags:
        """The values that add something at the odds ratio of the grid where they add most."""
        gains = self._gains(observed, people, _LOG_ODDS_RATIOS)
        adding = gains > 0
        sizes = self._cells.sizes(people)[:, np.newaxis, :] @ adding.astype(np.float64)
        totals = np.maximum(gains, 0.0).sum(axis=1)
        best = np.where(sizes[:, 0] >= self._minimum, totals, -np.inf).argmax(axis=1)
        return _named(adding[np.arange(len(best)), :, best], people)

    def _adding(self, observed: Array, people: Array, log_ratio: Array) -> Flags:
        """The values that add something at the odds ratio given."""
        gains = self._gains(observed, people, log_ratio[:, np.newaxis, np.newaxis])
        return _named(gains[..., 0] > 0, people)

    def _gains(self, observed: Array, people: Array, log_ratios: Array) -> Array:
        """What each value adds to the score at each odds ratio, (searches, values + 1, ratios)."""
        if log_ratios.ndim == 1:
            normalisers = people @ log_normalisers(log_ratios, self._cells.expected).T
        else:
            per_class = log_normalisers(log_ratios[:, 0, 0], self._cells.expected)
            normalisers = people @ per_class[..., np.newaxis]
        gains = observed[..., np.newaxis] * log_ratios - normalisers - self._penalty
        gains[:, -1] = -np.inf
        return gains

    def _scores(self, observed: Array, people: Array, chosen: Chosen) -> tuple[Array, Array]:
        """Scores less the penalty for each value named, -inf for too few people; odds ratios."""
        scores, log_ratio = bernoulli_scores(observed, people, self._cells.expected)
        for flags in chosen:
            scores -= self._penalty * np.where(flags.all(axis=1), 0, flags.sum(axis=1))
        enough = self._cells.sizes(people) >= self._minimum
        return np.where(enough, scores, -np.inf), log_ratio


def _keep_better(best: Subgroups, table: Counts, scores: Array, chosen: Chosen) -> None:
    """Take over the best search of each table, of equal ones the first, if it beats the best."""
    order = np.lexsort((-scores, table))
    top = order[np.insert(np.flatnonzero(np.diff(table[order])) + 1, 0, 0)]
    top = top[scores[top] > best.scores[table[top]]]
    best.scores[table[top]] = scores[top]
    for kept, flags in zip(best.chosen, chosen, strict=True):
        kept[table[top]] = flags[top]


def _first_of_each(table: Counts, chosen: Chosen) -> Counts:
    """Positions of searches, one of all that have met in the same subgroup of the same table."""
    bits = np.packbits(np.concatenate(chosen, axis=1), axis=1)
    return np.unique(np.column_stack([table, bits]), axis=0, return_index=True)[1]


def _named(flags: Flags, people: Array) -> Flags:
    """Flags as they are, all True where no known value with people is left out."""
    occupied = people[:, :-1].sum(axis=2) > 0
    return _everything_where(flags, (flags[:, :-1] | ~occupied).all(axis=1))


def _sums_by_value(
    cells: ErrorCells, attribute: int
) -> Callable[[Counts, Array | None, Flags], tuple[Array, Array]]:
    """A function giving errors (searches, values + 1) and people (..., classes) of cells inside.

    It takes the errors of the cells of each search, its people where they are its own, and which
    cells are inside.
    """
    n_values, n_cells = cells.n_values[attribute] + 1, len(cells.codes)
    values = cells.codes[:, attribute] % n_values
    ones = np.ones(n_cells)
    to_value = sparse.csr_array((ones, (values, np.arange(n_cells))), shape=(n_values, n_cells))
    by_class = [
        sparse.csr_array((people, (values, np.arange(n_cells))), shape=(n_values, n_cells))
        for people in cells.people.T.astype(np.float64)
    ]

    def sums(errors: Counts, people: Array | None, inside: Flags) -> tuple[Array, Array]:
        observed = (to_value @ (inside * errors).T.astype(np.float64)).T
        across = inside.T.astype(np.float64)
        if people is not None:
            of_class = [to_value @ (across * own.T) for own in np.moveaxis(people, -1, 0)]
            return observed, np.stack([np.asarray(sums).T for sums in of_class], axis=-1)
        return observed, np.stack([np.asarray(weights @ across).T for weights in by_class], axis=-1)

    return sums


def _summed(named: Flags, observed: Array, people: Array) -> tuple[Array, Array]:
    """Errors (searches,) and people (searches, classes) of the values named."""
    weights = named[:, np.newaxis, :].astype(np.float64)
    return (weights @ observed[..., np.newaxis])[:, 0, 0], (weights @ people)[:, 0]


def _everything_where(flags: Flags, full: Flags) -> Flags:
    """Naming every known value is naming none: those of unknown value are let in too."""
    return flags | full[:, np.newaxis]
