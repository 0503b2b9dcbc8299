"""Layouts whose form is public: what their publishers say of them, and how each is listed.

Facts of the layouts are from their publishers' readmes and public loaders; no image was looked at.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

import numpy as np

from fer_fairness.params.datasets import PresetParameters
from fer_fairness.sources.base import DamageRecord, DatasetFacts, dataset_not_found, shortened
from fer_fairness.sources.blocks.emotions import EmotionReader
from fer_fairness.sources.blocks.folders import (
    CLIP_IN_NAME,
    SUBJECT_IN_NAME,
    PersonOf,
    clip_folder,
    list_folders,
    matched,
)
from fer_fairness.sources.blocks.listing import (
    ELSEWHERE,
    ListedFace,
    Listing,
    lies_below,
    split_named,
)
from fer_fairness.sources.image_files.folder import no_images
from fer_fairness.sources.image_files.images import SIDE
from fer_fairness.sources.image_files.label_files import file_md5, file_report, read_label_file
from fer_fairness.sources.image_files.listing import list_images, printable
from fer_fairness.sources.published.ferplus_files import DAMAGED, read_pixel_file
from fer_fairness.sources.published.rafdb import RAF_DB
from fer_fairness.sources.published.rafdb_class_folders import (
    find_class_folders,
    list_class_folders,
)
from fer_fairness.taxonomy import CODES_OF_EMOTIONS

Lister = Callable[[DatasetFacts, Path, EmotionReader, DamageRecord], Listing]

_JAFFE_NAME: Final = re.compile(r"([A-Z]{2})\.([A-Z]{2})\d*\.\d+\.\w+")
_EXPW_FOLDERS: Final = ("image/origin", "origin", "images", "image", ".")
_EXPW_FIELDS: Final = 8
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
_AFFECTNET_SUFFIX: Final = "_exp.npy"
_ANNOTATION_BYTES: Final = 1 << 16


@dataclass(frozen=True)
class PresetLayout:
    """A known layout.

    Attributes:
        facts: What its publisher says of it.
        list_faces: Lists its faces.
        codes: The order of its emotions, where its labels are codes.
    """

    facts: DatasetFacts
    list_faces: Lister
    codes: str | None = None


def _facts(title: str, licence: str, how_to_obtain: str, *layouts: str) -> DatasetFacts:
    return DatasetFacts(
        dataset="",
        title=title,
        licence=licence,
        how_to_obtain=how_to_obtain,
        parameters=PresetParameters,
        layouts=layouts,
    )


def _in_folders(person_of: PersonOf) -> Lister:
    def list_faces(
        _: DatasetFacts, folder: Path, reader: EmotionReader, record: DamageRecord
    ) -> Listing:
        return list_folders(folder, reader, record, person_of)

    return list_faces


def _list_raf_db(
    facts: DatasetFacts, folder: Path, _: EmotionReader, record: DamageRecord
) -> Listing:
    root = find_class_folders(folder)
    if root is None:
        raise dataset_not_found(facts, folder, "there are no folders train/1 and test/1.")
    found = list_class_folders(facts, folder, root, record)
    faces = []
    for face in found.faces:
        file = face.path.relative_to(folder).as_posix()
        faces.append(
            ListedFace(
                face.name,
                str(face.code),
                (file, None, face.path.name),
                file=file,
                split=face.split,
                attributes=face.attributes,
            )
        )
    return Listing(faces, found.n_rows, found.notes, found.files)


def _list_affectnet(
    facts: DatasetFacts, folder: Path, _: EmotionReader, record: DamageRecord
) -> Listing:
    images = list_images(folder)
    if not images.files:
        raise no_images(folder, images)
    faces: list[ListedFace] = []
    for file in images.files:
        path = PurePosixPath(file)
        place = (printable(file), None, path.name)
        above = path.parent.parent
        annotation = folder / above / "annotations" / f"{path.stem}{_AFFECTNET_SUFFIX}"
        if path.parent.name != "images" or not annotation.is_file():
            record.add(*place, f"there is no ../annotations/{path.stem}{_AFFECTNET_SUFFIX}")
            continue
        try:
            label = _annotated(annotation)
        except Exception as error:  # noqa: BLE001  NumPy raises many kinds for damaged files
            why = shortened(" ".join(str(error).split())) or type(error).__name__
            record.add(*place, f"its annotation {annotation.name} cannot be read: {why}")
            continue
        split = next((name for part in above.parts if (name := split_named(part))), None)
        faces.append(ListedFace(file, label, place, file=file, split=split))
    if not faces:
        raise dataset_not_found(facts, folder, "no image there has an annotation.")
    return Listing(faces, len(images.files))


def _annotated(annotation: Path) -> str:
    """The one value of a `.npy` file, which is somebody else's.

    Raises:
        ValueError: It holds more; NumPy raises this and others for what is no such file.
    """
    size = annotation.stat().st_size
    if size > _ANNOTATION_BYTES:
        raise ValueError(f"it has {size:,} bytes, expected one number")
    # Looked at first: a few bytes may declare an array that fills the memory.
    with annotation.open("rb") as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"it is of version {version} of the format, expected (1, 0)")
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
    if math.prod(shape) != 1:
        raise ValueError(f"it holds an array of shape {shape}, expected one number")
    return str(np.load(annotation, allow_pickle=False).item()).strip()


def _list_expw(
    facts: DatasetFacts, folder: Path, _: EmotionReader, record: DamageRecord
) -> Listing:
    labels = next(filter(Path.is_file, (folder / "label.lst", folder / "label/label.lst")), None)
    images = next(filter(Path.is_dir, (folder / name for name in _EXPW_FOLDERS)), None)
    if labels is None or images is None:
        raise dataset_not_found(facts, folder, "there is no label.lst.")
    file = read_label_file(labels, folder, has_header=False)
    faces: dict[str, ListedFace] = {}
    for number, line in file.numbered():
        fields = line.split()
        numbers = fields[1:6]
        if len(fields) != _EXPW_FIELDS or not all(map(_WHOLE.fullmatch, numbers)):
            reason = (
                "the line is not image, face, top, left, right and bottom in pixels, confidence "
                "and label"
            )
            record.add(file.name, number, line, reason)
            continue
        if not lies_below(fields[0]):
            record.add(file.name, number, line, ELSEWHERE)
            continue
        face, top, left, right, bottom = map(int, numbers)
        name = f"{fields[0]}#{face}"
        if name in faces:
            record.add(file.name, number, line, "the face is listed a second time")
            continue
        image = (images / fields[0]).relative_to(folder).as_posix()
        place = (file.name, number, fields[0])
        box = (left, top, right, bottom)
        faces[name] = ListedFace(name, fields[-1], place, file=image, box=box)
    return Listing(list(faces.values()), len(file.lines), files=[file.report(facts)])


def _list_pixels(
    facts: DatasetFacts, folder: Path, _: EmotionReader, record: DamageRecord
) -> Listing:
    paths = sorted(folder.glob("*.csv"))
    if len(paths) != 1:
        found = ", ".join(path.name for path in paths) or "none"
        raise dataset_not_found(facts, folder, f"expected one .csv file, found {found}.")
    name = paths[0].name
    read = read_pixel_file(
        paths[0], name, record, known_codes=frozenset(CODES_OF_EMOTIONS["ck_plus_csv"])
    )
    kept = np.flatnonzero((read.usages != DAMAGED).to_numpy())
    faces = [
        ListedFace(
            f"{row:05d}",
            str(read.codes[row]),
            (name, row + 2, str(read.codes[row])),
            split=split_named(str(read.usages.iloc[row])),
        )
        for row in kept.tolist()
    ]
    files = [file_report(facts, name, file_md5(paths[0]), len(read.codes))]
    pixels = read.pixels[kept].reshape(-1, SIDE, SIDE, 1)
    note = (
        "This file does not tell people apart: faces of one person may be in several splits. The "
        "folders of the same dataset do."
    )
    return Listing(faces, len(read.codes), [note], files, pixels)


def _list_jaffe(
    facts: DatasetFacts, folder: Path, _: EmotionReader, record: DamageRecord
) -> Listing:
    images = list_images(folder)
    faces: list[ListedFace] = []
    for file in images.files:
        name = PurePosixPath(printable(file)).name
        place = (printable(file), None, name)
        found = _JAFFE_NAME.fullmatch(name)
        if found is None:
            record.add(*place, "the name is not of the form KA.AN1.39.tiff")
            continue
        faces.append(ListedFace(file, found[2], place, file=file, person=found[1]))
    if not faces:
        raise dataset_not_found(facts, folder, "no image there has a name as KA.AN1.39.tiff.")
    return Listing(faces, len(images.files))


_CK_PLUS_TERMS: Final = (
    "research by agreement with its authors (Lucey and others 2010); never redistributed.",
    "ask its authors as https://www.jeffcohn.net/resources describes; cropped copies circulate.",
)
_WILD_TERMS: Final = (
    "research by agreement with its authors (Dhall and others 2011, 2012); never redistributed.",
    "ask its authors as https://cs.anu.edu.au/few describes.",
)

PRESETS: Final[Mapping[str, PresetLayout]] = MappingProxyType(
    {
        "fer2013_folders": PresetLayout(
            _facts(
                "FER2013",
                "that of the Kaggle competition it was made for (Goodfellow and others 2013).",
                "https://www.kaggle.com/datasets/msambare/fer2013 has these folders.",
                "train/ and test/, each with angry, disgust, fear, happy, neutral, sad, surprise",
            ),
            _in_folders(matched(None)),
        ),
        "raf_db_folders": PresetLayout(
            _facts("RAF-DB", RAF_DB.licence, RAF_DB.how_to_obtain, RAF_DB.layouts[1]),
            _list_raf_db,
            codes="raf_db",
        ),
        "affectnet": PresetLayout(
            _facts(
                "AffectNet",
                "research by agreement with its authors (Mollahosseini and others 2017).",
                "ask its authors as http://mohammadmahoor.com/affectnet describes.",
                "train_set/ and val_set/, each with images/N.jpg and annotations/N_exp.npy",
            ),
            _list_affectnet,
            codes="affectnet",
        ),
        "expw": PresetLayout(
            _facts(
                "ExpW",
                "non-commercial research (Zhang and others 2015).",
                "http://mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html.",
                "label.lst (or label/label.lst), with the pictures in image/origin, origin, "
                "images, image or beside it",
            ),
            _list_expw,
            codes="fer2013",
        ),
        "ck_plus_folders": PresetLayout(
            _facts(
                "CK+ (cropped, in folders)",
                *_CK_PLUS_TERMS,
                "anger, contempt, disgust, fear, happy, sadness and surprise with images such as "
                "S010_004_00000017.png",
            ),
            _in_folders(matched(SUBJECT_IN_NAME)),
        ),
        "ck_plus_csv": PresetLayout(
            _facts(
                "CK+ (48 x 48 pixels)",
                *_CK_PLUS_TERMS,
                "one .csv file, such as ckextended.csv, with the header emotion,pixels,Usage",
            ),
            _list_pixels,
            codes="ck_plus_csv",
        ),
        "jaffe": PresetLayout(
            _facts(
                "JAFFE",
                "non-commercial research (Lyons and others 1998); never redistributed.",
                "https://zenodo.org/records/3451524.",
                "images such as KA.AN1.39.tiff, at any depth",
            ),
            _list_jaffe,
            codes="two_letters",
        ),
        "sfew": PresetLayout(
            _facts(
                "SFEW",
                *_WILD_TERMS,
                "Train_Aligned_Faces/ and Val_Aligned_Faces/ (or Train/ and Val/), each with "
                "Angry, Disgust, Fear, Happy, Neutral, Sad, Surprise",
            ),
            _in_folders(matched(CLIP_IN_NAME)),
        ),
        "afew": PresetLayout(
            _facts(
                "AFEW",
                *_WILD_TERMS,
                "Train/ and Val/, each with Angry, Disgust, Fear, Happy, Neutral, Sad, Surprise, "
                "and below them one folder a clip with its frames",
            ),
            _in_folders(clip_folder),
        ),
    }
)
"""Every known layout by the `kind` of its block."""
