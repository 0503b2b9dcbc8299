"""Lists faces of RAF-DB in folders of classes, `train/1/` to `test/7/`, as others pass it on."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from fer_fairness.errors import DamagedDataError
from fer_fairness.sources.base import ATTRIBUTES_LEFT_OUT, DamageRecord, DatasetFacts, Json
from fer_fairness.sources.image_files.label_files import LabelFile, read_label_file
from fer_fairness.sources.published.rafdb_layouts import (
    CODES,
    GENDER_CODES,
    SPLITS,
    Attributes,
    Listing,
    RafDbFace,
    train_first,
)
from fer_fairness.taxonomy import RAF_DB_AGE_GROUPS

CODES_BY_HAND: Final[Mapping[str, tuple[str, Mapping[str, str | None]]]] = {
    "Gender": ("gender", GENDER_CODES),
    "Age_Group": ("age_group", dict(zip("12345", RAF_DB_AGE_GROUPS, strict=True))),
}
"""Columns that somebody added to csv files; there the age groups count from one."""

_NAME_IN_FOLDER = re.compile(r"((?:train|test)_\d+)(?:_aligned)?\.jpg")


def find_class_folders(folder: Path) -> Path | None:
    """The folder that holds `{train,test}/{1..7}`: `folder` or the `DATASET` below it."""
    for root in (folder, folder / "DATASET"):
        if all(any((root / split / code).is_dir() for code in CODES) for split in SPLITS):
            return root
    return None


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
    return Listing("{train,test}/{1..7}/", train_first(listed), n_rows, files, notes)


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
        if path.name not in SPLITS and any((path / code).is_dir() for code in CODES)
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


def _images_in_folders(
    folder: Path, root: Path, record: DamageRecord
) -> tuple[dict[str, RafDbFace], int]:
    """Images by file name below their class folder, and how many there are."""
    paths = [
        path
        for split in SPLITS
        for code in CODES
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
        elif CODES.get(fields[1]) != face.code:
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
