"""Reads a dataset that a block of parameters describes."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.datasets import (
    DatasetBlock,
    DatasetParameters,
    FoldersParameters,
    TableParameters,
)
from fer_fairness.sources.base import (
    DamageRecord,
    DatasetFacts,
    RawFaces,
    dataset_not_found,
    faces_table,
    one_hot_targets,
    reading_report,
)
from fer_fairness.sources.blocks.emotions import (
    EmotionLabels,
    EmotionReader,
    empty_emotions,
    mapping_report,
    read_labels,
)
from fer_fairness.sources.blocks.folders import list_folders, matched
from fer_fairness.sources.blocks.listing import NO_EMOTION, ListedFace, Listing
from fer_fairness.sources.blocks.presets import PRESETS
from fer_fairness.sources.blocks.splits import complete_splits
from fer_fairness.sources.blocks.tables import list_table
from fer_fairness.sources.image_files.images import DecodedImages, decode_listed
from fer_fairness.tables import PERSON, TARGET_COLUMNS, VOTES_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

logger = logging.getLogger(__name__)

_OWN: Final = DatasetFacts(
    dataset="",
    title="",
    licence="that of whoever took the pictures, and the consent of those in them.",
    how_to_obtain="its block of parameters says where it lies.",
    parameters=DatasetParameters,
    layouts=("as its block of parameters says",),
)


def read_dataset(folder: Path, block: DatasetBlock, seed: int) -> RawFaces:
    """Read a dataset as its block of parameters describes it.

    Args:
        folder: The dataset's folder.
        block: Its block, with its name.
        seed: Of the draws by which missing splits are made.

    Returns:
        Its faces in the order of the layout. Faces that show none of the eight emotions are among
        the `rejected`, and are counted by label in the report.

    Raises:
        DatasetNotFoundError: The dataset is not there.
        InvalidInputError: Its labels, columns or splits cannot be meant.
        DamagedDataError: More is damaged than `max_damaged_share`.
    """
    params = block.root
    preset = PRESETS.get(params.layout)
    if preset and params.codes is None:
        params = params.model_copy(update={"codes": preset.codes})
    facts = preset.facts if preset else _OWN
    title = params.title or facts.title or params.name.replace("_", " ")
    facts = replace(facts, dataset=params.name, title=title)
    record = DamageRecord(params.name)
    reader = EmotionReader(params.labels, params.codes)
    if preset:
        if not folder.is_dir():
            raise dataset_not_found(facts, folder, "there is no such folder.")
        listing = preset.list_faces(facts, folder, reader, record)
    elif isinstance(params, TableParameters):
        listing = list_table(folder, params, record)
    else:
        person = params.person if isinstance(params, FoldersParameters) else None
        listing = list_folders(folder, reader, record, matched(person))
    return _read(facts, folder, listing, params, record, seed)


def _read(
    facts: DatasetFacts,
    folder: Path,
    listing: Listing,
    params: DatasetParameters,
    record: DamageRecord,
    seed: int,
) -> RawFaces:
    counts = Counter(face.label for face in listing.faces if face.label is not None)
    chosen = [_most_voted(face.votes) for face in listing.faces if face.votes is not None]
    voted = Counter(emotion for emotion in chosen if emotion is not None)
    labels = read_labels(counts, params, voted)
    emotions = [_emotion(face, labels) for face in listing.faces]
    kept = np.array([emotion is not None for emotion in emotions], dtype=np.bool_)
    for face in compress(listing.faces, ~kept):
        record.add(
            face.place[0],
            face.place[1],
            str(face.label),
            _why_none(face, labels),
            action=NO_EMOTION,
        )
    faces = list(compress(listing.faces, kept))
    decoded = _decoded(folder, faces, listing, kept, params, record)
    if not faces:
        raise InvalidInputError(
            f"{params.name}: none of its {listing.n_rows:,} faces has an emotion. The first: "
            f"{record.damages[0]}. Check the folder, and whether its form is {params.layout}."
        )
    table = _table(facts.dataset, list(compress(faces, decoded.readable)), labels)
    splits = complete_splits(table, params, seed)
    dropped = ["name", "attributes"] + ([PERSON] if table[PERSON].isna().all() else [])
    columns = table.drop(columns=dropped).assign(split=splits.of_faces)
    table = faces_table(
        {str(name): columns[name] for name in columns}, table["attributes"].tolist()
    )
    notes = [*listing.notes, *splits.notes, *_notes(table, labels, params)]
    for note in notes:
        logger.info("%s: %s", facts.title, note)
    none = [damage for damage in record.damages if damage.action == NO_EMOTION]
    report = reading_report(
        facts,
        params.layout,
        table,
        record,
        notes=notes,
        files=listing.files,
        image_sizes=decoded.sizes,
        emotions=list(params.scored_emotions),
        labels=mapping_report(labels, counts),
        n_without_emotion=len(none),
        n_without_emotion_by_reason=dict(Counter(damage.reason for damage in none)),
        n_people=int(table[PERSON].nunique()) if PERSON in table else None,
    )
    return RawFaces(table, decoded.images, record.frame(), report)


def _emotion(face: ListedFace, labels: EmotionLabels) -> str | None:
    """The emotion of a face; of votes the one with more than any other has."""
    if face.votes is None:
        return labels.of[str(face.label)]
    return _most_voted(face.votes)


def _most_voted(votes: Sequence[float]) -> str | None:
    most = max(votes)
    chosen = [name for name, n in zip(EMOTIONS, votes, strict=True) if n == most]
    return chosen[0] if len(chosen) == 1 else None


def _why_none(face: ListedFace, labels: EmotionLabels) -> str:
    if face.votes is not None:
        return "no emotion has more votes than any other"
    known = "none of the eight emotions"
    return f"the label is {'unknown' if face.label in labels.unknown else known}"


def _decoded(
    folder: Path,
    faces: Sequence[ListedFace],
    listing: Listing,
    kept: npt.NDArray[np.bool_],
    params: DatasetParameters,
    record: DamageRecord,
) -> DecodedImages:
    if listing.pixels is not None:
        record.check_share(listing.n_rows, params.max_damaged_share)
        return DecodedImages(listing.pixels[kept], np.ones(len(faces), dtype=np.bool_), {})
    return decode_listed(
        [folder / str(face.file) for face in faces],
        [face.place for face in faces],
        record,
        params,
        n_rows=listing.n_rows,
        boxes=[face.box for face in faces],
    )


def _table(dataset: str, faces: Sequence[ListedFace], labels: EmotionLabels) -> pd.DataFrame:
    """The columns of `faces_table`, beside them `name` and `attributes` of each face."""
    emotion = pd.Series([_emotion(face, labels) for face in faces], dtype="str")
    columns: dict[str, object] = {
        "name": [face.name for face in faces],
        "attributes": [face.attributes for face in faces],
        "sample_id": [f"{dataset}/{face.name}" for face in faces],
        "image_file": pd.Series([face.file for face in faces], dtype="str"),
        "dataset": [dataset] * len(faces),
        "split": pd.Series([face.split for face in faces], dtype="str"),
        PERSON: pd.Series([face.person for face in faces], dtype="str"),
        "emotion": emotion,
        **one_hot_targets(emotion),
    }
    if faces and faces[0].votes is not None:
        votes = np.array([face.votes for face in faces], dtype=np.float64)
        shares = votes / votes.sum(axis=1, keepdims=True)
        columns |= dict(zip(TARGET_COLUMNS, shares.T, strict=True))
        columns |= dict(zip(VOTES_COLUMNS, votes.T, strict=False))
    return pd.DataFrame(columns)


def _notes(table: pd.DataFrame, labels: EmotionLabels, params: DatasetParameters) -> list[str]:
    notes: list[str] = []
    if labels.unknown:
        told = ", ".join(f"{label!r} {n:,}" for label, n in labels.unknown.items())
        notes.append(
            f"Labels that are none of the eight emotions, whose faces are left out: {told}. "
            f"Say in datasets.{params.name}.labels what they stand for if they are."
        )
    if empty := empty_emotions(table["emotion"].tolist(), params):
        notes.append(
            f"No face shows {', '.join(empty)}: name the emotions that it labels in "
            f"datasets.{params.name}.emotions, or models are scored there over some that nobody "
            "shows."
        )
    return notes
