"""Embeddings by dlib's face-descriptor network."""

from collections.abc import Sequence

import numpy as np

from fer_fairness.embedding.decoding import resized
from fer_fairness.embedding.descriptor_network import (
    CHIP_SIDE_PX,
    DESCRIPTOR_SIZE,
    WIDE_SIZE,
    build_descriptor_network,
)
from fer_fairness.embedding.dlib_files import DESCRIPTOR_FILE, verified_file
from fer_fairness.embedding.images import check_images
from fer_fairness.embedding.protocol import EmbeddedFaces
from fer_fairness.params.embedding import DlibParameters


class DlibEmbedder:
    """dlib's network with 29 convolutions, which three million faces taught to tell persons apart.

    Its input is an aligned face as `alignment.FaceAligner` gives it and FairFace publishes it.

    Attributes:
        name: "dlib".
        dimension: 640, or 128 for the descriptor.
    """

    name = "dlib"

    def __init__(self, params: DlibParameters) -> None:
        """Build the network with its weights.

        Args:
            params: Which of its features, and whether the mirrored face counts.

        Raises:
            InvalidInputError: If the file of the weights is missing or another.
        """
        wide = params.features == "wide"
        self.dimension = WIDE_SIZE if wide else DESCRIPTOR_SIZE
        self._average_mirrored = params.average_mirrored
        self._network = build_descriptor_network(verified_file(DESCRIPTOR_FILE), wide=wide)

    def embed(self, images: Sequence[np.ndarray]) -> EmbeddedFaces:
        """Embed a batch: see `FaceEmbedder.embed`; every image has an embedding."""
        check_images(images)
        chips = np.stack([resized(image, CHIP_SIDE_PX) for image in images])
        embeddings = np.asarray(self._network.predict_on_batch(chips), dtype=np.float32)
        if self._average_mirrored:
            mirrored = np.ascontiguousarray(chips[:, :, ::-1])
            embeddings = (embeddings + np.asarray(self._network.predict_on_batch(mirrored))) / 2
        return embeddings, {}
