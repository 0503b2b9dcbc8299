"""What every face embedder offers, and a check of what it gives."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fer_fairness.errors import FerFairnessError, InvalidInputError

EmbeddedFaces = tuple[np.ndarray, dict[int, str]]
"""Embeddings, float32 `(n, dimension)`, and by position why a row is NaN."""


class EmbeddingError(FerFairnessError):
    """A process that embeds faces failed, for a reason that lies in no input."""


class FaceEmbedder(Protocol):
    """Turns faces into vectors: the place where another network can be put in."""

    @property
    def name(self) -> str:
        """What the embedder is called in messages."""
        ...

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        ...

    def embed(self, images: Sequence[np.ndarray]) -> EmbeddedFaces:
        """Embed a batch.

        Args:
            images: Faces, uint8 `(height, width, 3)` of any size each; at least one.

        Returns:
            Embeddings, float32 `(n, dimension)`, and by position the faces that could not be
            embedded with the reason; their rows are NaN.
        """
        ...


class EmbedderSource(Protocol):
    """Something small that can be sent to another process and opens an embedder there.

    `EmbedderHandle` is the one of this project.
    """

    @property
    def fingerprint(self) -> str:
        """A text that differs whenever the embeddings could."""
        ...

    @property
    def default_processes(self) -> int:
        """How many processes embed fastest on this machine."""
        ...

    def open(self, *, n_threads: int | None = None) -> FaceEmbedder:
        """Load the embedder; None: it uses all cores."""
        ...


def embed_batch(embedder: FaceEmbedder, images: Sequence[np.ndarray]) -> EmbeddedFaces:
    """Embed a batch and check the result.

    Args:
        embedder: The embedder.
        images: As for `FaceEmbedder.embed`; may be empty.

    Returns:
        What the embedder gave.

    Raises:
        InvalidInputError: If the embedder gives another shape than it says, or values that are not
            finite for a face that it does not list.
    """
    if not images:
        return np.empty((0, embedder.dimension), dtype=np.float32), {}
    embeddings, problems = embedder.embed(images)
    expected = (len(images), embedder.dimension)
    if embeddings.shape != expected:
        raise InvalidInputError(
            f"Embedder {embedder.name} gave an array of shape {embeddings.shape}; expected "
            f"{expected}."
        )
    wrong = set(np.flatnonzero(~np.isfinite(embeddings).all(axis=1)).tolist()) - set(problems)
    if wrong:
        raise InvalidInputError(
            f"Embedder {embedder.name} gave values that are not finite for {len(wrong)} of "
            f"{len(images)} faces of a batch. Where it was trained here, its training diverged: "
            "lower its learning rate and train it again."
        )
    return embeddings, problems
