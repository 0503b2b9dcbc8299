"""Reader of FairFace (Karkkainen and Joo 2021): faces with perceived gender, race and age."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Final

import numpy.typing as npt
import pandas as pd

from fer_fairness.params.data_processing import FairFaceParameters
from fer_fairness.sources.base import (
    REPAIRED,
    DamageRecord,
    DatasetFacts,
    Json,
    RawFaces,
    comparison,
    dataset_not_found,
    faces_table,
    reading_report,
)
from fer_fairness.sources.image_files.images import decode_listed
from fer_fairness.sources.image_files.label_files import (
    LabelFile,
    check_header,
    read_label_file,
)
from fer_fairness.sources.image_files.unlisted_images import record_unlisted, unlisted_images
from fer_fairness.taxonomy import FAIRFACE_AGE_GROUPS, FAIRFACE_RACES

FAIRFACE: Final = DatasetFacts(
    dataset="fairface",
    title="FairFace",
    licence="CC BY 4.0.",
    how_to_obtain="download the images with padding 0.25 (fairface-img-margin025-trainval.zip) and "
    "fairface_label_train.csv and fairface_label_val.csv as https://github.com/joojs/fairface "
    "describes.",
    parameters=FairFaceParameters,
    layouts=(
        "fairface_label_train.csv and fairface_label_val.csv with train/N.jpg and val/N.jpg",
        "the same with the images below fairface-img-margin025-trainval/",
    ),
    n_rows={"fairface_label_train.csv": 86_744, "fairface_label_val.csv": 10_954},
)

LABEL_COLUMNS: Final = ("file", "age", "gender", "race", "service_test")
IMAGE_FOLDER: Final = "fairface-img-margin025-trainval"
IMAGE_SIZE: Final = "224 x 224"
SPLIT_OF_FOLDER: Final = {"train": "train", "val": "test"}

SPREADSHEET_AGES: Final = {"03-Sep": "3-9", "9-Mar": "3-9", "Oct-19": "10-19", "19-Oct": "10-19"}
"""Ages that a spreadsheet took for dates: the only ones that are repaired."""
SPREADSHEET_BOOLEANS: Final = {"TRUE": "True", "FALSE": "False"}

_RACES = (
    *("White", "Black", "Latino_Hispanic", "East Asian", "Southeast Asian", "Indian"),
    "Middle Eastern",
)
_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "age": dict(zip((*FAIRFACE_AGE_GROUPS[:-1], "more than 70"), FAIRFACE_AGE_GROUPS, strict=True)),
    "gender": {"Male": "male", "Female": "female"},
    "race": dict(zip(_RACES, FAIRFACE_RACES, strict=True)),
    "service_test": {"True": "True", "False": "False"},
}
_REPAIRS: Final = {"age": SPREADSHEET_AGES, "service_test": SPREADSHEET_BOOLEANS}
_FILE = re.compile(r"(train|val)/([1-9]\d*)\.jpg")
_IMAGE = re.compile(r"[1-9]\d*\.jpg")


@dataclass(frozen=True)
class _Face:
    """One row: where it stands, its image, and its attributes in the project's names."""

    label_file: str
    line: int
    file: str
    attributes: Mapping[str, str]

    @property
    def sample_id(self) -> str:
        split, _, number = self.file.removesuffix(".jpg").partition("/")
        return f"{FAIRFACE.dataset}_{split}_{int(number):05d}"


def read_fairface(folder: Path, params: FairFaceParameters) -> RawFaces:
    """Read FairFace, after checking every label.

    Damage that a spreadsheet leaves in label files is repaired exactly where it is known
    (`SPREADSHEET_AGES`, `SPREADSHEET_BOOLEANS`, line ends) and reported; any other value that was
    not published is refused by file, line and value, as are a row whose image cannot be read and an
    image without a row, of which a label file that was cut short leaves many.

    Args:
        folder: Folder of the dataset.
        params: Tolerated damage.

    Returns:
        The faces, train before test (FairFace's val), `sample_id` by file
        ("fairface_train_00001"). There are no emotions: no votes and no targets.

    Raises:
        DatasetNotFoundError: A label file or an image folder is not there.
        DamagedDataError: A header is not the published one, or more rows are damaged than
            `params.max_damaged_share`.
    """
    paths = {split: folder / f"fairface_label_{split}.csv" for split in SPLIT_OF_FOLDER}
    images = _image_root(folder, list(paths.values()))
    record = DamageRecord(FAIRFACE.dataset)
    files = {split: read_label_file(path, folder) for split, path in paths.items()}
    listed = [face for split, file in files.items() for face in _labelled(file, split, record)]
    n_unlisted = sum(_unlisted(images, file, split, record) for split, file in files.items())
    decoded = decode_listed(
        [images / face.file for face in listed],
        [(face.label_file, face.line, face.file) for face in listed],
        record,
        params,
        n_rows=sum(len(file.lines) for file in files.values()) + n_unlisted,
    )
    kept = list(compress(listed, decoded.readable))
    faces = _faces(kept, images.relative_to(folder))
    report = reading_report(
        FAIRFACE,
        "csv labels with train/ and val/",
        faces,
        record,
        files=[file.report(FAIRFACE) for file in files.values()],
        image_sizes=decoded.sizes,
        figures=_figures(files, decoded.sizes),
    )
    return RawFaces(faces, decoded.images, record.frame(), report)


def _faces(listed: Sequence[_Face], images: Path) -> pd.DataFrame:
    columns: dict[str, npt.ArrayLike] = {
        "sample_id": [face.sample_id for face in listed],
        "image_file": [(images / face.file).as_posix() for face in listed],
        "dataset": [FAIRFACE.dataset] * len(listed),
        "split": [SPLIT_OF_FOLDER[face.file.partition("/")[0]] for face in listed],
    }
    return faces_table(columns, [face.attributes for face in listed])


def _image_root(folder: Path, label_files: Sequence[Path]) -> Path:
    absent = [path.name for path in label_files if not path.is_file()]
    if absent:
        raise dataset_not_found(FAIRFACE, folder, f"there is no {' and no '.join(absent)}.")
    for root in (folder, folder / IMAGE_FOLDER):
        if all((root / split).is_dir() for split in SPLIT_OF_FOLDER):
            return root
    missing = "the label files are there, but the image folders train/ and val/ are not."
    raise dataset_not_found(FAIRFACE, folder, missing)


def _unlisted(images: Path, file: LabelFile, split: str, record: DamageRecord) -> int:
    """Record the images of a split without a row; how many there are."""
    listed = {line.partition(",")[0].removeprefix(f"{split}/") for line in file.lines}
    names = unlisted_images(images / split, _IMAGE, listed, len(file.lines))
    return record_unlisted(record, split, names, file)


def _labelled(file: LabelFile, split: str, record: DamageRecord) -> list[_Face]:
    """The rows of a label file that can be read; the others are recorded."""
    check_header(file.name, file.header, LABEL_COLUMNS)
    if file.has_crlf:
        record.add(file.name, None, "CRLF line ends", "LF line ends", action=REPAIRED)
    faces: list[_Face] = []
    seen: set[str] = set()
    for line, text in file.numbered():
        fields = text.split(",")
        match = _FILE.fullmatch(fields[0])
        if len(fields) != len(LABEL_COLUMNS):
            reason = f"the row has {len(fields)} fields, expected {len(LABEL_COLUMNS)}"
            record.add(file.name, line, text, reason)
        elif match is None or match[1] != split:
            record.add(file.name, line, fields[0], f"the file is not {split}/<number>.jpg")
        elif fields[0] in seen:
            record.add(file.name, line, fields[0], "the image is listed a second time")
        else:
            seen.add(fields[0])
            attributes = _checked(file.name, line, fields, record)
            if attributes is not None:
                faces.append(_Face(file.name, line, fields[0], attributes))
    return faces


def _checked(
    name: str, line: int, fields: list[str], record: DamageRecord
) -> dict[str, str] | None:
    """Attributes in the project's names; None, and a record, where a value was never published."""
    cells = dict(zip(LABEL_COLUMNS, fields, strict=True))
    repairs: list[tuple[str, str]] = []
    values: dict[str, str] = {}
    for column, codes in _CODES.items():
        found = cells[column]
        used = _REPAIRS.get(column, {}).get(found, found)
        if used not in codes:
            record.add(name, line, found, f"{column} is none of {', '.join(codes)}")
            return None
        if used != found:
            repairs.append((found, used))
        values[column] = codes[used]
    for found, used in repairs:
        record.add(name, line, found, used, action=REPAIRED)
    return {"gender": values["gender"], "race": values["race"], "age_group": values["age"]}


def _figures(files: Mapping[str, LabelFile], sizes: Mapping[str, int]) -> list[dict[str, Json]]:
    lines = [
        comparison(f"rows of {file.name}", FAIRFACE.n_rows[file.name], len(file.lines))
        for file in files.values()
    ]
    # The images with padding 1.25 are larger, and show less face at 48x48.
    lines.append(comparison("size of the images", IMAGE_SIZE, next(iter(sizes), None)))
    return lines
