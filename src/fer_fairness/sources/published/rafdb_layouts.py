"""Lists the faces of RAF-DB with labels and attributes, in either of its two layouts."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from fer_fairness.errors import DamagedDataError
from fer_fairness.progress import track
from fer_fairness.sources.base import (
    ATTRIBUTES_LEFT_OUT,
    DamageRecord,
    DatasetFacts,
    Json,
    dataset_not_found,
)
from fer_fairness.sources.image_files.label_files import LabelFile, read_label_file
from fer_fairness.sources.image_files.unlisted_images import record_unlisted, unlisted_images
from fer_fairness.taxonomy import RAF_DB_AGE_GROUPS, RAF_DB_CODES, RAF_DB_RACES

SPLITS: Final = ("train", "test")
LIST_NAMES: Final = ("list_patition_label.txt", "list_partition_label.txt")
"""The first is the spelling of the published file, the second that of the authors' readme."""

GENDER_CODES: Final[Mapping[str, str | None]] = {"0": "male", "1": "female", "2": None}
"""2 is "unsure": annotated, but without a value."""
CODES_IN_FILE: Final[Mapping[str, Mapping[str, str | None]]] = {
    "gender": GENDER_CODES,
    "race": dict(zip("012", RAF_DB_RACES, strict=True)),
    "age_group": dict(zip("01234", RAF_DB_AGE_GROUPS, strict=True)),
}
CODES_BY_HAND: Final[Mapping[str, tuple[str, Mapping[str, str | None]]]] = {
    "Gender": ("gender", GENDER_CODES),
    "Age_Group": ("age_group", dict(zip("12345", RAF_DB_AGE_GROUPS, strict=True))),
}
"""Columns that somebody added to csv files; there the age groups count from one."""

_NAME = re.compile(r"(train_\d{5}|test_\d{4})\.jpg")
_NAME_IN_FOLDER = re.compile(r"((?:train|test)_\d+)(?:_aligned)?\.jpg")
_ALIGNED_IMAGE = re.compile(r"(train_\d{5}|test_\d{4})_aligned\.jpg")
_LIST_LINE = re.compile(r"\s*(\S+)\s+(\S+)\s*")
_LANDMARK = re.compile(r"-?\d+(\.\d+)?\s+-?\d+(\.\d+)?")
_N_LANDMARKS = 5
_CODES = {str(code): code for code in RAF_DB_CODES}
_NAME_REASON = "the name is neither train_ with five digits nor test_ with four"

Attributes = Mapping[str, str | None]
"""The annotated attributes of a face, by name; None stands for "unsure"."""


@dataclass(frozen=True)
class RafDbFace:
    """One listed face: the authors' name ("train_00001"), label code, image, attributes."""

    name: str
    code: int
    path: Path
    attributes: Attributes = field(default_factory=dict)

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
    files: list[Json]
    notes: list[str]


def find_label_list(folder: Path) -> Path | None:
    """The list of labels of the authors' layout, in `folder/basic` or in `folder` itself."""
    lists = (root / "EmoLabel" / name for root in (folder / "basic", folder) for name in LIST_NAMES)
    return next(filter(Path.is_file, lists), None)


def find_class_folders(folder: Path) -> Path | None:
    """The folder that holds `{train,test}/{1..7}`: `folder` or the `DATASET` below it."""
    for root in (folder, folder / "DATASET"):
        if all(any((root / split / code).is_dir() for code in _CODES) for split in SPLITS):
            return root
    return None


def list_authors_layout(
    facts: DatasetFacts, folder: Path, labels: Path, record: DamageRecord
) -> Listing:
    """List the faces of the authors' label file, with the attributes of their manual annotation.

    Args:
        facts: The facts about RAF-DB.
        folder: Folder of the dataset.
        labels: The list of labels.
        record: Where damage is recorded.

    Raises:
        DatasetNotFoundError: There is no folder of aligned images.
        DamagedDataError: Labels are counted from 0.
    """
    root = labels.parents[1]
    images = root / "Image" / "aligned"
    if not images.is_dir():
        raise dataset_not_found(facts, folder, f"{labels.name} is there, but {images} not.")
    file = read_label_file(labels, folder, has_header=False)
    _refuse_labels_from_0(facts, file)
    listed: dict[str, RafDbFace] = {}
    for number, line in file.numbered():
        match = _LIST_LINE.fullmatch(line)
        name = _NAME.fullmatch(match[1]) if match else None
        if match is None or name is None:
            record.add(file.name, number, line, f"the line is no name and label; {_NAME_REASON}")
        elif match[2] not in _CODES:
            record.add(file.name, number, match[2], "the label is none of 1 to 7")
        elif name[1] in listed:
            record.add(file.name, number, line, "the image is listed a second time")
        else:
            path = images / f"{name[1]}_aligned.jpg"
            listed[name[1]] = RafDbFace(name[1], _CODES[match[2]], path)
    names = {match[1] for line in file.lines if (match := _LIST_LINE.fullmatch(line))}
    named = {f"{name.removesuffix('.jpg')}_aligned.jpg" for name in names}
    unlisted = unlisted_images(images, _ALIGNED_IMAGE, named, len(file.lines))
    place = images.relative_to(folder).as_posix()
    n_unlisted = record_unlisted(record, place, unlisted, file)
    faces = _train_first(listed)
    manual = root / "Annotation" / "manual"
    notes: list[str] = []
    if manual.is_dir():
        faces = [
            replace(face, attributes=_attributes_in_file(manual, face.name, folder, record))
            for face in track(faces, description="Reading RAF-DB attributes", total=len(faces))
        ]
    else:
        notes.append("There is no Annotation/manual: no face has annotated demographics.")
    files: list[Json] = [file.report(facts)]
    return Listing("authors' basic/", faces, len(file.lines) + n_unlisted, files, notes)


def list_class_folders(
    facts: DatasetFacts, folder: Path, root: Path, record: DamageRecord
) -> Listing:
    """List the images of numbered folders, checked against the csv files where there are any.

    Args:
        facts: The facts about RAF-DB.
        folder: Folder of the dataset.
        root: The folder that holds `train/` and `test/`.
        record: Where damage is recorded.

    Raises:
        DamagedDataError: A csv file has other columns than `image,label` and those of hand-made
            demographics, or folders count from 0.
    """
    _refuse_from_0(facts, root)
    listed, n_rows = _images_in_folders(folder, root, record)
    files: list[Json] = []
    notes: list[str] = []
    has_demographics = False
    for split in SPLITS:
        path = next(filter(Path.is_file, (x / f"{split}_labels.csv" for x in (folder, root))), None)
        if path is None:
            continue
        file = read_label_file(path, folder)
        _check_columns(file)
        has_demographics |= any(column in file.header for column in CODES_BY_HAND)
        n_rows += _apply_csv(file, split, listed, record)
        notes += _unlisted_note(file, split, listed)
        files.append(file.report(facts))
    if not files:
        notes.append(
            "There are no train_labels.csv and test_labels.csv: folders alone give labels."
        )
    notes += _unread_folders_note(root)
    if not has_demographics:
        notes.append("This layout has no demographics: no face has annotated attributes.")
    return Listing("{train,test}/{1..7}/", _train_first(listed), n_rows, files, notes)


def _refuse_labels_from_0(facts: DatasetFacts, file: LabelFile) -> None:
    """Labels 0 to 6, as loaders want them, would be read with every emotion after its neighbour."""
    matches = ((n, _LIST_LINE.fullmatch(line)) for n, line in file.numbered())
    numbers = [(n, match[2]) for n, match in matches if match]
    first = next((n for n, label in numbers if label == "0"), None)
    if first is not None and all(label != "7" for _, label in numbers):
        raise DamagedDataError(
            f"{facts.dataset}: {file.name}, line {first}: the label is 0, and none is 7, expected "
            "1 to 7: emotions are counted from 0. Add 1 to every label, or obtain the list again."
        )


def _refuse_from_0(facts: DatasetFacts, root: Path) -> None:
    """Folders 0 to 6 would be read with every emotion named after its neighbour."""
    for first in (root / split / "0" for split in SPLITS):
        if first.is_dir() and any(first.iterdir()):
            raise DamagedDataError(
                f"{facts.dataset}: there is a folder {first}, expected 1 to 7: emotions are "
                "counted from 0. Rename the folders, 6 to 7 first, or read them by a block of "
                "`datasets` with kind: folders and codes: raf_db_from_0."
            )


def _unread_folders_note(root: Path) -> list[str]:
    """Which folders of classes beside train/ and test/ are not read."""
    unread = sorted(
        path.name
        for path in root.iterdir()
        if path.name not in SPLITS and any((path / code).is_dir() for code in _CODES)
    )
    if not unread:
        return []
    note = (
        f"{', '.join(f'{name}/' for name in unread)} beside train/ and test/: not read. A block of "
        "`datasets` with kind: folders and codes: raf_db reads other splits too."
    )
    return [note]


def _unlisted_note(file: LabelFile, split: str, listed: Mapping[str, RafDbFace]) -> list[str]:
    """What a csv file does not list; folders give labels, so that demographics alone are lost."""
    rows = {line.partition(",")[0].strip() for line in file.lines}
    n_absent = sum(face.split == split and name not in rows for name, face in listed.items())
    if not n_absent:
        return []
    note = (
        f"{n_absent:,} images of {split} have no row in {file.name}, which has "
        f"{len(file.lines):,} rows: it may be cut short. Their folders give their labels."
    )
    return [note]


def _train_first(listed: Mapping[str, RafDbFace]) -> list[RafDbFace]:
    return sorted(listed.values(), key=lambda face: (SPLITS.index(face.split), face.name))


def _attributes_in_file(manual: Path, face: str, folder: Path, record: DamageRecord) -> Attributes:
    """Read the authors' `*_manu_attri.txt` of a face: five landmarks, then three codes.

    A damaged file costs the face its attributes, not its place in the table, and is named in
    `record`. A file that is not there is no damage: the face has no attributes.
    """
    path = manual / f"{face}_manu_attri.txt"
    if not path.is_file():
        return {}
    text = path.read_bytes().decode("utf-8", errors="replace")
    # Stray spaces, blank lines and a missing final newline occur in the published files.
    numbered = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    lines = [(number, line) for number, line in numbered if line]
    damage = _attribute_damage(text, lines)
    if damage is not None:
        name = path.relative_to(folder).as_posix()
        record.add(name, *damage, action=ATTRIBUTES_LEFT_OUT)
        return {}
    codes_of_face = zip(CODES_IN_FILE.items(), lines[_N_LANDMARKS:], strict=True)
    return {name: codes[line] for (name, codes), (_, line) in codes_of_face}


def _attribute_damage(
    text: str, lines: list[tuple[int, str]]
) -> tuple[int | None, str, str] | None:
    """Line, value and reason of the first thing wrong with an attribute file; None without."""
    expected = _N_LANDMARKS + len(CODES_IN_FILE)
    if len(lines) != expected:
        return None, text, f"the file has {len(lines)} lines, expected {expected}"
    for number, line in lines[:_N_LANDMARKS]:
        if not _LANDMARK.fullmatch(line):
            return number, line, "the line is not the x and y of a landmark"
    for (number, line), name in zip(lines[_N_LANDMARKS:], CODES_IN_FILE, strict=True):
        if line not in CODES_IN_FILE[name]:
            return number, line, f"the code for {name} is none of {', '.join(CODES_IN_FILE[name])}"
    return None


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
    names = [_NAME_IN_FOLDER.fullmatch(path.name) for path in paths]
    times = Counter(match[1] for match in names if match)
    listed: dict[str, RafDbFace] = {}
    for path, match in zip(paths, names, strict=True):
        place = path.relative_to(folder).as_posix()
        if match is None:
            record.add(place, None, path.name, "the name is neither train_ nor test_ with a number")
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
    if file.header[:2] != ("image", "label") or not extra <= set(CODES_BY_HAND):
        raise DamagedDataError(
            f"{file.name}, line 1: the header is {','.join(file.header)[:200]!r}, expected "
            f"'image,label', with {' and '.join(CODES_BY_HAND)} at most added by hand. Rename or "
            "remove the other columns."
        )


def _apply_csv(
    file: LabelFile, split: str, listed: dict[str, RafDbFace], record: DamageRecord
) -> int:
    """Check labels against the folders, take attributes; the number of rows without an image."""
    n_without_image = 0
    seen: set[str] = set()
    for number, line in file.numbered():
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
            found = _attributes_by_hand(cells, file.name, number, record)
            listed[fields[0]] = replace(face, attributes=found)
        seen.add(fields[0])
    return n_without_image


def _attributes_by_hand(
    cells: Mapping[str, str], name: str, line: int, record: DamageRecord
) -> Attributes:
    """The attributes that somebody added to the row of a csv file.

    Columns that are not there and empty cells are no damage. A code that is none is recorded, and
    the face keeps its other attribute.
    """
    values: dict[str, str | None] = {}
    for column, (attribute, codes) in CODES_BY_HAND.items():
        # pandas writes whole numbers as 1.0 once a column has an empty cell.
        cell = cells.get(column, "").strip().removesuffix(".0")
        if not cell:
            continue
        if cell not in codes:
            reason = f"{column} is none of {', '.join(codes)}"
            record.add(name, line, cells[column], reason, action=ATTRIBUTES_LEFT_OUT)
            continue
        values[attribute] = codes[cell]
    return values
