"""Groups shuffled among people: one shuffle for all attributes, tables of counts for each.

What is shuffled is a person's whole row of groups, among people of the same true class (and of the
same attributes known). So attributes stay as dependent on one another as they are, and so do the
tests made of them; only their bond with what is predicted is cut. Where people have several faces,
whole people are shuffled, among people with about as many faces: a face is no more evidence than
its person allows (permutations within blocks: Good 2005, "Permutation, Parametric and Bootstrap
Tests of Hypotheses", chapter 3). Who has one face only stays among those of the same true class.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, TypeVar

import numpy as np

from fer_fairness.fairness.counts import Codes, Counts, numbered
from fer_fairness.fairness.inference.draws import Seed, permutation_counts
from fer_fairness.fairness.inference.threads import in_threads
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.people import JudgedFaces

_SIZES: Final = 4
"""Strata of people by their number of faces, at most."""

_PEOPLE_OF_A_SIZE: Final = 10
"""As many people at least in a stratum."""

_PERSON_BY_PERSON: Final = 8e-9
_CELL_BY_CELL: Final = 1.2e-7
"""Seconds that it takes to shuffle a person, and to draw a cell of a shuffled table."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class _Layout:
    """People in the order of their strata.

    Attributes:
        rows: The different rows of groups, shape (rows, attributes), -1 where missing.
        row_of: Row of each person, shape (people,).
        ends: Where the strata end.
        person_of: Place of each face's person in that order, shape (faces,).
    """

    rows: Codes
    row_of: Codes
    ends: Codes
    person_of: Codes


@dataclass(frozen=True)
class Shuffled:
    """A stack of tables of shuffled people.

    Attributes:
        counts: By attribute, float64, shape (n, groups, classes, classes).
        calibration: By attribute, shape (n, groups, classes, 2 * bins); none without probabilities.
    """

    counts: dict[str, Array]
    calibration: dict[str, Array]


def shuffled(
    faces: JudgedFaces,
    function: Callable[[Shuffled], Found],
    *,
    n: int,
    seed: Seed,
    cells_at_once: int,
) -> list[Found]:
    """What a function gives of stacks of shuffles that make `n` together.

    The stacks are drawn in turns, each with a seed of its own, on as many threads as there are
    cores; the result does not depend on their number.

    Args:
        faces: The faces; none of the groups is left out.
        function: Called with each stack.
        n: Number of shuffles.
        seed: Seed or generator.
        cells_at_once: Counts held at a time by each thread.
    """
    layout = _layout(faces)
    answers = _answers(faces)
    n_cells = len(layout.rows) * sum(number for _, number in answers.values())
    at_once = max(1, cells_at_once // max(n_cells, len(faces.person), 1))
    sizes = [min(at_once, n - start) for start in range(0, n, at_once)]
    draw = _drawer(faces, layout, answers)

    def turn(given: tuple[int, np.random.Generator]) -> Found:
        return function(_by_attribute(faces, layout, draw(*given)))

    seeds = np.random.default_rng(seed).spawn(len(sizes))
    return list(in_threads(turn, zip(sizes, seeds, strict=True)))


Answers = dict[str, tuple[Codes, int]]
"""By the name of a table: the code of each face's answer, and how many codes there are."""

_COUNTS, _CALIBRATION = "counts", "calibration"


def _answers(faces: JudgedFaces) -> Answers:
    n = len(faces.classes)
    answers = {_COUNTS: (faces.answers, n * n)}
    if faces.bin_confidence is not None:
        answers[_CALIBRATION] = (faces.binned_answers, n * 2 * len(faces.bin_confidence))
    return answers


def _layout(faces: JudgedFaces) -> _Layout:
    first, person_of = np.arange(len(faces.person)), faces.person
    if faces.several_faces:
        _, first, person_of = np.unique(faces.person, return_index=True, return_inverse=True)
    rows, row_of = _rows(faces, first)
    known = np.unique(rows >= 0, axis=0, return_inverse=True)[1].ravel()
    sizes = np.bincount(person_of.ravel(), minlength=len(first))
    alike = np.where(sizes == 1, faces.true[first], len(faces.classes) + _similar_sizes(sizes))
    n_alike = len(faces.classes) + _SIZES
    n_strata = (int(known.max(initial=0)) + 1) * n_alike
    strata = numbered(known[row_of] * n_alike + alike, n_strata)[1]
    order = np.argsort(strata, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    ends = np.cumsum(np.bincount(strata))
    return _Layout(rows, row_of.ravel()[order], ends, place[person_of.ravel()])


def _rows(faces: JudgedFaces, first: Codes) -> tuple[Codes, Codes]:
    """The different rows of groups, in order, and that of each person."""
    codes = np.zeros(len(first), dtype=np.int64)
    n_codes, held = 1, np.zeros((1, 0), dtype=np.int64)
    for part in faces.memberships.values():
        n = len(part.names) + 1
        found, codes = numbered(codes * n + part.codes[first] + 1, n_codes * n)
        held = np.column_stack([held[found // n], found % n - 1])
        n_codes = len(found)
    return held, codes


def _similar_sizes(sizes: Codes) -> Codes:
    """Stratum of each person by the number of faces, of those who have several; (people,)."""
    several = sizes[sizes > 1]
    n_strata = int(np.clip(len(several) // _PEOPLE_OF_A_SIZE, 1, _SIZES))
    if not len(several):
        return np.zeros(len(sizes), dtype=np.int64)
    limits = np.quantile(several, np.arange(1, n_strata) / n_strata)
    return np.searchsorted(limits, sizes, side="left").astype(np.int64)


Drawn = dict[str, Array]
"""By the name of a table: shape (n, rows, answers)."""


def _drawer(
    faces: JudgedFaces, layout: _Layout, answers: Answers
) -> Callable[[int, np.random.Generator], Drawn]:
    """The quicker way: to shuffle people, or to draw the tables that shuffles give."""
    n_cells = len(layout.rows) * len(layout.ends) * sum(number for _, number in answers.values())
    many = len(layout.row_of) * _PERSON_BY_PERSON > n_cells / len(faces.classes) * _CELL_BY_CELL
    if many and not faces.several_faces:
        return _table_drawer(layout, answers)

    def draw(size: int, generator: np.random.Generator) -> Drawn:
        rows = _shuffled_rows(layout, size, generator)[:, layout.person_of]
        start = np.arange(size)[:, np.newaxis] * len(layout.rows) + rows
        return {
            name: _tallied(start * number + codes, (size, len(layout.rows), number))
            for name, (codes, number) in answers.items()
        }

    return draw


def _shuffled_rows(layout: _Layout, size: int, generator: np.random.Generator) -> Codes:
    """Row of each person in each of `size` shuffles, shape (size, people)."""
    rows = np.empty((size, len(layout.row_of)), dtype=np.int64)
    start = 0
    for end in layout.ends:
        block = np.broadcast_to(layout.row_of[start:end], (size, end - start))
        rows[:, start:end] = generator.permuted(block, axis=1)
        start = end
    return rows


def _tallied(cells: Codes, shape: tuple[int, int, int]) -> Array:
    counts = np.bincount(cells.ravel(), minlength=int(np.prod(shape)))
    return counts.reshape(shape).astype(np.float64)


def _table_drawer(layout: _Layout, answers: Answers) -> Callable[[int, np.random.Generator], Drawn]:
    """Draws tables of rows and joint answers with the margins of each stratum."""
    codes = np.zeros(len(layout.person_of), dtype=np.int64)
    for answer, number in answers.values():
        codes = codes * number + answer
    joint, answer_of = numbered(codes, prod(number for _, number in answers.values()))
    numbers = {name: number for name, (_, number) in answers.items()}
    split = dict(zip(answers, np.unravel_index(joint, list(numbers.values())), strict=True))
    one_hot = {name: np.eye(number)[split[name]] for name, number in numbers.items()}
    tables = list(_tables_of_strata(layout, answer_of.ravel(), len(joint)))

    def draw(size: int, generator: np.random.Generator) -> Drawn:
        drawn = {
            name: np.zeros((size, len(layout.rows), number)) for name, number in numbers.items()
        }
        for used, table in tables:
            counts = permutation_counts(table[:, np.newaxis], size, generator)[:, :, 0]
            for name, tallied in drawn.items():
                tallied += counts @ one_hot[name][used]
        return drawn

    return draw


def _tables_of_strata(
    layout: _Layout, answer_of: Codes, n_answers: int
) -> Iterator[tuple[Codes, Counts]]:
    """For each stratum the answers that occur in it, and people by row and such an answer."""
    answer_by_person = np.empty_like(answer_of)
    answer_by_person[layout.person_of] = answer_of
    start = 0
    for end in layout.ends:
        cells = layout.row_of[start:end] * n_answers + answer_by_person[start:end]
        table = np.bincount(cells, minlength=len(layout.rows) * n_answers)
        table = table.reshape(len(layout.rows), n_answers).astype(np.int64)
        used = np.flatnonzero(table.sum(axis=0))
        yield used, table[:, used]
        start = end


def _by_attribute(faces: JudgedFaces, layout: _Layout, drawn: Drawn) -> Shuffled:
    """The tables of all rows added up to those of each attribute's groups."""
    n = len(faces.classes)
    found: dict[str, dict[str, Array]] = {_COUNTS: {}, _CALIBRATION: {}}
    for name, tables in drawn.items():
        for place, (attribute, membership) in enumerate(faces.memberships.items()):
            order = np.argsort(layout.rows[:, place], kind="stable")
            ordered = layout.rows[order, place]
            present = np.unique(ordered[ordered >= 0])
            summed = np.zeros((len(tables), len(membership.names), tables.shape[2]))
            starts = np.searchsorted(ordered, present)
            summed[:, present] = np.add.reduceat(tables[:, order], starts, axis=1)
            found[name][attribute] = summed.reshape(*summed.shape[:2], n, -1)
    return Shuffled(found[_COUNTS], found[_CALIBRATION])


def concatenated(parts: Sequence[dict[str, Array]]) -> dict[str, Array]:
    """Arrays of all turns, one after the other, by name."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
