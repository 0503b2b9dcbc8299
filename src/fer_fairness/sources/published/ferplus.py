"""Reader of FER+: the pixels of FER2013 with the votes that Barsoum et al. 2016 gathered."""

import re
from collections import Counter
from itertools import compress
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import DamagedDataError
from fer_fairness.params.data_processing import FerPlusParameters
from fer_fairness.sources.base import (
    DamageRecord,
    DatasetFacts,
    Json,
    RawFaces,
    absent_or_unknown,
    comparison,
    dataset_not_found,
    reading_report,
)
from fer_fairness.sources.image_files.images import SIDE, decode_listed
from fer_fairness.sources.image_files.label_files import file_md5, file_report, read_label_file
from fer_fairness.sources.image_files.unlisted_images import record_unlisted, unlisted_images
from fer_fairness.sources.published.ferplus_files import (
    DAMAGED,
    ICML_COLUMNS,
    PixelFile,
    parse_folder_votes,
    parse_published_votes,
    read_pixel_file,
)
from fer_fairness.sources.published.ferplus_votes import SPLIT_OF_USAGE, faces_of, label_agreement
from fer_fairness.tables import VOTES_COLUMNS, usable
from fer_fairness.taxonomy import EMOTIONS, FER2013_CODES

FER_PLUS: Final = DatasetFacts(
    dataset="fer_plus",
    title="FER+ (FER2013 with the FER+ labels)",
    licence="labels MIT (microsoft/FERPlus); the images of FER2013 are web photographs for "
    "research use and must not be passed on.",
    how_to_obtain="download fer2013.csv (file fer2013.tar.gz) from "
    "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-"
    "challenge/data, which asks for an account and consent to its rules, and fer2013new.csv from "
    "https://github.com/microsoft/FERPlus.",
    parameters=FerPlusParameters,
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

_IMAGE: Final = re.compile(r"fer\d{7}\.png")
_VOTE_FILE: Final = "fer2013new.csv"
_PIXEL_FILES: Final = ("fer2013.csv", "fer2013/fer2013.csv", "icml_face_data.csv")
_FOLDERS: Final = {
    "FER2013Train": "Training",
    "FER2013Valid": "PublicTest",
    "FER2013Test": "PrivateTest",
}
_FOLDER_NOTES: Final = (
    (
        "The votes of label.csv differ from the published fer2013new.csv in 1,073 (Training), 246 "
        "(PublicTest) and 283 (PrivateTest) rows."
    ),
    (
        "sample_id counts the lines of the three label.csv, train, validation, test: it is not the "
        "row of fer2013.csv, and names a different face than in the csv layout."
    ),
)

PUBLISHED_USAGES: Final = {"Training": 28_709, "PublicTest": 3_589, "PrivateTest": 3_589}
PUBLISHED_CODES: Final = (4953, 547, 5121, 8989, 6077, 4002, 6198)
PUBLISHED_MAJORITIES: Final = {
    "Training": (8740, 7287, 3149, 3014, 2100, 119, 532, 119),
    "PublicTest": (1182, 865, 415, 351, 287, 24, 62, 13),
    "PrivateTest": (1090, 893, 396, 384, 273, 18, 83, 16),
}
"""Rows with a name and a majority emotion, in the order of `EMOTIONS`."""

_N_VOTES = 10
_SHOWN_ROWS = 5
_MIN_COMPARABLE_ROWS = 100


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
        (Training), validation (PublicTest) and test (PrivateTest); none where `folder` is not there
        or empty.

    Raises:
        DatasetNotFoundError: There is no known layout among the files in `folder`.
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
        if _has_folders(root):
            return _read_folders(folder, root, params)
    return absent_or_unknown(FER_PLUS, folder)


def _read_csv_files(folder: Path, pixel_path: Path, params: FerPlusParameters) -> RawFaces:
    record = DamageRecord(FER_PLUS.dataset)
    name = pixel_path.relative_to(folder).as_posix()
    pixels = read_pixel_file(pixel_path, name, record)
    vote_file = read_label_file(folder / _VOTE_FILE, folder)
    votes = parse_published_votes(vote_file, record)
    _check_same_rows(name, pixels, votes)
    record.check_share(len(votes), params.max_damaged_share)

    kept = ((pixels.usages != DAMAGED) & (votes["usage"] != DAMAGED)).to_numpy()
    rows, codes = votes[kept], pixels.codes[kept]
    agreement = _checked_agreement(name, codes, rows, params.min_label_agreement)
    faces = faces_of(FER_PLUS.dataset, rows, params.target_mode)
    report = reading_report(
        FER_PLUS,
        f"{pixel_path.name} and {_VOTE_FILE}",
        faces,
        record,
        files=[
            file_report(FER_PLUS, name, file_md5(pixel_path), len(votes)),
            vote_file.report(FER_PLUS),
        ],
        votes=_votes_report(votes),
        figures=_figures(faces, rows, codes),
        agreement_with_fer2013_labels=agreement,
    )
    return RawFaces(faces, pixels.pixels[kept].reshape(-1, SIDE, SIDE, 1), record.frame(), report)


def _check_same_rows(name: str, pixels: PixelFile, votes: pd.DataFrame) -> None:
    """Refuse two files whose rows cannot belong together."""
    remedy = (
        f"{name} does not keep the row order of fer2013.csv: obtain fer2013.csv and put it in its "
        "place."
        if pixels.columns == ICML_COLUMNS
        else f"Obtain {name} and {_VOTE_FILE} again; their rows belong together by position."
    )
    if len(pixels.usages) != len(votes):
        raise DamagedDataError(
            f"{name} has {len(pixels.usages)} rows and {_VOTE_FILE} has {len(votes)}, "
            f"which must be as many. {remedy}"
        )
    pairs = pd.DataFrame({"pixels": pixels.usages, "votes": votes["usage"], "line": votes["line"]})
    known = pairs[(pairs["pixels"] != DAMAGED) & (pairs["votes"] != DAMAGED)]
    differing = known[known["pixels"] != known["votes"]]
    if not differing.empty:
        first = differing.iloc[0]
        raise DamagedDataError(
            f"{name} and {_VOTE_FILE} differ in Usage in {len(differing)} rows, first in line "
            f"{first['line']}: {first['pixels']!r} and {first['votes']!r}. {remedy}"
        )


def _checked_agreement(
    name: str, codes: npt.NDArray[np.int8], rows: pd.DataFrame, minimum: float
) -> float | None:
    """How often FER2013 and FER+ labels agree; None where no row can be compared.

    Rows in another order within each Usage pass the comparison of the Usage columns; their labels
    then agree by chance only.

    Raises:
        DamagedDataError: At least 100 rows can be compared and too few agree.
    """
    agrees = label_agreement(codes, rows[list(VOTES_COLUMNS)].to_numpy())
    share = float(agrees.mean()) if len(agrees) else None
    if share is not None and len(agrees) >= _MIN_COMPARABLE_ROWS and share < minimum:
        raise DamagedDataError(
            f"{name}: its emotion column agrees with the FER+ majority in {share:.1%} of "
            f"{len(agrees)} rows, expected at least {minimum:.1%} (min_label_agreement; about "
            "68 % on the published files). Its rows are not in the order of fer2013.csv, so that "
            "votes would meet other people's faces: obtain fer2013.csv and put it in its place."
        )
    return share


def _has_folders(root: Path) -> bool:
    """Whether `root` holds the three folders; the authors' repository has them without images."""
    return all(
        (root / name / "label.csv").is_file() and any((root / name).glob("*.png"))
        for name in _FOLDERS
    )


def _read_folders(folder: Path, root: Path, params: FerPlusParameters) -> RawFaces:
    """Read the folders that the authors' `generate_training_data.py` writes below `root`."""
    record = DamageRecord(FER_PLUS.dataset)
    files: list[Json] = []
    parts: list[pd.DataFrame] = []
    n_unlisted = 0
    for name, usage in _FOLDERS.items():
        label_file = read_label_file(root / name / "label.csv", root, has_header=False)
        part = parse_folder_votes(label_file, usage, record)
        parts.append(part.assign(folder=name))
        files.append(label_file.report(FER_PLUS))
        listed = {line.partition(",")[0].strip() for line in label_file.lines}
        unlisted = unlisted_images(root / name, _IMAGE, listed, len(label_file.lines))
        n_unlisted += record_unlisted(record, name, unlisted, label_file)
    votes = pd.concat(parts, ignore_index=True)
    rows = votes[votes["usage"] != DAMAGED]
    paths = [root / name / image for name, image in zip(rows["folder"], rows["name"], strict=True)]
    places = list(zip(rows["folder"] + "/label.csv", rows["line"], rows["name"], strict=True))
    decoded = decode_listed(paths, places, record, params, n_rows=len(votes) + n_unlisted)

    rows = rows[decoded.readable]
    image_files = [p.relative_to(folder).as_posix() for p in compress(paths, decoded.readable)]
    faces = faces_of(FER_PLUS.dataset, rows, params.target_mode, image_files=image_files)
    report = reading_report(
        FER_PLUS,
        "FER2013Train, FER2013Valid and FER2013Test",
        faces,
        record,
        files=files,
        notes=_FOLDER_NOTES,
        image_sizes=decoded.sizes,
        votes=_votes_report(votes),
        figures=_figures(faces, rows, None),
    )
    return RawFaces(faces, decoded.images, record.frame(), report)


def _votes_report(votes: pd.DataFrame) -> dict[str, Json]:
    """What is unusual in the votes, none of it refused."""
    readable = votes[votes["usage"] != DAMAGED]
    sums = readable[list(VOTES_COLUMNS)].sum(axis=1)
    unusual = readable.assign(sum=sums)[sums != _N_VOTES]
    nameless = readable[readable["name"] == ""]
    repeated = Counter(name for name in votes["name"] if name)
    return {
        "n_rows_not_summing_to_ten": len(unusual),
        "first_rows_not_summing_to_ten": [
            {"line": int(row["line"]), "sum": int(row["sum"])}
            for _, row in unusual.head(_SHOWN_ROWS).iterrows()
        ],
        "n_rows_without_name": len(nameless),
        "n_rows_without_name_not_all_not_a_face": int(
            (nameless[VOTES_COLUMNS[-1]] != _N_VOTES).sum()
        ),
        "n_names_that_occur_twice_or_more": sum(n > 1 for n in repeated.values()),
    }


def _figures(
    faces: pd.DataFrame, rows: pd.DataFrame, codes: npt.NDArray[np.int8] | None
) -> list[dict[str, Json]]:
    """Published figures of FER2013 and FER+ beside those found; no codes in a layout of images."""
    lines = [
        comparison(f"rows of {usage}", published, int((rows["usage"] == usage).sum()))
        for usage, published in PUBLISHED_USAGES.items()
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
