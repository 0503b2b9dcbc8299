"""Groups shuffled among people: one shuffle for all attributes, tables of counts for each.

What is shuffled is a person's whole row of groups, among people of the same true class (and of the
same attributes known). So attributes stay as dependent on one another as they are, and so do the
tests made of them; only their bond with what is predicted is cut. Where people have several faces,
whole people are shuffled, among people with about as many faces (see `similar_people`): a face is
no more evidence than its person allows. Who has one face only stays among those of the same true
class. Where some faces of a person lack a group that others have, those alone are counted with the
group that the person is given, as they are with its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, TypeVar

import numpy as np

from fer_fairness.fairness.codes import Codes, Part, combined, numbered, tallied
from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.draws import Seed, permutation_counts
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.people.similar_people import shuffled_within
from fer_fairness.fairness.testing.people import JudgedFaces
from fer_fairness.fairness.testing.strata import (
    People,
    layout_of,
    people_of,
    strata_of_single_faces,
)
from fer_fairness.machine import in_threads

_PERSON_BY_PERSON: Final = 8e-9
_CELL_BY_CELL: Final = 1.2e-7
"""Seconds that it takes to shuffle a person, and to draw a cell of a shuffled table."""

Found = TypeVar("Found")


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
        faces: The faces; none of the groups is left out. Those without any group are in no table.
        function: Called with each stack.
        n: Number of shuffles.
        seed: Seed or generator.
        cells_at_once: Counts held at a time by each thread.
    """
    faces = faces.labelled()
    people = people_of(faces)
    answers = _answers(faces, people)
    draw, held = _drawer(faces, people, answers)
    at_once = max(1, cells_at_once // max(held, 1))
    sizes = [min(at_once, n - start) for start in range(0, n, at_once)]

    def turn(given: tuple[int, np.random.Generator]) -> Found:
        return function(_by_attribute(faces, people, draw(*given)))

    seeds = np.random.default_rng(seed).spawn(len(sizes))
    return list(in_threads(turn, zip(sizes, seeds, strict=True)))


Answers = dict[str, tuple[Codes, int]]
"""By the name of a table: the code of each face's answer, and how many codes there are.

Before the answer stands which attributes the face lacks and its person has (`Several.lacks`): the
face is counted with a group of its person's row only where it has one itself.
"""

_COUNTS, _CALIBRATION = "counts", "calibration"


def _answers(faces: JudgedFaces, people: People) -> Answers:
    n = len(faces.classes)
    answers = {_COUNTS: (faces.answers, n * n)}
    if faces.bin_confidence is not None:
        answers[_CALIBRATION] = (faces.binned_answers, n * 2 * len(faces.bin_confidence))
    several = people.several
    if several is None or len(several.lacks) == 1:
        return answers
    lack = several.lack_of, len(several.lacks)
    return {name: (combined(lack, answer), lack[1] * answer[1]) for name, answer in answers.items()}


Drawn = dict[str, Array]
"""By the name of a table: shape (n, rows, answers)."""

Draw = Callable[[int, np.random.Generator], Drawn]


def _drawer(faces: JudgedFaces, people: People, answers: Answers) -> tuple[Draw, int]:
    """The quicker way: to shuffle people, or to draw the tables that shuffles give.

    Returns:
        The way, and how many numbers it holds for each shuffle.
    """
    n_cells = len(people.rows) * sum(number for _, number in answers.values())
    if not faces.several_faces:
        n_strata = len(strata_of_single_faces(faces, people))
        by_table = n_cells * n_strata / len(faces.classes) * _CELL_BY_CELL
        if len(people.row_of) * _PERSON_BY_PERSON > by_table:
            return _table_drawer(faces, people, answers), n_cells
    layout, n_rows = layout_of(faces, people), len(people.rows)

    def draw(size: int, generator: np.random.Generator) -> Drawn:
        rows = shuffled_within(layout.row_of, layout.ends, size, generator)
        rows = rows[:, layout.person_of]
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


def _table_drawer(faces: JudgedFaces, people: People, answers: Answers) -> Draw:
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
    faces: JudgedFaces, people: People, answers: Part, of_counts: Counts
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
    for code, of_class in strata_of_single_faces(faces, people):
        own = table * (known == code)[:, np.newaxis] * (true == of_class)
        used = np.flatnonzero(own.sum(axis=0))
        yield used, own[:, used]


def _by_attribute(faces: JudgedFaces, people: People, drawn: Drawn) -> Shuffled:
    """The tables of all rows added up to those of each attribute's groups."""
    n, rows = len(faces.classes), people.rows
    lacks = np.zeros((1, rows.shape[1]), dtype=bool)
    if people.several is not None:
        lacks = people.several.lacks
    found: dict[str, dict[str, Array]] = {_COUNTS: {}, _CALIBRATION: {}}
    for name, tables in drawn.items():
        for place, (attribute, membership) in enumerate(faces.memberships.items()):
            order = np.argsort(rows[:, place], kind="stable")
            ordered = rows[order, place]
            present = np.unique(ordered[ordered >= 0])
            summed = np.zeros((len(tables), len(membership.names), tables.shape[2]))
            starts = np.searchsorted(ordered, present)
            summed[:, present] = np.add.reduceat(tables[:, order], starts, axis=1)
            counted = summed.reshape(*summed.shape[:2], len(lacks), n, -1)[:, :, ~lacks[:, place]]
            found[name][attribute] = counted.sum(axis=2)
    return Shuffled(found[_COUNTS], found[_CALIBRATION])


def concatenated(parts: Sequence[dict[str, Array]]) -> dict[str, Array]:
    """Arrays of all turns, one after the other, by name."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
