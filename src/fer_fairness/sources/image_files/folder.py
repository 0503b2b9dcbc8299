"""Reader of a folder of somebody's own images: no emotions, attributes only where annotated."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from fer_fairness.errors import DamagedDataError, DatasetNotFoundError, InvalidInputError
from fer_fairness.params.data_processing import ImageFolderParameters
from fer_fairness.sources.base import DamageRecord, DatasetFacts, Json, faces_table, reading_report
from fer_fairness.sources.image_files.annotations import Annotations, read_annotations
from fer_fairness.sources.image_files.images import ImageHeader, read_headers
from fer_fairness.sources.image_files.listing import (
    IMAGE_SUFFIXES,
    ImageListing,
    list_images,
    printable,
)

IMAGES: Final = DatasetFacts(
    dataset="images",
    title="A folder of images",
    licence="that of whoever took the pictures, and the consent of those in them.",
    how_to_obtain="put images of single faces into a folder.",
    parameters=ImageFolderParameters,
    layouts=(f"files {', '.join(sorted(IMAGE_SUFFIXES))} at any depth below the folder",),
)

_SHOWN_NAMES = 20


@dataclass(frozen=True)
class ImageFolder:
    """What the reader gives.

    Attributes:
        faces: The `faces` table (`tables.FACES_SCHEMA`), one row an image with a readable header.
            `sample_id` and `image_file` are both the path below the folder; every image is in the
            split `test`, since nothing is trained on it. `image_index` counts the rows: there is
            no array yet.
        rejected: As in `RawFaces`: one row an image that cannot be read.
        report: What lies in the folder; can be written as JSON.
    """

    faces: pd.DataFrame
    rejected: pd.DataFrame
    report: dict[str, Json]


def read_image_folder(folder: Path, params: ImageFolderParameters) -> ImageFolder:
    """List the images below a folder, with the attributes that somebody annotated.

    Only headers are read: an image that is cut short after its header is found when it is decoded.
    Hidden files and files that are no images are passed over, and counted in the report.

    Args:
        folder: The folder; images may lie at any depth (`listing.list_images`).
        params: Tolerated damage, the file of annotations.

    Returns:
        The images, "2.jpg" before "10.jpg".

    Raises:
        DatasetNotFoundError: There is no such folder, no image in it, or no such file of
            annotations.
        InvalidInputError: `folder` is a file, or annotations do not fit the images.
        DamagedDataError: No image can be read, or more cannot than `params.max_damaged_share`.
    """
    listing = list_images(folder)
    if not listing.files:
        raise no_images(folder, listing)
    annotations = None
    if params.annotations is not None:
        # An absolute path stays as it is.
        annotations = read_annotations(folder / params.annotations, listing.files)
    record = DamageRecord(IMAGES.dataset)
    headers = read_headers([folder / file for file in listing.files], n_threads=params.n_threads)
    kept: dict[str, ImageHeader] = {}
    for file, header in zip(listing.files, headers, strict=True):
        problem = name_problem(file) or header
        if isinstance(problem, ImageHeader):
            kept[file] = problem
        else:
            name = printable(file)
            record.add(name, None, name.rpartition("/")[2], f"the image is unreadable: {problem}")
    _check_damage(record, len(listing.files), params.max_damaged_share)
    names = {"sample_id": list(kept), "image_file": list(kept)}
    faces = faces_table(
        {**names, "dataset": [IMAGES.dataset] * len(kept), "split": ["test"] * len(kept)},
        [annotations.values.get(file, {}) if annotations else {} for file in kept],
    )
    report = reading_report(IMAGES, "a folder of images", faces, record)
    report |= _report(listing, list(kept.values()))
    report["annotations"] = None if annotations is None else _annotated(annotations, faces)
    return ImageFolder(faces, record.frame(), report)


def image_paths(faces: pd.DataFrame, folder: Path) -> list[Path]:
    """Where the images of faces lie.

    Args:
        faces: A `faces` table.
        folder: The raw folder of their dataset.

    Returns:
        One path a row, in the order of the rows. Whether the files are there is not looked at.

    Raises:
        InvalidInputError: A face has no `image_file`.
    """
    if "image_file" not in faces:
        raise InvalidInputError(
            "The faces have no column image_file, which says where their images lie. Read the "
            "dataset again: kedro run --pipelines data_processing"
        )
    absent = faces.loc[faces["image_file"].isna(), "sample_id"]
    if not absent.empty:
        raise InvalidInputError(
            f"{len(absent)} of {len(faces)} faces have no image_file, the first is "
            f"{absent.iloc[0]!r}: their images came out of a table of pixels, such as fer2013.csv, "
            "or they were read before the column was there. Use their image array, or read the "
            "dataset again: kedro run --pipelines data_processing"
        )
    return [folder / file for file in faces["image_file"]]


def name_problem(file: str) -> str | None:
    """Why a file cannot be named in a table; None where it can."""
    if "\\" in file:
        return "its path has a backslash, which other systems take for a folder; rename it"
    if printable(file) != file:
        return "its path is not UTF-8; rename it"
    return None


def no_images(folder: Path, listing: ImageListing) -> DatasetNotFoundError:
    """The error for a folder without images: what it holds instead."""
    found = ", ".join(f"{n} {suffix}" for suffix, n in listing.other_files.most_common())
    n_hidden = sum(listing.hidden_files.values()) + len(listing.hidden_folders)
    hidden = f"; {n_hidden} hidden files and folders were passed over" if n_hidden else ""
    return DatasetNotFoundError(
        f"There is no image in {folder} or below it (found {found or 'no files'}{hidden}). Put "
        f"images there, with one of the suffixes {', '.join(sorted(IMAGE_SUFFIXES))}."
    )


def _check_damage(record: DamageRecord, n_files: int, max_share: float) -> None:
    remedy = "Repair the files or move them elsewhere"
    record.check_share(n_files, max_share, remedy=remedy)
    if len(record.left_out) == n_files:
        raise DamagedDataError(
            f"{record.dataset}: none of {n_files} images can be read, the first is\n"
            f"  {record.left_out[0]}\n{remedy}."
        )


def _report(listing: ImageListing, headers: Sequence[ImageHeader]) -> dict[str, Json]:
    sizes = Counter(f"{header.width} x {header.height}" for header in headers)
    return {
        "n_images_found": len(listing.files),
        "n_other_files_by_suffix": dict(listing.other_files.most_common()),
        "n_hidden_files_by_suffix": dict(listing.hidden_files.most_common()),
        "n_hidden_folders": len(listing.hidden_folders),
        "n_links_not_followed": len(listing.links_not_followed),
        "first_links_not_followed": listing.links_not_followed[:_SHOWN_NAMES],
        "image_formats": dict(Counter(header.format for header in headers).most_common()),
        "n_image_sizes": len(sizes),
        "image_sizes": dict(sizes.most_common(_SHOWN_NAMES)),
    }


def _annotated(annotations: Annotations, faces: pd.DataFrame) -> dict[str, Json]:
    """How far the annotations reach; rows of unreadable images are in neither count."""
    has_row = faces["image_file"].isin(list(annotations.values))
    return {
        "file": annotations.name,
        "n_rows": len(annotations.values),
        "n_images_without_row": int((~has_row).sum()),
        "n_annotated": {
            attribute: int((faces[f"{attribute}_source"] == "annotated").sum())
            for attribute in annotations.columns
        },
    }
