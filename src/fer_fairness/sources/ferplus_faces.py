"""Turns rows of FER+ votes into the `faces` table and compares them with the published figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import DamagedDataError
from fer_fairness.params.data_processing import TargetMode
from fer_fairness.sources.base import Json, comparison, faces_table
from fer_fairness.sources.ferplus_pixels import USAGES
from fer_fairness.sources.ferplus_votes import (
    N_EMOTIONS,
    NOT_A_FACE,
    UNKNOWN,
    majority_choice,
    targets,
)
from fer_fairness.tables import TARGET_COLUMNS, VOTES_COLUMNS, usable
from fer_fairness.taxonomy import EMOTIONS, FER2013_CODES

SPLIT_OF_USAGE: Final = {
    "Training": "train",
    "PublicTest": "validation",
    "PrivateTest": "test",
}
PUBLISHED_USAGES: Final = {"Training": 28_709, "PublicTest": 3_589, "PrivateTest": 3_589}
PUBLISHED_CODES: Final = (4953, 547, 5121, 8989, 6077, 4002, 6198)
PUBLISHED_MAJORITIES: Final = {
    "Training": (8740, 7287, 3149, 3014, 2100, 119, 532, 119),
    "PublicTest": (1182, 865, 415, 351, 287, 24, 62, 13),
    "PrivateTest": (1090, 893, 396, 384, 273, 18, 83, 16),
}
"""Rows with a name and a majority emotion, in the order of `EMOTIONS`."""

_MIN_COMPARABLE_ROWS = 100


@dataclass(frozen=True)
class FerPlusRows:
    """Readable rows of FER+.

    Attributes:
        row_index: Position of each row in its publisher's files, int64 of shape (n,).
        usages: Index into `ferplus_pixels.USAGES`, int8 of shape (n,).
        has_name: False where FER+ gives no image name, which its authors' code leaves out.
        votes: float64 of shape (n, 10).
    """

    row_index: npt.NDArray[np.int64]
    usages: npt.NDArray[np.int8]
    has_name: npt.NDArray[np.bool_]
    votes: npt.NDArray[np.float64]


class LabelAgreement(NamedTuple):
    """How often FER2013 and FER+ majority labels agree; `share` is None without any row."""

    share: float | None
    n_rows: int


def faces_of(
    dataset: str,
    rows: FerPlusRows,
    mode: TargetMode,
    *,
    image_files: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The `faces` table of FER+ rows.

    Args:
        dataset: Value of the `dataset` column.
        rows: The rows.
        mode: Rule for the targets; `emotion` is always the majority label.
        image_files: Each row's image below the dataset's folder; None where there are no files.

    Returns:
        One row a face; `excluded_reason` where there is neither a majority emotion nor a target,
        and in rows without an image name.
    """
    choice = majority_choice(rows.votes)
    names = np.array([*EMOTIONS, None, None, None], dtype=object)  # also for 8, 9 and -1
    target = targets(rows.votes, mode)
    columns: dict[str, npt.ArrayLike | pd.Series] = {
        "sample_id": [f"{dataset}_{index:05d}" for index in rows.row_index.tolist()],
        "dataset": np.full(len(choice), dataset, dtype=object),
        "split": np.array([SPLIT_OF_USAGE[usage] for usage in USAGES], dtype=object)[rows.usages],
        "image_file": pd.Series(image_files, index=range(len(choice)), dtype="str"),
        "emotion": names[choice],
        "excluded_reason": _excluded_reason(choice, target.sum(axis=1) > 0, rows.has_name),
    }
    columns |= dict(zip(VOTES_COLUMNS, rows.votes.T, strict=True))
    columns |= dict(zip(TARGET_COLUMNS, target.T, strict=True))
    return faces_table(columns)


def _excluded_reason(
    choice: npt.NDArray[np.int64],
    has_target: npt.NDArray[np.bool_],
    has_name: npt.NDArray[np.bool_],
) -> npt.NDArray[np.object_]:
    has_emotion = (choice >= 0) & (choice < N_EMOTIONS)
    reason = np.full(len(choice), None, dtype=object)
    reason[~has_emotion & ~has_target] = "no_agreement"
    reason[(choice == UNKNOWN) & ~has_target] = "unknown_emotion"
    reason[(choice == NOT_A_FACE) & ~has_target] = "not_a_face"
    reason[~has_name] = "no_image_name"
    return reason


def label_agreement(codes: npt.NDArray[np.int8], votes: npt.NDArray[np.float64]) -> LabelAgreement:
    """Share of rows whose FER2013 label is the FER+ majority label.

    Rows without a majority emotion, and those of contempt, which FER2013 lacks, do not count.

    Args:
        codes: FER2013 codes, shape (n,).
        votes: Shape (n, 10).
    """
    canonical = np.array([EMOTIONS.index(FER2013_CODES[code]) for code in sorted(FER2013_CODES)])
    choice = majority_choice(votes)
    comparable = (choice >= 0) & (choice < EMOTIONS.index("contempt"))
    n_rows = int(comparable.sum())
    agrees = canonical[codes[comparable]] == choice[comparable]
    return LabelAgreement(float(agrees.mean()) if n_rows else None, n_rows)


def check_label_agreement(name: str, agreement: LabelAgreement, minimum: float) -> None:
    """Refuse pixels whose labels do not fit the votes beside them.

    Rows in another order within each Usage pass the comparison of the Usage columns; their labels
    then agree by chance only.

    Raises:
        DamagedDataError: At least 100 rows can be compared and too few agree.
    """
    if agreement.share is None or agreement.n_rows < _MIN_COMPARABLE_ROWS:
        return
    if agreement.share < minimum:
        raise DamagedDataError(
            f"{name}: its emotion column agrees with the FER+ majority in {agreement.share:.1%} of "
            f"{agreement.n_rows} rows, expected at least {minimum:.1%} (min_label_agreement; about "
            "68 % on the published files). Its rows are not in the order of fer2013.csv, so that "
            "votes would meet other people's faces: obtain fer2013.csv and put it in its place."
        )


def figures_report(
    faces: pd.DataFrame, rows: FerPlusRows, codes: npt.NDArray[np.int8] | None
) -> list[dict[str, Json]]:
    """Published figures of FER2013 and FER+ beside those found.

    Args:
        faces: The faces of `rows`.
        rows: The rows.
        codes: FER2013 codes, shape (n,); None for a layout without them.
    """
    lines = [
        comparison(f"rows of {usage}", PUBLISHED_USAGES[usage], int((rows.usages == index).sum()))
        for index, usage in enumerate(USAGES)
    ]
    if codes is not None:
        found = np.bincount(codes, minlength=len(PUBLISHED_CODES)).tolist()
        lines += [
            comparison(f"FER2013 label {FER2013_CODES[code]}", published, found[code])
            for code, published in enumerate(PUBLISHED_CODES)
        ]
    kept = faces[usable(faces)]
    for usage, published_counts in PUBLISHED_MAJORITIES.items():
        counts = kept.loc[kept["split"] == SPLIT_OF_USAGE[usage], "emotion"].value_counts()
        lines += [
            comparison(f"{usage}, majority {emotion}", published, int(counts.get(emotion, 0)))
            for emotion, published in zip(EMOTIONS, published_counts, strict=True)
        ]
    return lines
