"""Face embedders behind one protocol."""

from fer_fairness.embedding.keras_cnn import KerasEmbedder, fit_keras_embedder
from fer_fairness.embedding.material import held_out_mask
from fer_fairness.embedding.protocol import FaceEmbedder, embed_images

__all__ = [
    "FaceEmbedder",
    "KerasEmbedder",
    "embed_images",
    "fit_keras_embedder",
    "held_out_mask",
]
