"""What every face embedder offers, and how a whole set of faces is embedded with it."""

from typing import Protocol

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.progress import track


class FaceEmbedder(Protocol):
    """Turns faces into vectors: the place where another network can be put in.

    Attributes:
        name: What the embedder is called in messages.
        dimension: Length of an embedding.
    """

    name: str
    dimension: int

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Embed a batch.

        Args:
            images: Grey faces, uint8 `(n, 48, 48, 1)`, n at least 1.

        Returns:
            Embeddings, float32 `(n, dimension)`.
        """
        ...


def embed_images(
    embedder: FaceEmbedder,
    images: np.ndarray,
    image_index: np.ndarray,
    *,
    batch_size: int,
    description: str,
) -> np.ndarray:
    """Embed the named images batch by batch, so that a memory map is never read at once.

    Args:
        embedder: The embedder.
        images: All images, uint8 `(m, 48, 48, 1)`.
        image_index: Rows of `images` to embed, int64 `(n,)`; may be empty.
        batch_size: Images in a batch.
        description: What the progress bar says.

    Returns:
        Embeddings in the order of `image_index`, float32 `(n, dimension)`.

    Raises:
        InvalidInputError: If an index lies outside `images`, or the embedder gives another shape
            than it says or values that are not finite.
    """
    if len(image_index) and not (image_index.min() >= 0 and image_index.max() < len(images)):
        raise InvalidInputError(
            f"image_index goes from {image_index.min()} to {image_index.max()}, but there are "
            f"{len(images)} images. The table and the array belong to different runs: make both "
            "again."
        )
    embeddings = np.empty((len(image_index), embedder.dimension), dtype=np.float32)
    starts = range(0, len(image_index), batch_size)
    for start in track(starts, description=description):
        rows = image_index[start : start + batch_size]
        batch = embedder.embed(np.ascontiguousarray(images[rows]))
        _check_batch(batch, embedder, len(rows))
        embeddings[start : start + len(rows)] = batch
    return embeddings


def _check_batch(batch: np.ndarray, embedder: FaceEmbedder, n_faces: int) -> None:
    expected = (n_faces, embedder.dimension)
    if batch.shape != expected:
        raise InvalidInputError(
            f"Embedder {embedder.name} gave an array of shape {batch.shape}; expected {expected}."
        )
    if not np.isfinite(batch).all():
        n_wrong = int((~np.isfinite(batch)).any(axis=1).sum())
        raise InvalidInputError(
            f"Embedder {embedder.name} gave values that are not finite for {n_wrong} of {n_faces} "
            "faces of a batch: its training diverged. Lower its learning rate and train it again."
        )
