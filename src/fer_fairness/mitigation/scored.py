"""Predictions as arrays, and tables of predictions after a change: what post methods share."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.mitigation.soft_groups import soft_memberships
from fer_fairness.tables import PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

Indices: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Array: TypeAlias = npt.NDArray[np.float64]

N_EMOTIONS: Final = len(EMOTIONS)


def emotion_codes(emotions: pd.Series) -> Indices:
    """The place of each emotion among `EMOTIONS`, -1 where it is missing."""
    return _places(emotions, EMOTIONS)


def group_codes_of(scored: pd.DataFrame, attribute: str, names: Sequence[str]) -> Indices:
    """The place of each face's group among `names`, -1 where it is not known or none of these."""
    return _places(scored[attribute], names)


def _places(values: pd.Series, names: Sequence[str]) -> Indices:
    known = pd.Index(list(names), dtype=object)
    return known.get_indexer(pd.Index(values, dtype=object)).astype(np.int64)


def group_names(scored: pd.DataFrame, attribute: str) -> list[str]:
    """The groups of an attribute that faces have, in alphabetical order."""
    return sorted({str(name) for name in scored[attribute].dropna()})


def probabilities_of(scored: pd.DataFrame) -> Array:
    """The probabilities of each face, `(n, 8)` in the order of `EMOTIONS`: a copy."""
    return scored[list(PROBABILITY_COLUMNS)].to_numpy(dtype=np.float64, copy=True)


def log_probabilities(scored: pd.DataFrame) -> Array:
    """Logarithms of the probabilities, `(n, 8)`: the logits of the emotions of the dataset.

    Minus infinity for an emotion that no face has a probability of, such as one that the evaluation
    set does not know; otherwise finite.
    """
    probabilities = probabilities_of(scored)
    logs = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    logs[:, ~(probabilities > 0).any(axis=0)] = -np.inf
    return logs


def group_shares(scored: pd.DataFrame, attribute: str, names: Sequence[str]) -> Array:
    """Share of each of these groups among the faces that are of one of them, `(groups,)`."""
    codes = group_codes_of(scored, attribute, names)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    return np.asarray(counts / max(counts.sum(), 1))


def memberships(scored: pd.DataFrame, attribute: str, names: Sequence[str], shares: Array) -> Array:
    """How surely each face belongs to each group; see `soft_memberships`. An annotated one: with 1.

    Args:
        scored: A table as post methods are given it.
        attribute: One of its attributes.
        names: The groups.
        shares: How large they are, `(groups,)`: `group_shares` of the faces that were fitted on.

    Returns:
        Shape `(n, groups)`; rows sum to 1, or to 0 where the group is not known or another one.
    """
    codes = group_codes_of(scored, attribute, names)
    confidence = scored[f"{attribute}_confidence"].to_numpy(dtype=np.float64)
    return soft_memberships(codes, confidence, shares)


def with_predictions(scored: pd.DataFrame, after: Indices) -> pd.DataFrame:
    """New predictions as `PostMethod.apply` gives them.

    Where the predicted emotion changes, its probability and that of the old one change places, so
    that the prediction remains the most probable emotion.

    Args:
        scored: A `predictions` table.
        after: The place of each new prediction among `EMOTIONS`, shape `(n,)`.
    """
    before = emotion_codes(scored["predicted_emotion"])
    return with_probabilities(scored, _exchanged(probabilities_of(scored), before, after), after)


def with_probabilities(scored: pd.DataFrame, probabilities: Array, after: Indices) -> pd.DataFrame:
    """New probabilities and predictions as `PostMethod.apply` gives them, in the rows of `scored`.

    Args:
        scored: A `predictions` table.
        probabilities: Shape `(n, 8)`.
        after: The place of each new prediction among `EMOTIONS`, shape `(n,)`: the most probable,
            or as probable as that.
    """
    rows = np.flatnonzero(probabilities.argmax(axis=1) != after)
    if rows.size:
        # Raised by the smallest step, so that no rule for ties tells what was predicted.
        probabilities = probabilities.copy()
        probabilities[rows, after[rows]] = np.nextafter(probabilities[rows].max(axis=1), 1.0)
    columns = list(PROBABILITY_COLUMNS)
    changed = pd.DataFrame(probabilities, columns=columns, index=scored.index)
    return changed.assign(predicted_emotion=np.array(EMOTIONS, dtype=object)[after])


def _exchanged(probabilities: Array, before: Indices, after: Indices) -> Array:
    """Probabilities with those of the old and the new prediction in each other's place."""
    rows = np.flatnonzero(before != after)
    exchanged = probabilities.copy()
    exchanged[rows, after[rows]] = probabilities[rows, before[rows]]
    exchanged[rows, before[rows]] = probabilities[rows, after[rows]]
    return exchanged
