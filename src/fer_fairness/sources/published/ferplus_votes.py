"""Turns the ten votes of FER+ into faces: a label and a training target by its authors' rules.

The rules are those of `src/ferplus.py` in microsoft/FERPlus, the code of Barsoum et al. 2016,
"Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label Distribution"
(arXiv:1608.01041), written anew for whole arrays. Vote arrays have ten columns: the eight emotions
in canonical order, then "unknown" and "not a face".
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.data_processing import TargetMode
from fer_fairness.sources.base import faces_table
from fer_fairness.tables import TARGET_COLUMNS, VOTES_COLUMNS
from fer_fairness.taxonomy import EMOTIONS, FER2013_CODES

N_EMOTIONS: Final = len(EMOTIONS)
N_CHOICES: Final = N_EMOTIONS + 2
UNKNOWN: Final = N_EMOTIONS
NOT_A_FACE: Final = N_EMOTIONS + 1
NO_MAJORITY: Final = -1

SPLIT_OF_USAGE: Final = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}

Votes = npt.NDArray[np.float64]

_COVERED_SHARE = 0.75
_MAX_CLASSES = 3
_MULTI_TARGET_SHARE = 0.3


def faces_of(
    dataset: str,
    rows: pd.DataFrame,
    mode: TargetMode,
    *,
    image_files: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The `faces` table of FER+ rows.

    Args:
        dataset: Value of the `dataset` column.
        rows: `usage`, `name` (empty where FER+ gives none) and the votes; the index is each row's
            position in its publisher's files.
        mode: Rule for the targets; `emotion` is always the majority label.
        image_files: Each row's image below the dataset's folder; None where there are no files.

    Returns:
        One row a face; `excluded_reason` where there is neither a majority emotion nor a target,
        and in rows without an image name, which the authors' code leaves out.
    """
    votes = rows[list(VOTES_COLUMNS)].to_numpy()
    choice, target = majority_choice(votes), targets(votes, mode)
    has_emotion = (choice >= 0) & (choice < N_EMOTIONS)
    others = {UNKNOWN: "unknown_emotion", NOT_A_FACE: "not_a_face"}
    reason = pd.Series(choice, index=rows.index).map(others).fillna("no_agreement")
    reason = reason.mask(has_emotion | (target.sum(axis=1) > 0))
    columns: dict[str, npt.ArrayLike | pd.Series] = {
        "sample_id": [f"{dataset}_{position:05d}" for position in rows.index],
        "dataset": [dataset] * len(rows),
        "split": rows["usage"].map(SPLIT_OF_USAGE).to_numpy(),
        "image_file": pd.Series(image_files, index=range(len(rows)), dtype="str"),
        # The three: unknown, not a face, no majority.
        "emotion": np.array([*EMOTIONS, None, None, None], dtype=object)[choice],
        "excluded_reason": reason.mask(rows["name"] == "", "no_image_name").to_numpy(),
    }
    columns |= dict(zip(VOTES_COLUMNS, votes.T, strict=True))
    columns |= dict(zip(TARGET_COLUMNS, target.T, strict=True))
    return faces_table(columns)


def label_agreement(codes: npt.NDArray[np.int8], votes: Votes) -> npt.NDArray[np.bool_]:
    """Whether the FER2013 label of a row is its FER+ majority label.

    Args:
        codes: FER2013 codes, shape (n,).
        votes: Shape (n, 10).

    Returns:
        One value for each row with a majority emotion other than contempt, which FER2013 lacks.
    """
    canonical = np.array([EMOTIONS.index(FER2013_CODES[code]) for code in sorted(FER2013_CODES)])
    choice = majority_choice(votes)
    comparable = (choice >= 0) & (choice < EMOTIONS.index("contempt"))
    agrees: npt.NDArray[np.bool_] = canonical[codes[comparable]] == choice[comparable]
    return agrees


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
