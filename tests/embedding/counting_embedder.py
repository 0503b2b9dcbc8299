"""An embedder that notes down every face that it embeds; as a program, a run that can be killed."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_fairness.embedding import ImageRows, embed_faces
from fer_fairness.embedding.face_images import DecodedFaces
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition


@dataclass(frozen=True)
class CountingSource:
    """Opens a `CountingEmbedder`, which fails at a face of `faulty_value`."""

    notes: Path
    seconds: float = 0.0
    faulty_value: int = -1
    fingerprint: str = "counting"

    def open(self) -> "CountingEmbedder":
        self.notes.mkdir(exist_ok=True)
        return CountingEmbedder(self)


class CountingEmbedder:
    """Embeds a face as its mean value and the square root of that."""

    name = "counting"
    dimension = 2

    def __init__(self, source: CountingSource) -> None:
        self._source = source

    def embed(self, images: Sequence[np.ndarray]) -> np.ndarray:
        means = np.array([image.mean() for image in images])
        with (self._source.notes / "embedded").open("a") as file:
            file.write("".join(f"{mean:.0f}\n" for mean in means))
        time.sleep(self._source.seconds)
        if self._source.faulty_value in means:
            raise RuntimeError("out of tensors")
        return np.stack([means, np.sqrt(means)], axis=1).astype(np.float32)


class VisibleFaces(ImageRows):
    """Rows of an array; one that is black cannot be decoded."""

    def decode(self, start: int, stop: int, condition: ImageCondition) -> DecodedFaces:
        images, _ = super().decode(start, stop, condition)
        seen = [image if image is not None and image.any() else None for image in images]
        return seen, {place: "it is black" for place, image in enumerate(seen) if image is None}


def values_as_faces(values: Sequence[int]) -> ImageRows:
    """Faces of 2 x 2 pixels, each of one value."""
    pixels = np.array(values, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    return VisibleFaces(pixels, np.arange(len(values)))


if __name__ == "__main__":  # the run that a test kills
    embed_faces(
        CountingSource(Path(sys.argv[1]), seconds=0.1),
        values_as_faces(range(1, 41)),
        ImageCondition(),
        EmbeddingParameters(batch_size=2, chunk_size=4),
        cache_root=Path(sys.argv[2]),
        description="Killed",
    )
