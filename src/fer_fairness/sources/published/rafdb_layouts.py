"""What both layouts of RAF-DB list of its faces, and the listing of its authors' layout."""

import re
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
CODES: Final = {str(code): code for code in RAF_DB_CODES}
"""Labels of emotions as they are written -> their codes."""

_NAME = re.compile(r"(train_\d{5}|test_\d{4})\.jpg")
_ALIGNED_IMAGE = re.compile(r"(train_\d{5}|test_\d{4})_aligned\.jpg")
_LIST_LINE = re.compile(r"\s*(\S+)\s+(\S+)\s*")
_LANDMARK = re.compile(r"-?\d+(\.\d+)?\s+-?\d+(\.\d+)?")
_N_LANDMARKS = 5
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
        elif match[2] not in CODES:
            record.add(file.name, number, match[2], "the label is none of 1 to 7")
        elif name[1] in listed:
            record.add(file.name, number, line, "the image is listed a second time")
        else:
            path = images / f"{name[1]}_aligned.jpg"
            listed[name[1]] = RafDbFace(name[1], CODES[match[2]], path)
    names = {match[1] for line in file.lines if (match := _LIST_LINE.fullmatch(line))}
    named = {f"{name.removesuffix('.jpg')}_aligned.jpg" for name in names}
    unlisted = unlisted_images(images, _ALIGNED_IMAGE, named, len(file.lines))
    place = images.relative_to(folder).as_posix()
    n_unlisted = record_unlisted(record, place, unlisted, file)
    faces = train_first(listed)
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


def train_first(listed: Mapping[str, RafDbFace]) -> list[RafDbFace]:
    """The faces by number, those of train before those of test."""
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
