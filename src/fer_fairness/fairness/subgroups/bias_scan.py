"""Which subgroup, over all attributes at once, is served worst: the scan and its own p-value.

The values of the attributes that a subgroup allows are searched for (see `subset_scan`), so its
errors are the most of very many and no p-value made for one subgroup holds. Here the whole
search is done again on people whose rows of attributes are shuffled within each true class: what a
class makes hard stays hard, the attributes stay as correlated as they are, and only their bond with
the errors is cut.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import EVERYBODY, INTERSECTION, Counts, check_predictions
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.subgroups.subset_scan import (
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
    "observed_errors",
    "expected_errors",
    "score",
    "p_value",
    "verdict",
)

_N_STARTS: Final = 60
_ROUNDING: Final = 1e-7


def bias_scan(
    frame: pd.DataFrame,
    *,
    attributes: Sequence[str],
    n_permutations: int,
    seed: int,
    penalty: float = 1.0,
    minimum_group_size: int = 10,
    significance: float = 0.05,
) -> pd.DataFrame:
    """Find the subgroup with the most errors above what its true emotions let expect.

    The error expected of a person is the error rate of everybody of the same true emotion. A
    subgroup names some values of some attributes ("gender: female; race: black or indian"). A
    person whose value is missing is in no subgroup that names that attribute, and in all others.

    Args:
        frame: One row a person: sample_id, emotion, predicted_emotion, and the attributes' columns.
        attributes: The columns to combine; "a x b" counts as a and b.
        n_permutations: Shuffles behind the p-value.
        seed: Seed of the shuffles and of the searches' starts.
        penalty: Taken off the score for each value named, so that fewer are.
        minimum_group_size: Subgroups of fewer people are passed over.
        significance: A subgroup is found where its p-value is at most this.

    Returns:
        `SCAN_COLUMNS`, one row. The score is the log-likelihood ratio of `subset_scan`, in nats,
        less the penalty; p is (1 + number of shuffles whose best score is at least it) / (shuffles
        + 1). Where no subgroup scores above 0 the row is about everybody. p is NaN where nothing
        can be compared: no attribute with two known values, or too few people.

    Raises:
        InvalidInputError: If a column is missing, somebody is listed twice, an emotion is missing,
            or a number is out of range.
    """
    _check(frame, attributes, n_permutations, penalty)
    names, cells, errors = _cells(frame, attributes)
    n_people, n_errors = int(cells.people.sum()), int(errors.sum())
    if not names or n_people < max(minimum_group_size, 1):
        return _row(
            EVERYBODY, (n_people, n_errors, float(n_errors)), (0.0, np.nan), Verdict.TOO_FEW
        )
    generator = np.random.default_rng(seed_for(seed, "bias_scan"))
    starts = random_starts(cells, _N_STARTS, generator)
    shuffled = _shuffled_errors(cells.people, errors.sum(axis=0), n_permutations, generator)
    best = best_subgroups(
        cells,
        np.concatenate([errors.sum(axis=1)[np.newaxis], shuffled]),
        starts=starts,
        penalty=penalty,
        minimum_people=minimum_group_size,
    )
    score, null = float(best.scores[0]), best.scores[1:]
    p_value = (1 + np.count_nonzero(null >= score - _ROUNDING)) / (n_permutations + 1)
    chosen = [flags[:1] for flags in best.chosen]
    inside = members(cells, chosen)[0]
    sizes = (
        int(cells.people[inside].sum()),
        int(errors[inside].sum()),
        float((cells.people[inside] * cells.expected).sum()),
    )
    verdict = Verdict.FOUND if p_value <= significance else Verdict.NOT_FOUND
    return _row(_told(names, chosen), sizes, (score, p_value), verdict)


def _check(
    frame: pd.DataFrame, attributes: Sequence[str], n_permutations: int, penalty: float
) -> None:
    check_predictions(frame)
    absent = [name for name in _columns(attributes) if name not in frame.columns]
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


def _columns(attributes: Sequence[str]) -> list[str]:
    """The single attributes, each once, of names such as "gender x race"."""
    return list(dict.fromkeys(part for name in attributes for part in name.split(INTERSECTION)))


def _cells(
    frame: pd.DataFrame, attributes: Sequence[str]
) -> tuple[dict[str, list[str]], ErrorCells, Counts]:
    """Values by attribute (of two or more), the people, and errors (cells, classes)."""
    names: dict[str, list[str]] = {}
    codes = []
    for attribute in _columns(attributes):
        known = frame[attribute].notna()
        values = frame[attribute].astype(str).where(known)
        found = sorted(values[known].unique())
        if len(found) > 1:
            names[attribute] = found
            codes.append(pd.Categorical(values, categories=found).codes.astype(np.int64))
    rows = np.stack(codes, axis=1) if codes else np.zeros((len(frame), 0), dtype=np.int64)
    cell_codes, cell = np.unique(rows, axis=0, return_inverse=True)
    of_class, classes = pd.factorize(frame["emotion"], sort=True)
    wrong = (frame["emotion"].to_numpy() != frame["predicted_emotion"].to_numpy()).astype(np.int64)
    people = np.zeros((len(cell_codes), len(classes)), dtype=np.int64)
    errors = np.zeros_like(people)
    np.add.at(people, (cell, of_class), 1)
    np.add.at(errors, (cell, of_class), wrong)
    expected: Array = errors.sum(axis=0) / np.maximum(people.sum(axis=0), 1)
    n_values = tuple(len(found) for found in names.values())
    return names, ErrorCells(cell_codes, n_values, people, expected), errors


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
    parts = [
        f"{attribute}: {' or '.join(np.array(values)[flags[0, :-1]])}"
        for (attribute, values), flags in zip(names.items(), chosen, strict=True)
        if not flags.all()
    ]
    return "; ".join(parts) or EVERYBODY


def _row(
    subgroup: str, sizes: tuple[int, int, float], result: tuple[float, float], verdict: Verdict
) -> pd.DataFrame:
    row = (subgroup, *sizes, *result, verdict.value)
    return pd.DataFrame([row], columns=list(SCAN_COLUMNS))
