"""Reader of FER+: the pixels of FER2013 with the votes that Barsoum et al. 2016 gathered."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import DamagedDataError
from fer_fairness.params.data_processing import FerPlusParameters
from fer_fairness.sources.base import (
    DamageRecord,
    DatasetFacts,
    RawFaces,
    base_report,
    dataset_not_found,
)
from fer_fairness.sources.ferplus_faces import (
    FerPlusRows,
    check_label_agreement,
    faces_of,
    figures_report,
    label_agreement,
)
from fer_fairness.sources.ferplus_folders import has_folders, read_folders
from fer_fairness.sources.ferplus_labels import VoteRows, parse_published_votes, votes_report
from fer_fairness.sources.ferplus_pixels import (
    DAMAGED,
    ICML_COLUMNS,
    USAGES,
    PixelFile,
    read_pixel_file,
)
from fer_fairness.sources.images import SIDE
from fer_fairness.sources.label_files import file_md5, file_report, read_label_file

FER_PLUS: Final = DatasetFacts(
    dataset="fer_plus",
    title="FER+ (FER2013 with the FER+ labels)",
    licence="labels MIT (microsoft/FERPlus); the images of FER2013 are web photographs for "
    "research use and must not be passed on.",
    how_to_obtain="download fer2013.csv (file fer2013.tar.gz) from "
    "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-"
    "challenge/data, which asks for an account and consent to its rules, and fer2013new.csv from "
    "https://github.com/microsoft/FERPlus.",
    layouts=(
        "fer2013.csv and fer2013new.csv (fer2013.csv may lie in fer2013/)",
        "icml_face_data.csv and fer2013new.csv",
        "FER2013Train/, FER2013Valid/, FER2013Test/ with label.csv and fer*.png (also below data/)",
    ),
    md5={
        "fer2013.csv": "f8428a1edbd21e88f42c73edd2a14f95",
        "icml_face_data.csv": "b114b9e04e6949e5fe8b6a98b3892b1d",
        "fer2013new.csv": "413eba86d6e454536b99705b8c7fc5c5",
    },
    n_rows={
        "fer2013.csv": 35_887,
        "icml_face_data.csv": 35_887,
        "fer2013new.csv": 35_887,
        "FER2013Train/label.csv": 28_558,
        "FER2013Valid/label.csv": 3_579,
        "FER2013Test/label.csv": 3_573,
    },
)
"""md5 of fer2013new.csv and rows of label.csv: commit HEAD of microsoft/FERPlus."""

_VOTE_FILE = "fer2013new.csv"
_PIXEL_FILES = ("fer2013.csv", "fer2013/fer2013.csv", "icml_face_data.csv")


def read_fer_plus(folder: Path, params: FerPlusParameters) -> RawFaces:
    """Read FER+ in any of its publishers' layouts, after checking that it is what they wrote.

    Rows of the two csv files are joined by position, never by image name. Faces without a label
    stay in the table with an `excluded_reason`: `not_a_face`, `unknown_emotion`, `no_agreement` or
    `no_image_name`.

    Args:
        folder: Folder of the dataset.
        params: Tolerated damage and the rule for the targets.

    Returns:
        The faces in file order, `sample_id` by row index ("fer_plus_00000"), splits train
        (Training), validation (PublicTest) and test (PrivateTest).

    Raises:
        DatasetNotFoundError: No known layout is in `folder`.
        DamagedDataError: A header is not the published one, the two files do not belong together,
            or more rows are damaged than `params.max_damaged_share`.
    """
    pixel_path = next((folder / name for name in _PIXEL_FILES if (folder / name).is_file()), None)
    if pixel_path is not None:
        if not (folder / _VOTE_FILE).is_file():
            missing = f"{pixel_path.name} is there, but {_VOTE_FILE} with the votes is not."
            raise dataset_not_found(FER_PLUS, folder, missing)
        return _read_csv_files(folder, pixel_path, params)
    for root in (folder, folder / "data"):
        if has_folders(root):
            return read_folders(FER_PLUS, folder, root, params)
    raise dataset_not_found(FER_PLUS, folder, "there are no files of a known layout.")


def _read_csv_files(folder: Path, pixel_path: Path, params: FerPlusParameters) -> RawFaces:
    vote_file = read_label_file(folder / _VOTE_FILE, folder)
    votes = parse_published_votes(vote_file)
    pixel_file = read_pixel_file(pixel_path)
    pixel_name = pixel_path.relative_to(folder).as_posix()
    _check_same_rows(pixel_name, pixel_file, votes)

    record = DamageRecord(FER_PLUS.dataset)
    for name, damaged in ((pixel_name, pixel_file.damaged), (_VOTE_FILE, votes.damaged)):
        for row in damaged:
            record.add(name, row.position + 2, row.value, row.reason)
    n_rows = len(votes.usages)
    record.check_share(n_rows, params.max_damaged_share)

    kept = np.flatnonzero((pixel_file.usages != DAMAGED) & (votes.usages != DAMAGED))
    rows = _joined_rows(kept, votes)
    agreement = label_agreement(pixel_file.codes[kept], rows.votes)
    check_label_agreement(pixel_name, agreement, params.min_label_agreement)
    faces = faces_of(FER_PLUS.dataset, rows, params.target_mode)
    report = base_report(FER_PLUS, f"{pixel_path.name} and {_VOTE_FILE}", faces, record)
    report["files"] = [
        file_report(FER_PLUS, pixel_name, file_md5(pixel_path), n_rows),
        file_report(FER_PLUS, _VOTE_FILE, vote_file.md5, n_rows),
    ]
    report["votes"] = votes_report(votes, np.arange(n_rows) + vote_file.first_line)
    report["figures"] = figures_report(faces, rows, pixel_file.codes[kept])
    report["agreement_with_fer2013_labels"] = agreement.share
    images = pixel_file.pixels[kept].reshape(-1, SIDE, SIDE, 1)
    return RawFaces(faces, images, record.frame(), report)


def _joined_rows(kept: npt.NDArray[np.int64], votes: VoteRows) -> FerPlusRows:
    return FerPlusRows(
        row_index=kept,
        usages=votes.usages[kept],
        has_name=np.array([bool(votes.names[index]) for index in kept.tolist()], dtype=np.bool_),
        votes=votes.votes[kept],
    )


def _check_same_rows(name: str, pixels: PixelFile, votes: VoteRows) -> None:
    """Refuse two files whose rows cannot belong together."""
    remedy = (
        f"{name} does not keep the row order of fer2013.csv: obtain fer2013.csv and put it in its "
        "place."
        if pixels.columns == ICML_COLUMNS
        else f"Obtain {name} and {_VOTE_FILE} again; their rows belong together by position."
    )
    if len(pixels.usages) != len(votes.usages):
        raise DamagedDataError(
            f"{name} has {len(pixels.usages)} rows and {_VOTE_FILE} has {len(votes.usages)}, "
            f"which must be as many. {remedy}"
        )
    known = (pixels.usages != DAMAGED) & (votes.usages != DAMAGED)
    differs = np.flatnonzero(known & (pixels.usages != votes.usages))
    if differs.size:
        first = int(differs[0])
        raise DamagedDataError(
            f"{name} and {_VOTE_FILE} differ in Usage in {differs.size} rows, first in line "
            f"{first + 2}: {USAGES[pixels.usages[first]]!r} and {USAGES[votes.usages[first]]!r}. "
            f"{remedy}"
        )
