"""The scan where people have several faces: whole people are shuffled, with all their faces.

Faces of one person are mistaken together, so a shuffle of faces would call a few people with many
errors a subgroup. What is shuffled is people's rows of attributes, among people with about as many
faces (see `similar_people`): the faces that somebody has, and what they show, stay with them. The
test is exact where attributes have no bond with people's faces but by how many they are, as far as
people of a stratum have as many. People of several faces cannot be shuffled within a true class,
having faces of several; what a class makes hard is taken off by what is expected of each face.
"""

from dataclasses import dataclass

import numpy as np

from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.people.similar_people import shuffled_within, strata_of_people
from fer_fairness.fairness.subgroups.subset_scan import ErrorCells


@dataclass(frozen=True)
class PeopleInCells:
    """People with their faces, and the cell of the table of all attributes that each is in.

    They stand in the order of their strata, and within these of their cells, faces and errors: so
    a shuffle does not depend on the order of rows.

    Attributes:
        codes: The cells, as of `ErrorCells`.
        n_values: Number of known values of each attribute.
        cell: Cell of each person, int64, shape (people,).
        faces: Faces of each person by true class, int64, shape (people, classes).
        errors: Mistaken faces of each person, int64, shape (people,).
        expected: Error expected of a face of each class, shape (classes,).
        ends: Where the strata of people with about as many faces end, shape (strata,).
    """

    codes: Counts
    n_values: tuple[int, ...]
    cell: Codes
    faces: Counts
    errors: Counts
    expected: Array
    ends: Counts

    def shuffled(self, generator: np.random.Generator) -> Codes:
        """Cell of each person when rows of attributes are shuffled within strata, (people,)."""
        return np.asarray(shuffled_within(self.cell, self.ends, 1, generator)[0])

    def tables(self, cell: Codes) -> tuple[ErrorCells, Counts]:
        """Cells and their errors, (cells,), with people in the cells given.

        The last "class" of the cells counts people: nothing is expected of it.
        """
        counted = np.zeros((len(self.codes), self.faces.shape[1] + 1), dtype=np.int64)
        errors = np.zeros(len(self.codes), dtype=np.int64)
        np.add.at(counted, cell, np.column_stack([self.faces, np.ones_like(self.errors)]))
        np.add.at(errors, cell, self.errors)
        expected = np.append(self.expected, 0.0)
        return ErrorCells(self.codes, self.n_values, counted, expected, people_last=True), errors


def people_in_cells(
    person: Codes,
    values: Codes,
    faces_of_class: Counts,
    wrong: Counts,
    *,
    n_values: tuple[int, ...],
) -> PeopleInCells:
    """Count the faces of each person.

    Args:
        person: Whose face each is, codes from 0, shape (faces,).
        values: Value of each attribute of each face, -1 where unknown, shape (faces, attributes). A
            person has the value that any of the faces has.
        faces_of_class: True class of each face as one of 0 and 1, shape (faces, classes).
        wrong: Whether each face is mistaken, 0 or 1, shape (faces,).
        n_values: Number of known values of each attribute.
    """
    n_people = int(person.max()) + 1
    rows = np.full((n_people, values.shape[1]), -1, dtype=np.int64)
    np.maximum.at(rows, person, values)
    faces = np.zeros((n_people, faces_of_class.shape[1]), dtype=np.int64)
    np.add.at(faces, person, faces_of_class)
    codes, cell = np.unique(rows, axis=0, return_inverse=True)
    errors = np.bincount(person, weights=wrong, minlength=n_people).astype(np.int64)
    expected = (faces_of_class * wrong[:, np.newaxis]).sum(axis=0) / np.maximum(
        faces.sum(axis=0), 1
    )
    cell = cell.ravel()
    stratum, n_strata = strata_of_people(faces.sum(axis=1), faces.argmax(axis=1), faces.shape[1])
    order = np.lexsort((errors, *faces.T, cell, stratum))
    sizes = np.bincount(stratum, minlength=n_strata)
    ends = np.cumsum(sizes[sizes > 0])
    return PeopleInCells(codes, n_values, cell[order], faces[order], errors[order], expected, ends)
