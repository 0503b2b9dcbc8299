"""Reader of RAF-DB (Li, Deng and Du 2017), which only its authors may hand out."""

from collections.abc import Sequence
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
    base_report,
    comparison,
    faces_table,
    no_faces,
    one_hot_targets,
)
from fer_fairness.sources.images import decode_images
from fer_fairness.sources.rafdb_attributes import attribute_columns
from fer_fairness.sources.rafdb_layouts import (
    Listing,
    RafDbFace,
    find_authors_layout,
    find_folder_layout,
    list_authors_layout,
    list_folder_layout,
)
from fer_fairness.taxonomy import RAF_DB_CODES

RAF_DB: Final = DatasetFacts(
    dataset="raf_db",
    title="RAF-DB (basic emotions)",
    licence="non-commercial research by agreement with its authors; never redistributed.",
    how_to_obtain="ask its authors, from an institutional address, as "
    "http://www.whdeng.cn/raf/model1.html describes. This project never downloads it.",
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
        where no known layout is in `folder`.

    Raises:
        DamagedDataError: A header is not the published one, or more images or rows are damaged
            than `params.max_damaged_share`.
    """
    record = DamageRecord(RAF_DB.dataset)
    listing = _listing(folder, record)
    if listing is None:
        return no_faces(RAF_DB, folder)
    record.check_share(listing.n_rows, params.max_damaged_share)
    decoded = decode_images(
        [face.path for face in listing.faces],
        description="Decoding RAF-DB images",
        n_threads=params.n_threads,
    )
    for index, problem in decoded.problems.items():
        path = listing.faces[index].path
        name = path.relative_to(folder).as_posix()
        record.add(name, None, path.name, f"the image is unreadable: {problem}")
    record.check_share(listing.n_rows, params.max_damaged_share)

    kept = [face for index, face in enumerate(listing.faces) if index not in decoded.problems]
    faces = _faces(kept, folder)
    report = base_report(RAF_DB, listing.layout, faces, record)
    report |= {"files": listing.files, "notes": listing.notes, "image_sizes": decoded.sizes}
    report["figures"] = _figures(faces)
    return RawFaces(faces, decoded.images[decoded.readable], record.frame(), report)


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
    columns |= attribute_columns([face.attributes for face in listed])
    return faces_table(columns)


def _listing(folder: Path, record: DamageRecord) -> Listing | None:
    """None where the folder has no layout that is known."""
    authors, folders = find_authors_layout(folder), find_folder_layout(folder)
    if authors is not None:
        return list_authors_layout(RAF_DB, folder, authors, record)
    return None if folders is None else list_folder_layout(RAF_DB, folder, folders, record)


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
