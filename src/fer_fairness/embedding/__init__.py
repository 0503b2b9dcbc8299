"""Face embedders behind one protocol, and sets of faces embedded with them.

`fit_embedder` makes an `EmbedderHandle` of any kind; `embed_faces` embeds `ImageFiles` or
`ImageRows` with it in chunks that outlive a kill.
"""

from fer_fairness.embedding.chunks import Embedded
from fer_fairness.embedding.embedding_run import embed_faces
from fer_fairness.embedding.handle import EmbedderHandle, fit_embedder, trained_on_fairface
from fer_fairness.embedding.images import FaceChunk, FaceImages, ImageFiles, ImageRows
from fer_fairness.embedding.keras_cnn import KerasEmbedder, fit_keras_embedder
from fer_fairness.embedding.material import held_out_mask
from fer_fairness.embedding.pixels import pixel_array
from fer_fairness.embedding.protocol import EmbedderSource, EmbeddingError, FaceEmbedder

__all__ = [
    "Embedded",
    "EmbedderHandle",
    "EmbedderSource",
    "EmbeddingError",
    "FaceChunk",
    "FaceEmbedder",
    "FaceImages",
    "ImageFiles",
    "ImageRows",
    "KerasEmbedder",
    "embed_faces",
    "fit_embedder",
    "fit_keras_embedder",
    "held_out_mask",
    "pixel_array",
    "trained_on_fairface",
]
