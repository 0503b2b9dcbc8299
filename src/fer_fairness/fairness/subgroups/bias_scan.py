"""Which subgroup, over all attributes at once, is served worst: the scan and its own p-value.

The values of the attributes that a subgroup allows are searched for (see `subset_scan`), so its
errors are the most of very many and no p-value made for one subgroup holds. Here the whole
search is done again on people whose rows of attributes are shuffled within each true class: what a
class makes hard stays hard, the attributes stay as correlated as they are, and only their bond with
the errors is cut. Where people have several faces, see `people_in_cells`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import (
    Codes,
    Part,
    code_type,
    coded,
    different_rows,
    looked_up,
    places_in,
    tallied,
)
from fer_fairness.fairness.counts import EVERYBODY, Counts, check_predictions
from fer_fairness.fairness.group_names import names_of, single_attributes, subgroup_name
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.people.whose_faces import check_people, people_of
from fer_fairness.fairness.subgroups.people_in_cells import people_in_cells
from fer_fairness.fairness.subgroups.subset_scan import (
    Chosen,
    ErrorCells,
    Flags,
    best_subgroups,
    members,
    random_starts,
)
from fer_fairness.fairness.verdicts import Verdict

SCAN_COLUMNS: Final = (
    "subgroup",
    "n_people",
    "n_faces",
    "observed_errors",
    "expected_errors",
    "score",
    "p_value",
    "verdict",
)

MANY_VALUES: Final = 600
"""Of an attribute with more, those of few people are not searched: half a minute at 1,300."""

_N_STARTS: Final = 60
_ROUNDING: Final = 1e-7


def bias_scan(  # noqa: PLR0913 -- every one of them is a column or a choice of whoever calls
    frame: pd.DataFrame,
    *,
    attributes: Sequence[str],
    n_permutations: int,
    seed: int,
    penalty: float = 1.0,
    minimum_group_size: int = 10,
    significance: float = 0.05,
    person: str | None = None,
) -> pd.DataFrame:
    """Find the subgroup with the most errors above what its true emotions let expect.

    The error expected of a face is the error rate of all faces of the same true emotion. A
    subgroup names some values of some attributes ("gender: female; race: black or indian"). A
    person whose value is missing is in no subgroup that names that attribute, and in all others.

    Args:
        frame: One row a face: sample_id, emotion, predicted_emotion, and the attributes' columns.
        attributes: The columns to combine; "a x b" counts as a and b. Of more than `MANY_VALUES`
            values those of fewer than `minimum_group_size` people count as missing.
        n_permutations: Shuffles behind the p-value.
        seed: Seed of the shuffles and of the searches' starts.
        penalty: Taken off the score for each value named, so that fewer are.
        minimum_group_size: Subgroups of fewer people are passed over.
        significance: A subgroup is found where its p-value is at most this.
        person: The column that tells people apart where they have several faces; they are then
            shuffled whole, among people with about as many. Without it every row is a person.

    Returns:
        `SCAN_COLUMNS`, one row. The score is the log-likelihood ratio of `subset_scan`, in nats,
        less the penalty; p is (1 + number of shuffles whose best score is at least it) / (shuffles
        + 1). Where no subgroup scores above 0 the row is about everybody. p is NaN where nothing
        can be compared: no attribute with two known values, or too few people.

    Raises:
        InvalidInputError: If a column is missing, a sample is listed twice, a person has two
            values of an attribute, an emotion is missing, or a number is out of range.
    """
    _check(frame, attributes, n_permutations, penalty)
    people = people_of(frame, person)
    if person is not None and people is not None:
        check_people(frame, person, single_attributes(attributes))
    names, faces = _faces(frame, attributes, people, minimum_group_size)
    n_people = len(frame) if people is None else int(people.max()) + 1
    if not names or n_people < max(minimum_group_size, 1):
        n_errors = int(faces.wrong.sum())
        sizes = (n_people, len(frame), n_errors, float(n_errors))
        return _row(EVERYBODY, sizes, (0.0, np.nan), Verdict.TOO_FEW)
    generator = np.random.default_rng(seed_for(seed, "bias_scan"))
    search = _Search(n_permutations, penalty, minimum_group_size, generator)
    found = _scanned(faces, search) if people is None else _scanned_people(faces, people, search)
    p_value = (1 + np.count_nonzero(found.null >= found.score - _ROUNDING)) / (n_permutations + 1)
    verdict = Verdict.FOUND if p_value <= significance else Verdict.NOT_FOUND
    return _row(_told(names, found.chosen), found.sizes, (found.score, p_value), verdict)


def _check(
    frame: pd.DataFrame, attributes: Sequence[str], n_permutations: int, penalty: float
) -> None:
    check_predictions(frame)
    absent = [name for name in single_attributes(attributes) if name not in frame.columns]
    if absent or not attributes:
        raise InvalidInputError(
            f"The scan needs the column {absent[0]!r}, which the table lacks; it has "
            f"{', '.join(map(str, frame.columns))}. Join the demographic columns first."
            if absent
            else "The scan needs at least one attribute, found none. Name a demographic column."
        )
    unlabelled = np.flatnonzero(frame[["emotion", "predicted_emotion"]].isna().any(axis=1))
    if unlabelled.size:
        raise InvalidInputError(
            f"Row {unlabelled[0]} of the predictions has no emotion or no predicted emotion "
            f"({unlabelled.size} rows are like it), expected both. Leave such rows out."
        )
    if n_permutations < 1 or penalty < 0:
        raise InvalidInputError(
            f"The scan found n_permutations {n_permutations} and penalty {penalty}, expected at "
            "least 1 and at least 0."
        )


@dataclass(frozen=True)
class _Faces:
    """Faces by attributes and true class.

    Attributes:
        values: Value of each face by attribute, -1 where unknown, and how many known values it has.
        of_class: True class of each face, codes, shape (faces,).
        n_classes: Number of classes.
        wrong: Whether a face is mistaken, bool, shape (faces,).
    """

    values: Sequence[Part]
    of_class: Codes
    n_classes: int
    wrong: Flags

    @property
    def n_values(self) -> tuple[int, ...]:
        """Number of known values of each attribute."""
        return tuple(n for _, n in self.values)


@dataclass(frozen=True)
class _Search:
    """How to search: shuffles, the penalty for a value, the smallest subgroup, the generator."""

    n_shuffles: int
    penalty: float
    minimum_people: int
    generator: np.random.Generator


@dataclass(frozen=True)
class _Found:
    """The best subgroup.

    Attributes:
        score: Its score.
        null: The best score of each shuffle, shape (shuffles,).
        chosen: By attribute the values that it allows, shape (1, values + 1).
        sizes: Its people, faces, errors, and errors expected.
    """

    score: float
    null: Array
    chosen: Chosen
    sizes: tuple[int, int, int, float]


def _faces(
    frame: pd.DataFrame,
    attributes: Sequence[str],
    people: pd.Series | None,
    minimum_group_size: int,
) -> tuple[dict[str, list[str]], _Faces]:
    """Values by attribute (of two or more), and the faces."""
    who = np.arange(len(frame)) if people is None else people.to_numpy()
    names: dict[str, list[str]] = {}
    codes = []
    for attribute in single_attributes(attributes):
        values = names_of(frame[attribute])
        found = values.cat.categories.tolist()
        if len(found) > MANY_VALUES:
            sizes = pd.Series(who).groupby(np.asarray(values.cat.codes)).nunique()
            large = sizes.index[(sizes >= minimum_group_size) & (sizes.index >= 0)]
            found = [found[code] for code in large.tolist()]
        if len(found) > 1:
            names[attribute] = found
            codes.append((places_in(values, found), len(found)))
    true, values = coded(frame["emotion"])
    order, classes = pd.factorize(values, sort=True)
    of_class = looked_up(np.append(order, -1).astype(code_type(len(classes))), true)
    predicted, values = coded(frame["predicted_emotion"])
    places = places_in(values, classes.tolist())
    wrong = of_class != looked_up(np.append(places, np.int8(-1)), predicted)
    return names, _Faces(codes, of_class, len(classes), wrong)


def _scanned(faces: _Faces, search: _Search) -> _Found:
    """The best subgroup where every face is a person."""
    cell_codes, cell = different_rows(faces.values, len(faces.wrong))
    by_answer = tallied(
        (cell, len(cell_codes)), (faces.of_class, faces.n_classes), (faces.wrong.view(np.int8), 2)
    )
    people, errors = by_answer.sum(axis=2), by_answer[:, :, 1]
    expected: Array = errors.sum(axis=0) / np.maximum(people.sum(axis=0), 1)
    cells = ErrorCells(cell_codes, faces.n_values, people, expected)
    starts = random_starts(cells, _N_STARTS, search.generator)
    shuffled = _shuffled_errors(people, errors.sum(axis=0), search.n_shuffles, search.generator)
    observed = errors.sum(axis=1)
    best = best_subgroups(
        cells,
        np.concatenate([observed[np.newaxis], shuffled]),
        starts=starts,
        penalty=search.penalty,
        minimum_people=search.minimum_people,
    )
    chosen = [flags[:1] for flags in best.chosen]
    sizes = _sizes(cells, observed, chosen)
    return _Found(float(best.scores[0]), best.scores[1:], chosen, sizes)


def _scanned_people(faces: _Faces, people: pd.Series, search: _Search) -> _Found:
    """The best subgroup where people have several faces."""
    whole = people_in_cells(
        people.to_numpy(dtype=np.int64),
        np.stack([codes for codes, _ in faces.values], axis=1),
        np.eye(faces.n_classes, dtype=np.int64)[faces.of_class],
        faces.wrong.astype(np.int64),
        n_values=faces.n_values,
    )
    shuffled = (whole.shuffled(search.generator) for _ in range(search.n_shuffles))
    tables = [whole.tables(cell) for cell in (whole.cell, *shuffled)]
    cells, observed = tables[0]
    best = best_subgroups(
        cells,
        np.stack([errors for _, errors in tables]),
        starts=random_starts(cells, _N_STARTS, search.generator),
        penalty=search.penalty,
        minimum_people=search.minimum_people,
        people=np.stack([shuffled.people for shuffled, _ in tables]),
    )
    chosen = [flags[:1] for flags in best.chosen]
    sizes = _sizes(cells, observed, chosen)
    return _Found(float(best.scores[0]), best.scores[1:], chosen, sizes)


def _sizes(cells: ErrorCells, errors: Counts, chosen: Chosen) -> tuple[int, int, int, float]:
    """People, faces, errors and errors expected of a subgroup."""
    inside = members(cells, chosen)[0]
    by_class = cells.people[inside].sum(axis=0)
    n_people = int(cells.sizes(by_class))
    n_faces = int(by_class.sum()) - (n_people if cells.people_last else 0)
    return n_people, n_faces, int(errors[inside].sum()), float(by_class @ cells.expected)


def _shuffled_errors(
    people: Counts, errors_of_class: Counts, n: int, generator: np.random.Generator
) -> Counts:
    """Errors of each cell after a shuffle within the true classes, shape (n, cells).

    The errors of a class fall on its people at random, and so on its cells as balls are drawn
    without replacement: one multivariate hypergeometric draw a class, however many people.
    """
    drawn = np.zeros((n, len(people)), dtype=np.int64)
    for sizes, n_errors in zip(people.T, errors_of_class, strict=True):
        drawn += generator.multivariate_hypergeometric(sizes, n_errors, size=n, method="marginals")
    return drawn


def _told(names: dict[str, list[str]], chosen: Sequence[Flags]) -> str:
    """The subgroup in words, "everybody" where no attribute is named."""
    allowed = {
        attribute: [str(value) for value in np.array(values, dtype=object)[flags[0, :-1]]]
        for (attribute, values), flags in zip(names.items(), chosen, strict=True)
        if not flags.all()
    }
    return subgroup_name(allowed) or EVERYBODY


def _row(
    subgroup: str, sizes: tuple[int, int, int, float], result: tuple[float, float], verdict: Verdict
) -> pd.DataFrame:
    row = (subgroup, *sizes, *result, verdict.value)
    return pd.DataFrame([row], columns=list(SCAN_COLUMNS))
