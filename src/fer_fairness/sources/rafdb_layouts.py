"""Lists the faces of RAF-DB with their labels, in either of its two layouts."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fer_fairness.errors import DamagedDataError
from fer_fairness.sources.base import DamageRecord, DatasetFacts, Json, dataset_not_found
from fer_fairness.sources.label_files import LabelFile, file_report, read_label_file
from fer_fairness.sources.rafdb_attributes import (
    HAND_COLUMNS,
    NO_ATTRIBUTES,
    Attributes,
    attributes_by_hand,
    read_attribute_files,
)
from fer_fairness.taxonomy import RAF_DB_CODES

SPLITS: Final = ("train", "test")
LIST_NAMES: Final = ("list_patition_label.txt", "list_partition_label.txt")
"""The first is the spelling of the published file, the second that of the authors' readme."""

_NAME = re.compile(r"(train_\d{5}|test_\d{4})\.jpg")
_ALIGNED_NAME = re.compile(r"(train_\d{5}|test_\d{4})(?:_aligned)?\.jpg")
_LIST_LINE = re.compile(r"\s*(\S+)\s+(\S+)\s*")
_CODES = {str(code): code for code in RAF_DB_CODES}
_NAME_REASON = "the name is neither train_ with five digits nor test_ with four"


@dataclass(frozen=True)
class RafDbFace:
    """One listed face: the authors' name ("train_00001"), label code, image, attributes."""

    name: str
    code: int
    path: Path
    attributes: Attributes = NO_ATTRIBUTES

    @property
    def split(self) -> str:
        """`train` or `test`, as the name says."""
        return self.name.partition("_")[0]


@dataclass(frozen=True)
class Listing:
    """The faces a layout lists, before any image is opened; `n_rows` counts damaged ones too."""

    layout: str
    faces: list[RafDbFace]
    n_rows: int
    files: list[dict[str, Json]]
    notes: list[str]


@dataclass(frozen=True)
class AuthorsLayout:
    """Where the authors' layout begins, and its list of labels."""

    root: Path
    labels: Path


@dataclass(frozen=True)
class FolderLayout:
    """The folder that holds `train/` and `test/`, and the csv files that are there, by split."""

    root: Path
    labels: dict[str, Path]


def find_authors_layout(folder: Path) -> AuthorsLayout | None:
    """Look for the authors' layout; the folder may also be `basic` itself."""
    for root in (folder / "basic", folder):
        for name in LIST_NAMES:
            if (root / "EmoLabel" / name).is_file():
                return AuthorsLayout(root, root / "EmoLabel" / name)
    return None


def find_folder_layout(folder: Path) -> FolderLayout | None:
    """Look for `{train,test}/{1..7}`, bare or below `DATASET/`."""
    for root in (folder, folder / "DATASET"):
        if all(any((root / split / code).is_dir() for code in _CODES) for split in SPLITS):
            labels = {
                split: place / f"{split}_labels.csv"
                for split in SPLITS
                for place in (root, folder)
                if (place / f"{split}_labels.csv").is_file()
            }
            return FolderLayout(root, labels)
    return None


def list_authors_layout(
    facts: DatasetFacts, folder: Path, layout: AuthorsLayout, record: DamageRecord
) -> Listing:
    """List the faces of the authors' label file, with the attributes of their manual annotation.

    Raises:
        DatasetNotFoundError: There is no folder of aligned images.
    """
    images = layout.root / "Image" / "aligned"
    if not images.is_dir():
        raise dataset_not_found(facts, folder, f"{layout.labels.name} is there, but {images} not.")
    file = read_label_file(layout.labels, folder, has_header=False)
    faces: dict[str, RafDbFace] = {}
    for number, line in enumerate(file.lines, start=file.first_line):
        match = _LIST_LINE.fullmatch(line)
        name = _NAME.fullmatch(match[1]) if match else None
        if match is None or name is None:
            record.add(file.name, number, line, f"the line is no name and label; {_NAME_REASON}")
        elif match[2] not in _CODES:
            record.add(file.name, number, match[2], "the label is none of 1 to 7")
        elif name[1] in faces:
            record.add(file.name, number, line, "the image is listed a second time")
        else:
            path = images / f"{name[1]}_aligned.jpg"
            faces[name[1]] = RafDbFace(name[1], _CODES[match[2]], path)
    ordered = _train_first(list(faces.values()))
    manual = layout.root / "Annotation" / "manual"
    notes: list[str] = []
    if manual.is_dir():
        paths = [manual / f"{face.name}_manu_attri.txt" for face in ordered]
        attributes = read_attribute_files(paths, folder, record)
        pairs = zip(ordered, attributes, strict=True)
        ordered = [replace(face, attributes=found) for face, found in pairs]
    else:
        notes.append("There is no Annotation/manual: no face has annotated demographics.")
    files = [file_report(facts, file.name, file.md5, len(file.lines))]
    return Listing("authors' basic/", ordered, len(file.lines), files, notes)


def list_folder_layout(
    facts: DatasetFacts, folder: Path, layout: FolderLayout, record: DamageRecord
) -> Listing:
    """List the images of numbered folders, checked against the csv files where there are any.

    Raises:
        DamagedDataError: A csv file has other columns than `image,label` and those of hand-made
            demographics.
    """
    listed, n_rows = _images_in_folders(folder, layout.root, record)
    files: list[dict[str, Json]] = []
    notes: list[str] = []
    has_demographics = False
    for split, path in layout.labels.items():
        file = read_label_file(path, folder)
        _check_columns(file)
        has_demographics |= any(column in file.header for column in HAND_COLUMNS)
        n_rows += _apply_csv(file, split, listed, record)
        files.append(file_report(facts, file.name, file.md5, len(file.lines)))
    if not layout.labels:
        notes.append(
            "There are no train_labels.csv and test_labels.csv: folders alone give labels."
        )
    if not has_demographics:
        notes.append("This layout has no demographics: no face has annotated attributes.")
    faces = _train_first(list(listed.values()))
    return Listing("{train,test}/{1..7}/", faces, n_rows, files, notes)


def _train_first(faces: list[RafDbFace]) -> list[RafDbFace]:
    return sorted(faces, key=lambda face: (SPLITS.index(face.split), face.name))


def _images_in_folders(
    folder: Path, root: Path, record: DamageRecord
) -> tuple[dict[str, RafDbFace], int]:
    """Images by file name below their class folder, and how many there are."""
    paths = [
        path
        for split in SPLITS
        for code in _CODES
        for path in sorted((root / split / code).glob("*"))
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"}
    ]
    names = [_ALIGNED_NAME.fullmatch(path.name) for path in paths]
    times = Counter(match[1] for match in names if match)
    listed: dict[str, RafDbFace] = {}
    for path, match in zip(paths, names, strict=True):
        place = path.relative_to(folder).as_posix()
        if match is None:
            record.add(place, None, path.name, _NAME_REASON)
        elif not match[1].startswith(path.parent.parent.name + "_"):
            record.add(place, None, path.name, "the name belongs to the other split")
        elif times[match[1]] > 1:
            reason = f"the same face stands in {times[match[1]]} places, its label is uncertain"
            record.add(place, None, path.name, reason)
        else:
            listed[path.name] = RafDbFace(match[1], int(path.parent.name), path)
    return listed, len(paths)


def _check_columns(file: LabelFile) -> None:
    extra = set(file.header[2:])
    if file.header[:2] != ("image", "label") or not extra <= set(HAND_COLUMNS):
        raise DamagedDataError(
            f"{file.name}, line 1: the header is {','.join(file.header)[:200]!r}, expected "
            f"'image,label', with {' and '.join(HAND_COLUMNS)} at most added by hand. Rename or "
            "remove the other columns."
        )


def _apply_csv(
    file: LabelFile, split: str, listed: dict[str, RafDbFace], record: DamageRecord
) -> int:
    """Check labels against the folders, take attributes; the number of rows without an image."""
    n_without_image = 0
    seen: set[str] = set()
    for number, line in enumerate(file.lines, start=file.first_line):
        fields = [field.strip() for field in line.split(",")]
        face = listed.get(fields[0])
        if len(fields) != len(file.header):
            reason = f"the row has {len(fields)} fields, expected {len(file.header)}"
            record.add(file.name, number, line, reason)
            listed.pop(fields[0], None)
        elif fields[0] in seen:
            record.add(file.name, number, line, "the image is listed a second time")
        elif face is None or face.split != split:
            record.add(file.name, number, fields[0], f"no readable image of {split} has this name")
            n_without_image += 1
        elif _CODES.get(fields[1]) != face.code:
            reason = f"the image stands in folder {face.code}, the label differs"
            record.add(file.name, number, f"{fields[0]},{fields[1]}", reason)
            del listed[fields[0]]
        else:
            cells = dict(zip(file.header, fields, strict=True))
            found = attributes_by_hand(cells, file.name, number, record)
            listed[fields[0]] = replace(face, attributes=found)
        seen.add(fields[0])
    return n_without_image
