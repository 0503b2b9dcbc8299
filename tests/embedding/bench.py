"""A cache to embed faces into, with an embedder that notes down what it is asked."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tests.embedding.counting_embedder import CountingSource, values_as_faces

from fer_fairness.embedding import Embedded, FaceImages, ImageRows, embed_faces
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition


class Bench:
    """One cache, one counting embedder, and what it has noted down."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        self.notes = folder / "notes"

    def source(self, **options: Any) -> CountingSource:
        return CountingSource(self.notes, **options)

    def faces(self, values: Iterable[int]) -> ImageRows:
        return values_as_faces(list(values))

    def embed(
        self,
        images: FaceImages,
        *,
        source: CountingSource | None = None,
        condition: ImageCondition | None = None,
        **params: Any,
    ) -> Embedded:
        return embed_faces(
            source or self.source(),
            images,
            condition or ImageCondition(),
            EmbeddingParameters(**{"batch_size": 2, "chunk_size": 4, **params}),
            cache_root=self.cache,
            description="Fabricated faces",
        )

    def embedded(self) -> list[int]:
        """Values of the faces embedded since the last call."""
        file = self.notes / "embedded"
        values = [int(line) for line in file.read_text().split()] if file.exists() else []
        file.unlink(missing_ok=True)
        return values


def expected(values: Iterable[int]) -> np.ndarray:
    """What the counting embedder gives for faces of these values."""
    means = np.array(list(values), dtype=np.float64)
    return np.stack([means, np.sqrt(means)], axis=1).astype(np.float32)
