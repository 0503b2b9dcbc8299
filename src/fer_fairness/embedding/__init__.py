"""Face embedders behind one protocol, and sets of faces embedded with them.

`fit_embedder` makes an `EmbedderHandle` of any kind; `embed_faces` embeds `ImageFiles` or
`ImageRows` with it in chunks that outlive a kill.
"""

from fer_fairness.embedding.embedder_network import network_embedder
from fer_fairness.embedding.embedder_training import fit_embedder_network
from fer_fairness.embedding.embedding_cache import Embedded
from fer_fairness.embedding.embedding_run import embed_faces
from fer_fairness.embedding.face_images import FaceImages, ImageFiles, ImageRows, pixel_array
from fer_fairness.embedding.group_labels import held_out_mask
from fer_fairness.embedding.handle import EmbedderHandle, fit_embedder, trained_on_fairface
from fer_fairness.embedding.protocol import EmbedderSource, EmbeddingError, FaceEmbedder

__all__ = [
    "Embedded",
    "EmbedderHandle",
    "EmbedderSource",
    "EmbeddingError",
    "FaceEmbedder",
    "FaceImages",
    "ImageFiles",
    "ImageRows",
    "embed_faces",
    "fit_embedder",
    "fit_embedder_network",
    "held_out_mask",
    "network_embedder",
    "pixel_array",
    "trained_on_fairface",
]
