"""Turns the ten votes of FER+ into a label and a training target, by the rules of its authors.

The rules are those of `src/ferplus.py` in microsoft/FERPlus, the code of Barsoum et al. 2016,
"Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label Distribution"
(arXiv:1608.01041), written anew for whole arrays. Vote arrays have ten columns: the eight emotions
in canonical order, then "unknown" and "not a face".
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.data_processing import TargetMode
from fer_fairness.taxonomy import EMOTIONS

N_EMOTIONS: Final = len(EMOTIONS)
N_CHOICES: Final = N_EMOTIONS + 2
UNKNOWN: Final = N_EMOTIONS
NOT_A_FACE: Final = N_EMOTIONS + 1
NO_MAJORITY: Final = -1

Votes = npt.NDArray[np.float64]

_COVERED_SHARE = 0.75
_MAX_CLASSES = 3
_MULTI_TARGET_SHARE = 0.3


def majority_choice(votes: Votes) -> npt.NDArray[np.int64]:
    """The choice with more than half of the votes that remain once single votes are dropped.

    Args:
        votes: Shape (n, 10).

    Returns:
        Shape (n,): 0..7 an emotion, 8 unknown, 9 not a face, -1 where nothing has the majority.

    Raises:
        InvalidInputError: `votes` is not of shape (n, 10).
    """
    remaining = _without_single_votes(votes)
    top = remaining.max(axis=1)
    has_majority = top > 0.5 * remaining.sum(axis=1)
    return np.where(has_majority, remaining.argmax(axis=1), NO_MAJORITY).astype(np.int64)


def targets(votes: Votes, mode: TargetMode) -> npt.NDArray[np.float64]:
    """Training target of each row.

    `majority` puts everything on the majority emotion. `probability` is the authors' distribution
    for their modes `probability` and `crossentropy`: the most voted classes until they cover 75 %
    of the votes, three at most. `multi_target` takes every emotion with 30 % of the votes as
    equally right. The authors train that mode with a loss on the set of right answers; here it
    shares the target equally among them, because every target of this project is a distribution.

    Args:
        votes: Shape (n, 10).
        mode: The rule.

    Returns:
        Shape (n, 8), rows summing to 1; rows of zeros where the rule discards the face.

    Raises:
        InvalidInputError: `votes` is not of shape (n, 10).
    """
    emotions = _RULES[mode](_without_single_votes(votes))
    # Ties between an emotion and "unknown" go to the emotion: it comes first, as in their argmax.
    discarded = emotions.argmax(axis=1) >= N_EMOTIONS
    kept = np.where(discarded[:, None], 0.0, emotions[:, :N_EMOTIONS])
    if mode == "multi_target":
        kept = (kept > 0).astype(np.float64)
    total = kept.sum(axis=1, keepdims=True)
    # A row without votes is zero already, and stays it.
    return kept / np.where(total > 0, total, 1.0)


def _without_single_votes(votes: Votes) -> Votes:
    votes = np.asarray(votes, dtype=np.float64)
    if votes.ndim != 2 or votes.shape[1] != N_CHOICES:
        raise InvalidInputError(f"votes have shape {votes.shape}, expected (n, {N_CHOICES})")
    return np.where(votes < 1.0 + np.finfo(np.float64).eps, 0.0, votes)


def _majority(remaining: Votes) -> Votes:
    return np.where(remaining > 0.5 * remaining.sum(axis=1, keepdims=True), remaining, 0.0)


def _probability(remaining: Votes) -> Votes:
    """Classes in falling order of votes, ties together, until 75 % of the votes are covered.

    "Unknown" or "not a face" among the most voted ends the search, and counts itself only where no
    emotion stands beside or before it. A row is discarded where the classes hold no more than half
    of the votes, or where ties made them more than three.
    """
    total = remaining.sum(axis=1)
    left = remaining.copy()
    chosen = np.zeros_like(remaining)
    searching = total > 0
    for _ in range(_MAX_CLASSES):
        top = left.max(axis=1)
        tied = (left == top[:, None]) & searching[:, None]
        tied_emotions = tied[:, :N_EMOTIONS]
        chosen[:, :N_EMOTIONS] += np.where(tied_emotions, top[:, None], 0.0)
        meets_other = tied[:, N_EMOTIONS:].any(axis=1)
        only_other = meets_other & ~chosen.any(axis=1)
        # Which of the two is of no consequence: neither is an emotion.
        chosen[:, UNKNOWN] = np.where(only_other, top, chosen[:, UNKNOWN])
        left[tied] = 0.0
        n_chosen = (chosen > 0).sum(axis=1)
        covered = chosen.sum(axis=1) >= _COVERED_SHARE * total
        searching &= ~meets_other & ~covered & (n_chosen < _MAX_CLASSES)
    agreed = (chosen.sum(axis=1) > 0.5 * total) & ((chosen > 0).sum(axis=1) <= _MAX_CLASSES)
    return _unknown_unless(agreed, chosen)


def _multi_target(remaining: Votes) -> Votes:
    total = remaining.sum(axis=1)
    enough = remaining >= _MULTI_TARGET_SHARE * total[:, None]
    chosen = np.where(enough, remaining, 0.0)
    return _unknown_unless(chosen.sum(axis=1) > 0.5 * total, chosen)


def _unknown_unless(agreed: npt.NDArray[np.bool_], chosen: Votes) -> Votes:
    unknown = np.zeros(N_CHOICES)
    unknown[UNKNOWN] = 1.0
    return np.where(agreed[:, None], chosen, unknown)


_RULES: Final[dict[TargetMode, Callable[[Votes], Votes]]] = {
    "majority": _majority,
    "probability": _probability,
    "multi_target": _multi_target,
}
