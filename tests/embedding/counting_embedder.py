"""An embedder that other processes can import, which notes down every batch that it embeds."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_fairness.embedding import ImageRows, embed_faces
from fer_fairness.embedding.protocol import EmbeddedFaces
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition


@dataclass(frozen=True)
class CountingSource:
    """Opens a `CountingEmbedder`; `fault` is what goes wrong at a face of `faulty_value`."""

    notes: Path
    seconds: float = 0.0
    fault: str = ""
    faulty_value: int = -1
    fingerprint: str = "counting"
    default_processes: int = 1

    def open(self, *, n_threads: int | None = None) -> "CountingEmbedder":
        self.notes.mkdir(exist_ok=True)
        with (self.notes / "opened").open("a") as file:
            file.write(f"{os.getpid()} {n_threads}\n")
        return CountingEmbedder(self)


class CountingEmbedder:
    """Embeds a face as its mean value and the square root of that."""

    name = "counting"
    dimension = 2

    def __init__(self, source: CountingSource) -> None:
        self._source = source

    def embed(self, images: Sequence[np.ndarray]) -> EmbeddedFaces:
        means = np.array([image.mean() for image in images])
        with (self._source.notes / "embedded").open("a") as file:
            file.write("".join(f"{mean:.0f}\n" for mean in means))
        time.sleep(self._source.seconds)
        if self._source.faulty_value in means:
            fail(self._source.fault)
        embeddings = np.stack([means, np.sqrt(means)], axis=1).astype(np.float32)
        black = [position for position, mean in enumerate(means) if mean == 0]
        embeddings[black] = np.nan
        return embeddings, dict.fromkeys(black, "it is black")


def fail(fault: str) -> None:
    if fault == "own":
        raise InvalidInputError("The face is upside down.")
    if fault == "other":
        raise RuntimeError("out of tensors")
    if fault == "death":
        os._exit(7)


def values_as_faces(values: Sequence[int]) -> ImageRows:
    """Faces of 2 x 2 pixels, each of one value."""
    pixels = np.array(values, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    return ImageRows(pixels, np.arange(len(values)))


if __name__ == "__main__":  # the run that a test kills
    embed_faces(
        CountingSource(Path(sys.argv[1]), seconds=0.1),
        values_as_faces(range(1, 41)),
        ImageCondition(),
        EmbeddingParameters(batch_size=2, chunk_size=4, n_processes=int(sys.argv[3])),
        cache_root=Path(sys.argv[2]),
        description="Killed",
    )
