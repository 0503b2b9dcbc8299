"""People by their rows of groups, and among whom they are shuffled."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fer_fairness.fairness.codes import (
    Codes,
    code_type,
    combined,
    different_rows,
    looked_up,
    tallied,
)
from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.people.similar_people import strata_of_people
from fer_fairness.fairness.testing.people import JudgedFaces


@dataclass(frozen=True)
class Several:
    """Whose face each is, where people have several.

    Attributes:
        first: First face of each person, shape (people,).
        of_face: Person of each face, shape (faces,).
        lacks: The different sets of attributes that a face lacks and its person has, by other
            faces; bool, shape (sets, attributes).
        lack_of: Such a set of each face, codes, shape (faces,).
    """

    first: Counts
    of_face: Counts
    lacks: npt.NDArray[np.bool_]
    lack_of: Codes


@dataclass(frozen=True)
class People:
    """People by their rows of groups.

    Attributes:
        rows: The different rows of groups, shape (rows, attributes), -1 where missing.
        row_of: Row of each person, codes, shape (people,).
        several: Whose faces are whose; None where nobody has several.
    """

    rows: Counts
    row_of: Codes
    several: Several | None = None

    @property
    def known(self) -> Counts:
        """Which attributes are known of each row, as a code from 0, shape (rows,)."""
        return np.asarray(np.unique(self.rows >= 0, axis=0, return_inverse=True)[1].ravel())


@dataclass(frozen=True)
class Layout:
    """People in the order of their strata.

    Attributes:
        row_of: Row of each person, codes, shape (people,).
        ends: Where the strata end.
        person_of: Place of each face's person in that order, shape (faces,).
    """

    row_of: Codes
    ends: Counts
    person_of: Codes


def people_of(faces: JudgedFaces) -> People:
    """The people: of each attribute a person has the group of any of its faces that has one."""
    groups = [(part.codes, len(part.names)) for part in faces.memberships.values()]
    if not faces.several_faces:
        return People(*different_rows(groups, len(faces.person)))
    _, first, of_face = np.unique(faces.person, return_index=True, return_inverse=True)
    of_face = of_face.ravel()
    of_people, lacking = [], []
    for codes, n in groups:
        own = np.full(len(first), -1, dtype=codes.dtype)
        np.maximum.at(own, of_face, codes)
        of_people.append((own, n))
        lacking.append((((codes < 0) & (own[of_face] >= 0)).view(np.int8), 2))
    lacks, lack_of = different_rows(lacking, len(of_face))
    several = Several(first, of_face, lacks > 0, lack_of)
    return People(*different_rows(of_people, len(first)), several)


def layout_of(faces: JudgedFaces, people: People) -> Layout:
    """People put beside those with whom they may change places."""
    several, (alike, n_alike) = people.several, (faces.true, len(faces.classes))
    if several is not None:
        sizes = np.bincount(several.of_face, minlength=len(several.first))
        alike, n_alike = strata_of_people(sizes, faces.true[several.first], n_alike)
    known = people.known
    n_known = int(known.max(initial=0)) + 1
    of_people = looked_up(known.astype(code_type(n_known)), people.row_of)
    strata = combined((of_people, n_known), (alike, n_alike))
    order = np.argsort(strata, kind="stable").astype(code_type(len(strata)))
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=order.dtype)
    sizes = tallied((strata, n_known * n_alike))
    ends = np.cumsum(sizes[sizes > 0])
    person_of = place if several is None else place[several.of_face]
    return Layout(people.row_of[order], ends, person_of)


def strata_of_single_faces(faces: JudgedFaces, people: People) -> list[tuple[int, int]]:
    """Which attributes are known (a code) and the true class of each stratum."""
    n_classes = len(faces.classes)
    by_class = tallied((people.row_of, len(people.rows)), (faces.true, n_classes))
    known = people.known
    sizes = np.zeros((int(known.max(initial=0)) + 1, n_classes), dtype=np.int64)
    np.add.at(sizes, known, by_class)
    return [(int(code), int(true)) for code, true in np.argwhere(sizes)]
