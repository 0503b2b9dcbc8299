"""What the compact CNN learns: FairFace's groups as targets, and the faces kept aside for it."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import TrainingSet
from fer_fairness.params.embedding import EmbedderParameters
from fer_fairness.tables import usable
from fer_fairness.taxonomy import FAIRFACE_AGE_GROUPS, FAIRFACE_RACES, GENDERS

HEADS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"race": FAIRFACE_RACES, "gender": GENDERS, "age_group": FAIRFACE_AGE_GROUPS}
)
"""What the network learns to tell apart at once: attribute -> FairFace's groups, in the order of
its outputs."""

MIN_FACES: Final = 20


def held_out_mask(faces: pd.DataFrame, params: EmbedderParameters, seed: int) -> np.ndarray:
    """Which faces the embedder does not learn from although it could.

    The same table, share and seed give the same faces: so the labeller knows which embeddings are
    honest. Test faces and those that are excluded or carry no label are in neither part.

    Args:
        faces: A `faces` table.
        params: Their `held_out_share` is used.
        seed: Decides the draw.

    Returns:
        Boolean `(n,)`, True for a face that is held out.

    Raises:
        InvalidInputError: If fewer than 20 faces could be used.
    """
    candidates = np.flatnonzero(_trainable(faces))
    if len(candidates) < MIN_FACES:
        raise InvalidInputError(
            f"Only {len(candidates)} of {len(faces)} faces can train the face embedder; at least "
            f"{MIN_FACES} are needed, not excluded, not of the test split, with a race, gender or "
            "age group. Put FairFace into data/01_raw/fairface, or run with --env sample."
        )
    n_held_out = max(1, round(params.held_out_share * len(candidates)))
    chosen = np.random.default_rng(seed).permutation(candidates)[:n_held_out]
    mask = np.zeros(len(faces), dtype=bool)
    mask[chosen] = True
    return mask


def split_faces(
    faces: pd.DataFrame,
    images: np.ndarray,
    params: EmbedderParameters,
    seed: int,
    *,
    unreadable: Collection[int] = (),
) -> tuple[TrainingSet, TrainingSet]:
    """The faces the embedder learns from, and those of `held_out_mask`.

    Args:
        faces: A `faces` table.
        images: What its `image_index` points into.
        params: As for `held_out_mask`.
        seed: As for `held_out_mask`.
        unreadable: Values of `image_index` without an image: such faces are in neither part. The
            draw is made before they are left out, so that it depends on the table alone.

    Returns:
        Both parts, with the targets of `group_targets`.

    Raises:
        InvalidInputError: As for `held_out_mask` and `group_targets`, and if a part has no readable
            face.
    """
    held_out = held_out_mask(faces, params, seed)
    readable = ~faces["image_index"].isin(list(unreadable)).to_numpy(dtype=bool)
    learned, kept_aside = _trainable(faces) & ~held_out & readable, held_out & readable
    if not (learned.any() and kept_aside.any()):
        raise InvalidInputError(
            f"Of the faces to train the embedder on {int(learned.sum())}, and of those held out "
            f"{int(kept_aside.sum())} have an image that can be read; {len(unreadable)} have none. "
            "Put FairFace's images into data/01_raw/fairface again."
        )
    return _training_set(faces[learned], images), _training_set(faces[kept_aside], images)


def group_targets(faces: pd.DataFrame) -> np.ndarray:
    """One column a group of each of `HEADS`: 1 where a face is of that group, else 0.

    A face without a label of an attribute has only zeros there.

    Returns:
        float32 `(n, 18)`.

    Raises:
        InvalidInputError: If a label is none of FairFace's.
    """
    columns = []
    for attribute, groups in HEADS.items():
        unknown = (faces[attribute].notna() & ~faces[attribute].isin(groups)).to_numpy(dtype=bool)
        if unknown.any():
            row = faces[unknown].iloc[0]
            raise InvalidInputError(
                f"Face {row['sample_id']} has {attribute} {row[attribute]!r}; the embedder learns "
                f"from FairFace's groups: {', '.join(groups)}."
            )
        columns += [faces[attribute].isin([group]) for group in groups]
    return np.stack(columns, axis=1).astype(np.float32)


def _training_set(faces: pd.DataFrame, images: np.ndarray) -> TrainingSet:
    index = faces["image_index"].to_numpy(dtype=np.int64)
    return TrainingSet(images, index, group_targets(faces))


def _trainable(faces: pd.DataFrame) -> np.ndarray:
    labelled = faces[list(HEADS)].notna().any(axis=1)
    return (usable(faces) & (faces["split"] != "test") & labelled).to_numpy(dtype=bool)
