"""A cache to embed faces into, with an embedder that notes down what it is asked."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_fairness.embedding import Embedded, FaceImages, ImageRows, embed_faces
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition

if TYPE_CHECKING:
    from tests.embedding.counting_embedder import CountingSource


class Bench:
    """One cache, one counting embedder, and what it has noted down."""

    def __init__(self, folder: Path, module: Any) -> None:
        self.cache = folder / "cache"
        self.notes = folder / "notes"
        self._module = module

    def source(self, **options: Any) -> "CountingSource":
        source: CountingSource = self._module.CountingSource(self.notes, **options)
        return source

    def faces(self, values: Any) -> ImageRows:
        rows: ImageRows = self._module.values_as_faces(list(values))
        return rows

    def embed(
        self,
        images: FaceImages,
        *,
        source: "CountingSource | None" = None,
        condition: ImageCondition | None = None,
        **params: Any,
    ) -> Embedded:
        return embed_faces(
            source or self.source(),
            images,
            condition or ImageCondition(),
            EmbeddingParameters(**{"batch_size": 2, "chunk_size": 4, "n_processes": 1, **params}),
            cache_root=self.cache,
            description="Fabricated faces",
        )

    def embedded(self) -> list[int]:
        """Values of the faces embedded since the last call."""
        file = self.notes / "embedded"
        values = [int(line) for line in file.read_text().split()] if file.exists() else []
        file.unlink(missing_ok=True)
        return values

    def processes(self) -> set[int]:
        lines = (self.notes / "opened").read_text().splitlines()
        return {int(line.split()[0]) for line in lines}


def expected(values: Any) -> np.ndarray:
    """What the counting embedder gives for faces of these values."""
    means = np.array(list(values), dtype=np.float64)
    return np.stack([means, np.sqrt(means)], axis=1).astype(np.float32)
