"""What the embedder is trained on: which faces, their labels as codes, and their variations."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from PIL import Image

from fer_fairness.embedding.architecture import HEADS
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import EmbedderParameters
from fer_fairness.tables import usable

MIN_FACES: Final = 20
DEGRADED_SIDE_PX: Final = 48
"""Side of FER2013's images, to which `degrade` shrinks."""


@dataclass(frozen=True)
class LabelledFaces:
    """Faces with their labels as the network sees them.

    Attributes:
        image_index: Rows of the image array, int64 `(n,)`.
        codes: attribute -> position of the label in `HEADS`, int64 `(n,)`; 0 where there is none.
        weights: attribute -> 1 where there is a label, else 0, float32 `(n,)`. A label that is
            missing so adds nothing to the loss.
    """

    image_index: np.ndarray
    codes: Mapping[str, np.ndarray]
    weights: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.image_index)


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
        InvalidInputError: If fewer than 20 faces could be used, or a label is unknown.
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
    params: EmbedderParameters,
    seed: int,
    *,
    unreadable: Collection[int] = (),
) -> tuple[LabelledFaces, LabelledFaces]:
    """The faces the embedder learns from, and those of `held_out_mask`.

    Args:
        faces: A `faces` table.
        params: As for `held_out_mask`.
        seed: As for `held_out_mask`.
        unreadable: Values of `image_index` without an image: such faces are in neither part. The
            draw is made before they are left out, so that it depends on the table alone.

    Returns:
        Both parts.

    Raises:
        InvalidInputError: As for `held_out_mask`, and if a part has no readable face.
    """
    held_out = held_out_mask(faces, params, seed)
    readable = ~faces["image_index"].isin(list(unreadable)).to_numpy(dtype=bool)
    parts = _trainable(faces) & ~held_out & readable, held_out & readable
    if not (parts[0].any() and parts[1].any()):
        raise InvalidInputError(
            f"Of the faces to train the embedder on {int(parts[0].sum())}, and of those held out "
            f"{int(parts[1].sum())} have an image that can be read; {len(unreadable)} have none. "
            "Put FairFace's images into data/01_raw/fairface again."
        )
    return _encode(faces[parts[0]]), _encode(faces[parts[1]])


def varied_batches(
    faces: LabelledFaces,
    images: np.ndarray,
    params: EmbedderParameters,
    generator: np.random.Generator,
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """One pass over the faces in random order, each mirrored by chance and shifted a little.

    A share of `params.degraded_share` is made to look like FER2013's images too.

    Yields:
        Images uint8 `(b, side, side, channels)`, codes and weights by attribute. The last, smaller
        batch is given too: its share in a pass is small.
    """
    order = generator.permutation(len(faces))
    for start in range(0, len(order), params.batch_size):
        rows = order[start : start + params.batch_size]
        batch = vary(images[faces.image_index[rows]], params.max_shift_px, generator)
        if params.degraded_share > 0:
            batch = degrade(batch, params.degraded_share, generator)
        yield (
            batch,
            {name: codes[rows] for name, codes in faces.codes.items()},
            {name: weights[rows] for name, weights in faces.weights.items()},
        )


def vary(images: np.ndarray, max_shift_px: int, generator: np.random.Generator) -> np.ndarray:
    """Mirror a random half of the images and shift each by up to `max_shift_px` on both axes.

    Pixels that a shift uncovers repeat the edge. Needs, and gives, uint8 `(n, height, width,
    channels)`.
    """
    n_images, height, width, _ = images.shape
    mirror = generator.random(size=(n_images, 1, 1, 1)) < 0.5
    mirrored = np.where(mirror, images[:, :, ::-1], images)
    margin = (max_shift_px, max_shift_px)
    padded = np.pad(mirrored, ((0, 0), margin, margin, (0, 0)), mode="edge")
    offsets = generator.integers(0, 2 * max_shift_px + 1, size=(2, n_images, 1))
    rows, columns = offsets[0] + np.arange(height), offsets[1] + np.arange(width)
    varied: np.ndarray = padded[
        np.arange(n_images)[:, None, None], rows[:, :, None], columns[:, None, :]
    ]
    return varied


def degrade(images: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """Make a random share of the images grey, and shrink them to 48 pixels and back.

    So a network for large colour images also learns from faces as FER2013 has them. Needs, and
    gives, uint8 `(n, height, width, 1 or 3)`.
    """
    degraded = images.copy()
    height, width, channels = images.shape[1:]
    for position in np.flatnonzero(generator.random(len(images)) < share):
        face = images[position]
        picture = Image.fromarray(face if channels == 3 else face[:, :, 0]).convert("L")
        for size in ((DEGRADED_SIDE_PX, DEGRADED_SIDE_PX), (width, height)):
            picture = picture.resize(size, Image.Resampling.BILINEAR)
        degraded[position] = np.asarray(picture)[:, :, None]
    return degraded


def _trainable(faces: pd.DataFrame) -> np.ndarray:
    labelled = faces[list(HEADS)].notna().any(axis=1)
    return (usable(faces) & (faces["split"] != "test") & labelled).to_numpy(dtype=bool)


def _encode(faces: pd.DataFrame) -> LabelledFaces:
    codes, weights = {}, {}
    for attribute, groups in HEADS.items():
        positions = pd.Index(groups).get_indexer(pd.Index(faces[attribute]))
        labelled = faces[attribute].notna().to_numpy(dtype=bool)
        _refuse_unknown(faces, attribute, labelled & (positions < 0))
        codes[attribute] = np.where(labelled, positions, 0).astype(np.int64)
        weights[attribute] = labelled.astype(np.float32)
    return LabelledFaces(faces["image_index"].to_numpy(dtype=np.int64), codes, weights)


def _refuse_unknown(faces: pd.DataFrame, attribute: str, unknown: np.ndarray) -> None:
    if unknown.any():
        row = faces[unknown].iloc[0]
        raise InvalidInputError(
            f"Face {row['sample_id']} has {attribute} {row[attribute]!r}; the embedder learns from "
            f"FairFace's groups: {', '.join(HEADS[attribute])}."
        )
