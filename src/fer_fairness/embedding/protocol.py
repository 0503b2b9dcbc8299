"""What every face embedder offers, a check of what it gives, and embedders that are networks."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from fer_fairness.embedding.face_images import pixel_block
from fer_fairness.errors import FerFairnessError, InvalidInputError

Network = Callable[[np.ndarray], np.ndarray]
"""From a block of images, uint8 `(n, side, side, 3 or 1)`, to one row of numbers an image."""


class EmbeddingError(FerFairnessError):
    """Faces could not be embedded, for a reason that lies in no input."""


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

    def embed(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Embed a batch.

        Args:
            images: Faces, uint8 `(height, width, 3)` of any size each; at least one.

        Returns:
            float32 `(n, dimension)`.
        """
        ...


class EmbedderSource(Protocol):
    """Something that is cheap to have and opens an embedder, such as an `EmbedderHandle`."""

    @property
    def fingerprint(self) -> str:
        """A text that differs whenever the embeddings could."""
        ...

    def open(self) -> FaceEmbedder:
        """Load the embedder."""
        ...


class NetworkEmbedder:
    """A `FaceEmbedder` around a network, to whose size every face is brought.

    Attributes:
        name: What the embedder is called in messages.
        dimension: Length of an embedding.
    """

    def __init__(
        self,
        network: Network,
        *,
        name: str,
        dimension: int,
        side_px: int,
        colour: bool,
        average_mirrored: bool,
    ) -> None:
        """Take the network as it is.

        Args:
            network: The network.
            name: What the embedder is called in messages.
            dimension: Numbers that the network gives an image.
            side_px: Height and width of its images.
            colour: Whether they have three channels.
            average_mirrored: Whether to embed the mirrored face too and give the mean, which a
                face and its mirror image then share, for twice the time.
        """
        self.name = name
        self.dimension = dimension
        self._network = network
        self._side_px = side_px
        self._colour = colour
        self._average_mirrored = average_mirrored

    def embed(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Embed a batch: see `FaceEmbedder.embed`."""
        block = pixel_block(images, self._side_px, colour=self._colour)
        embeddings = np.array(self._network(block), dtype=np.float32)
        if self._average_mirrored:
            mirrored = np.ascontiguousarray(block[:, :, ::-1])
            embeddings += np.asarray(self._network(mirrored), dtype=np.float32)
            embeddings /= 2
        return embeddings


def embed_batch(embedder: FaceEmbedder, images: Sequence[np.ndarray]) -> np.ndarray:
    """Embed a batch, which may be empty, and check the result: float32 `(n, dimension)`.

    Raises:
        InvalidInputError: If the embedder gives another shape than it says, or values that are not
            finite.
    """
    if not images:
        return np.empty((0, embedder.dimension), dtype=np.float32)
    embeddings = embedder.embed(images)
    expected = (len(images), embedder.dimension)
    if embeddings.shape != expected:
        raise InvalidInputError(
            f"Embedder {embedder.name} gave an array of shape {embeddings.shape}; expected "
            f"{expected}."
        )
    n_wrong = int((~np.isfinite(embeddings)).any(axis=1).sum())
    if n_wrong:
        raise InvalidInputError(
            f"Embedder {embedder.name} gave values that are not finite for {n_wrong} of "
            f"{len(images)} faces of a batch. Where it was trained here, its training diverged: "
            "lower its learning rate and train it again."
        )
    return embeddings
