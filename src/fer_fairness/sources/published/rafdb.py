"""Reader of RAF-DB (Li, Deng and Du 2017), which only its authors may hand out."""

from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import Final

import numpy.typing as npt
import pandas as pd

from fer_fairness.params.data_processing import RafDbParameters
from fer_fairness.sources.base import (
    DamageRecord,
    DatasetFacts,
    Json,
    RawFaces,
    absent_or_unknown,
    comparison,
    faces_table,
    one_hot_targets,
    reading_report,
)
from fer_fairness.sources.image_files.images import decode_listed
from fer_fairness.sources.published.rafdb_class_folders import (
    find_class_folders,
    list_class_folders,
)
from fer_fairness.sources.published.rafdb_layouts import (
    Listing,
    RafDbFace,
    find_label_list,
    list_authors_layout,
)
from fer_fairness.taxonomy import RAF_DB_CODES

RAF_DB: Final = DatasetFacts(
    dataset="raf_db",
    title="RAF-DB (basic emotions)",
    licence="non-commercial research by agreement with its authors; never redistributed.",
    how_to_obtain="ask its authors, from an institutional address, as "
    "http://www.whdeng.cn/raf/model1.html describes. This project never downloads it.",
    parameters=RafDbParameters,
    layouts=(
        (
            "basic/EmoLabel/list_patition_label.txt (or list_partition_label.txt) with "
            "basic/Image/aligned/ and, for demographics, basic/Annotation/manual/"
        ),
        (
            "train/1 to train/7 and test/1 to test/7 with images, bare or below DATASET/, with "
            "train_labels.csv and test_labels.csv if there are any"
        ),
    ),
    n_rows={"train": 12_271, "test": 3_068},
)

PUBLISHED_EMOTIONS: Final = {
    "train": (1290, 281, 717, 4772, 1982, 705, 2524),
    "test": (329, 74, 160, 1185, 478, 162, 680),
}
"""Faces by split, in the order of RAF-DB's codes 1 to 7."""

PUBLISHED_ATTRIBUTES: Final[dict[str, dict[str, dict[str, int]]]] = {
    "all": {
        "gender": {"male": 6206, "female": 8182, "unsure": 951},
        "race": {"caucasian": 11_742, "african_american": 1202, "asian": 2395},
    },
    "test": {
        "gender": {"male": 1249, "female": 1620, "unsure": 199},
        "race": {"caucasian": 2351, "african_american": 234, "asian": 483},
        "age_group": {"0-3": 329, "4-19": 486, "20-39": 1662, "40-69": 502, "70+": 89},
    },
}
"""Faces by perceived group in the authors' annotation."""


def read_raf_db(folder: Path, params: RafDbParameters) -> RawFaces:
    """Read RAF-DB in the authors' layout or the common one of numbered folders.

    Where a layout has no demographics the attributes are missing with source `none`; "unsure"
    gender is missing with source `annotated`.

    Args:
        folder: Folder of the dataset.
        params: Tolerated damage.

    Returns:
        The faces, train before test, `sample_id` by the authors' name ("raf_db_train_00001"); none
        where `folder` is not there or empty.

    Raises:
        DatasetNotFoundError: There is no known layout among the files in `folder`.
        DamagedDataError: A header is not the published one, labels are counted from 0, or more
            images or rows are damaged than `params.max_damaged_share`.
    """
    record = DamageRecord(RAF_DB.dataset)
    listing = _listing(folder, record)
    if listing is None:
        return absent_or_unknown(RAF_DB, folder)
    paths = [face.path for face in listing.faces]
    places = [(path.relative_to(folder).as_posix(), None, path.name) for path in paths]
    decoded = decode_listed(paths, places, record, params, n_rows=listing.n_rows)

    kept = list(compress(listing.faces, decoded.readable))
    faces = _faces(kept, folder)
    report = reading_report(
        RAF_DB,
        listing.layout,
        faces,
        record,
        files=listing.files,
        notes=listing.notes,
        image_sizes=decoded.sizes,
        figures=_figures(faces),
    )
    return RawFaces(faces, decoded.images, record.frame(), report)


def _faces(listed: Sequence[RafDbFace], folder: Path) -> pd.DataFrame:
    emotion = pd.Series([RAF_DB_CODES[face.code] for face in listed], dtype="str")
    columns: dict[str, npt.ArrayLike | pd.Series] = {
        "sample_id": [f"{RAF_DB.dataset}_{face.name}" for face in listed],
        "image_file": [face.path.relative_to(folder).as_posix() for face in listed],
        "dataset": [RAF_DB.dataset] * len(listed),
        "split": [face.split for face in listed],
        "emotion": emotion,
    }
    columns |= one_hot_targets(emotion)
    return faces_table(columns, [face.attributes for face in listed])


def _listing(folder: Path, record: DamageRecord) -> Listing | None:
    """None where the folder has no layout that is known."""
    if labels := find_label_list(folder):
        return list_authors_layout(RAF_DB, folder, labels, record)
    if root := find_class_folders(folder):
        return list_class_folders(RAF_DB, folder, root, record)
    return None


def _figures(faces: pd.DataFrame) -> Sequence[dict[str, Json]]:
    lines: list[dict[str, Json]] = []
    for split, published in PUBLISHED_EMOTIONS.items():
        counts = faces.loc[faces["split"] == split, "emotion"].value_counts()
        lines.append(comparison(f"{split} images", RAF_DB.n_rows[split], int(counts.sum())))
        lines += [
            comparison(f"{split}, {emotion}", n_published, int(counts.get(emotion, 0)))
            for emotion, n_published in zip(RAF_DB_CODES.values(), published, strict=True)
        ]
    for scope, attributes in PUBLISHED_ATTRIBUTES.items():
        part = faces if scope == "all" else faces[faces["split"] == scope]
        for attribute, groups in attributes.items():
            annotated = part.loc[part[f"{attribute}_source"] == "annotated", attribute]
            if annotated.empty:
                continue
            counts = annotated.fillna("unsure").value_counts()
            lines += [
                comparison(f"{scope}, {attribute} {group}", n, int(counts.get(group, 0)))
                for group, n in groups.items()
            ]
    return lines
