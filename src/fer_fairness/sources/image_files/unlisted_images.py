"""Images that lie where a label file's images do and have no row in it: such a file may be cut."""

import re
from collections.abc import Container
from pathlib import Path

from fer_fairness.sources.base import DamageRecord
from fer_fairness.sources.image_files.label_files import LabelFile


def unlisted_images(
    folder: Path, image: re.Pattern[str], listed: Container[str], n_rows: int
) -> list[str]:
    """Names of the images in a folder that are not listed, sorted.

    Args:
        folder: The folder; what lies deeper is not looked at.
        image: What the name of a published image looks like; other files are passed over.
        listed: Names that have a row, damaged rows included.
        n_rows: Rows of the label file. Where there are no more images than rows none is missing: an
            image without a row is then one whose row is damaged, which is recorded as such.
    """
    names = sorted(path.name for path in folder.iterdir() if image.fullmatch(path.name))
    return [name for name in names if name not in listed] if len(names) > n_rows else []


def record_unlisted(record: DamageRecord, place: str, names: list[str], file: LabelFile) -> int:
    """Record images without a row as left out.

    Args:
        record: Where they are recorded.
        place: Their folder as the record names it.
        names: The images.
        file: The file of labels.

    Returns:
        How many they are, to be counted among the dataset's rows.
    """
    n_rows = len(file.lines)
    reason = f"the image has no row in {file.name}, which has {n_rows:,} rows: is it cut short?"
    for name in names:
        record.add(f"{place}/{name}", None, name, reason)
    return len(names)
