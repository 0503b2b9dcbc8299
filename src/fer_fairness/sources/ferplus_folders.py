"""Reads FER+ as the folders that its authors' `generate_training_data.py` writes."""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fer_fairness.params.data_processing import FerPlusParameters
from fer_fairness.sources.base import DamageRecord, DatasetFacts, Json, RawFaces, base_report
from fer_fairness.sources.ferplus_faces import FerPlusRows, faces_of, figures_report
from fer_fairness.sources.ferplus_labels import VoteRows, parse_folder_votes, votes_report
from fer_fairness.sources.ferplus_pixels import DAMAGED
from fer_fairness.sources.images import decode_images
from fer_fairness.sources.label_files import file_report, read_label_file

FOLDERS: Final = {
    "FER2013Train": "Training",
    "FER2013Valid": "PublicTest",
    "FER2013Test": "PrivateTest",
}

_NOTES = (
    (
        "The votes of label.csv differ from the published fer2013new.csv in 1,073 (Training), 246 "
        "(PublicTest) and 283 (PrivateTest) rows."
    ),
    (
        "sample_id counts the lines of the three label.csv, train, validation, test: it is not the "
        "row of fer2013.csv, and names a different face than in the csv layout."
    ),
)


class _Listing(NamedTuple):
    votes: VoteRows
    paths: list[Path]
    lines: npt.NDArray[np.int64]
    files: list[Json]


def has_folders(root: Path) -> bool:
    """Whether `root` holds the three folders; the authors' repository has them without images."""
    return all(
        (root / name / "label.csv").is_file() and any((root / name).glob("*.png"))
        for name in FOLDERS
    )


def read_folders(
    facts: DatasetFacts, folder: Path, root: Path, params: FerPlusParameters
) -> RawFaces:
    """Read `FER2013{Train,Valid,Test}/` with `label.csv` and `fer*.png`.

    Args:
        facts: The facts about FER+.
        folder: The dataset's folder, which `image_file` begins at.
        root: Folder that holds the three: `folder`, or one below it.
        params: Tolerated damage and the rule for the targets.

    Returns:
        The faces in the order of the three label files.

    Raises:
        DamagedDataError: More rows or images are damaged than `params.max_damaged_share`.
    """
    record = DamageRecord(facts.dataset)
    listing = _list_folders(facts, root, record)
    record.check_share(len(listing.paths), params.max_damaged_share)
    rows = _readable_rows(listing.votes)
    decoded = decode_images(
        [listing.paths[index] for index in rows.row_index.tolist()],
        description="Decoding FER+ images",
        n_threads=params.n_threads,
    )
    for position, problem in decoded.problems.items():
        index = int(rows.row_index[position])
        path, line = listing.paths[index], int(listing.lines[index])
        reason = f"its image is unreadable: {problem}"
        record.add(f"{path.parent.name}/label.csv", line, path.name, reason)
    record.check_share(len(listing.paths), params.max_damaged_share)

    rows = _subset(rows, decoded.readable)
    paths = [listing.paths[index] for index in rows.row_index.tolist()]
    files = [path.relative_to(folder).as_posix() for path in paths]
    faces = faces_of(facts.dataset, rows, params.target_mode, image_files=files)
    report = base_report(facts, "FER2013Train, FER2013Valid and FER2013Test", faces, record)
    report |= {"files": listing.files, "notes": _NOTES, "image_sizes": decoded.sizes}
    report["votes"] = votes_report(listing.votes, listing.lines)
    report["figures"] = figures_report(faces, rows, None)
    return RawFaces(faces, decoded.images[decoded.readable], record.frame(), report)


def _list_folders(facts: DatasetFacts, root: Path, record: DamageRecord) -> _Listing:
    files: list[Json] = []
    parts: list[VoteRows] = []
    paths: list[Path] = []
    for name, usage in FOLDERS.items():
        label_file = read_label_file(root / name / "label.csv", root, has_header=False)
        part = parse_folder_votes(label_file, usage)
        for row in part.damaged:
            record.add(label_file.name, row.position + 1, row.value, row.reason)
        files.append(file_report(facts, label_file.name, label_file.md5, len(part.names)))
        paths += [root / name / image for image in part.names]
        parts.append(part)
    lines = np.concatenate([np.arange(len(part.names)) + 1 for part in parts])
    return _Listing(_joined(parts), paths, lines, files)


def _joined(parts: list[VoteRows]) -> VoteRows:
    return VoteRows(
        np.concatenate([part.usages for part in parts]),
        [name for part in parts for name in part.names],
        np.concatenate([part.votes for part in parts]),
        [],
    )


def _readable_rows(votes: VoteRows) -> FerPlusRows:
    kept = np.flatnonzero(votes.usages != DAMAGED)
    named = np.ones(len(kept), dtype=np.bool_)
    return FerPlusRows(kept, votes.usages[kept], named, votes.votes[kept])


def _subset(rows: FerPlusRows, mask: npt.NDArray[np.bool_]) -> FerPlusRows:
    return FerPlusRows(
        rows.row_index[mask], rows.usages[mask], rows.has_name[mask], rows.votes[mask]
    )
