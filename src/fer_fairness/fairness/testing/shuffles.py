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

from fer_fairness.fairness.codes import (
    Codes,
    Part,
    code_type,
    combined,
    different_rows,
    looked_up,
    numbered,
    tallied,
)
from fer_fairness.fairness.counts import Counts
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
class _People:
    """People by their rows of groups.

    Attributes:
        rows: The different rows of groups, shape (rows, attributes), -1 where missing.
        row_of: Row of each person, codes, shape (people,).
        first: First face of each person, shape (people,); None where nobody has several.
        of_face: Person of each face, shape (faces,); None likewise.
    """

    rows: Counts
    row_of: Codes
    first: Counts | None = None
    of_face: Counts | None = None

    @property
    def known(self) -> Counts:
        """Which attributes are known of each row, as a code from 0, shape (rows,)."""
        return np.asarray(np.unique(self.rows >= 0, axis=0, return_inverse=True)[1].ravel())


@dataclass(frozen=True)
class _Layout:
    """People in the order of their strata.

    Attributes:
        row_of: Row of each person, codes, shape (people,).
        ends: Where the strata end.
        person_of: Place of each face's person in that order, shape (faces,).
    """

    row_of: Codes
    ends: Counts
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
    people = _people(faces)
    answers = _answers(faces)
    draw, held = _drawer(faces, people, answers)
    at_once = max(1, cells_at_once // max(held, 1))
    sizes = [min(at_once, n - start) for start in range(0, n, at_once)]

    def turn(given: tuple[int, np.random.Generator]) -> Found:
        return function(_by_attribute(faces, people.rows, draw(*given)))

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


def _people(faces: JudgedFaces) -> _People:
    groups = [(part.codes, len(part.names)) for part in faces.memberships.values()]
    if not faces.several_faces:
        return _People(*different_rows(groups, len(faces.person)))
    _, first, of_face = np.unique(faces.person, return_index=True, return_inverse=True)
    groups = [(codes[first], n) for codes, n in groups]
    return _People(*different_rows(groups, len(first)), first, of_face.ravel())


def _layout(faces: JudgedFaces, people: _People) -> _Layout:
    n_classes, alike, person_of = len(faces.classes), faces.true, people.of_face
    if people.first is not None and person_of is not None:
        sizes = np.bincount(person_of, minlength=len(people.first))
        of_several = n_classes + _similar_sizes(sizes)
        alike = np.where(sizes == 1, faces.true[people.first], of_several)
    known = people.known
    n_known, n_alike = int(known.max(initial=0)) + 1, n_classes + _SIZES
    of_people = looked_up(known.astype(code_type(n_known)), people.row_of)
    strata = combined((of_people, n_known), (alike, n_alike))
    order = np.argsort(strata, kind="stable").astype(code_type(len(strata)))
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=order.dtype)
    sizes = tallied((strata, n_known * n_alike))
    ends = np.cumsum(sizes[sizes > 0])
    return _Layout(people.row_of[order], ends, place if person_of is None else place[person_of])


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

Draw = Callable[[int, np.random.Generator], Drawn]


def _drawer(faces: JudgedFaces, people: _People, answers: Answers) -> tuple[Draw, int]:
    """The quicker way: to shuffle people, or to draw the tables that shuffles give.

    Returns:
        The way, and how many numbers it holds for each shuffle.
    """
    n_cells = len(people.rows) * sum(number for _, number in answers.values())
    if not faces.several_faces:
        n_strata = len(_strata(faces, people))
        by_table = n_cells * n_strata / len(faces.classes) * _CELL_BY_CELL
        if len(people.row_of) * _PERSON_BY_PERSON > by_table:
            return _table_drawer(faces, people, answers), n_cells
    layout, n_rows = _layout(faces, people), len(people.rows)

    def draw(size: int, generator: np.random.Generator) -> Drawn:
        rows = _shuffled_rows(layout, size, generator)[:, layout.person_of]
        return {name: _tables(rows, n_rows, answer) for name, answer in answers.items()}

    return draw, max(n_cells, len(faces.person))


def _tables(rows: Codes, n_rows: int, answer: Part) -> Array:
    """Faces by row and answer in each shuffle, shape (shuffles, rows, answers)."""
    codes, number = answer
    if len(rows) == 1:  # of very many faces
        return tallied((rows[0], n_rows), answer)[np.newaxis].astype(np.float64)
    shape = len(rows), n_rows, number
    start = np.arange(len(rows))[:, np.newaxis] * n_rows + rows
    counts = np.bincount((start * number + codes).ravel(), minlength=prod(shape))
    return counts.reshape(shape).astype(np.float64)


def _shuffled_rows(layout: _Layout, size: int, generator: np.random.Generator) -> Codes:
    """Row of each person in each of `size` shuffles, shape (size, people)."""
    rows = np.empty((size, len(layout.row_of)), dtype=layout.row_of.dtype)
    start = 0
    for end in layout.ends:
        block = np.broadcast_to(layout.row_of[start:end], (size, end - start))
        rows[:, start:end] = generator.permuted(block, axis=1)
        start = end
    return rows


def _strata(faces: JudgedFaces, people: _People) -> list[tuple[int, int]]:
    """Which attributes are known (a code) and the true class of each stratum of single faces."""
    n_classes = len(faces.classes)
    by_class = tallied((people.row_of, len(people.rows)), (faces.true, n_classes))
    known = people.known
    sizes = np.zeros((int(known.max(initial=0)) + 1, n_classes), dtype=np.int64)
    np.add.at(sizes, known, by_class)
    return [(int(code), int(true)) for code, true in np.argwhere(sizes)]


def _table_drawer(faces: JudgedFaces, people: _People, answers: Answers) -> Draw:
    """Draws tables of rows and joint answers with the margins of each stratum."""
    numbers = {name: number for name, (_, number) in answers.items()}
    joint, answer_of = numbered(combined(*answers.values()), prod(numbers.values()))
    split = dict(zip(answers, np.unravel_index(joint, list(numbers.values())), strict=True))
    one_hot = {name: np.eye(number)[split[name]] for name, number in numbers.items()}
    tables = list(_tables_of_strata(faces, people, (answer_of, len(joint)), split[_COUNTS]))

    def draw(size: int, generator: np.random.Generator) -> Drawn:
        drawn = {
            name: np.zeros((size, len(people.rows), number)) for name, number in numbers.items()
        }
        for used, table in tables:
            counts = permutation_counts(table[:, np.newaxis], size, generator)[:, :, 0]
            for name, tallies in drawn.items():
                tallies += counts @ one_hot[name][used]
        return drawn

    return draw


def _tables_of_strata(
    faces: JudgedFaces, people: _People, answers: Part, of_counts: Counts
) -> Iterator[tuple[Counts, Counts]]:
    """For each stratum the answers that occur in it, and people by row and such an answer.

    Args:
        faces: The faces.
        people: Their people, one each.
        answers: The joint answer of each face.
        of_counts: Each joint answer's code of true and predicted class, shape (answers,).
    """
    table = tallied((people.row_of, len(people.rows)), answers)
    known, true = people.known, of_counts // len(faces.classes)
    for code, of_class in _strata(faces, people):
        own = table * (known == code)[:, np.newaxis] * (true == of_class)
        used = np.flatnonzero(own.sum(axis=0))
        yield used, own[:, used]


def _by_attribute(faces: JudgedFaces, rows: Counts, drawn: Drawn) -> Shuffled:
    """The tables of all rows added up to those of each attribute's groups."""
    n = len(faces.classes)
    found: dict[str, dict[str, Array]] = {_COUNTS: {}, _CALIBRATION: {}}
    for name, tables in drawn.items():
        for place, (attribute, membership) in enumerate(faces.memberships.items()):
            order = np.argsort(rows[:, place], kind="stable")
            ordered = rows[order, place]
            present = np.unique(ordered[ordered >= 0])
            summed = np.zeros((len(tables), len(membership.names), tables.shape[2]))
            starts = np.searchsorted(ordered, present)
            summed[:, present] = np.add.reduceat(tables[:, order], starts, axis=1)
            found[name][attribute] = summed.reshape(*summed.shape[:2], n, -1)
    return Shuffled(found[_COUNTS], found[_CALIBRATION])


def concatenated(parts: Sequence[dict[str, Array]]) -> dict[str, Array]:
    """Arrays of all turns, one after the other, by name."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
