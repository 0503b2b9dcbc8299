from collections.abc import Sequence

import numpy as np
import pytest

from fer_fairness.embedding.protocol import embed_batch
from fer_fairness.errors import InvalidInputError

FACES = [np.zeros((4, 4, 3), np.uint8)] * 3


class GivenEmbedder:
    """Gives what it is told to."""

    name = "given"
    dimension = 2

    def __init__(self, embeddings: np.ndarray) -> None:
        self._given = embeddings.astype(np.float32)

    def embed(self, images: Sequence[np.ndarray]) -> np.ndarray:
        assert images
        return self._given


def test_no_faces_give_no_rows_without_the_embedder() -> None:
    assert embed_batch(GivenEmbedder(np.ones((3, 2))), []).shape == (0, 2)


@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        (np.array([[1, np.nan], [1, 1], [np.inf, 1]]), "not finite for 2 of 3 faces"),
        (np.ones((3, 5)), r"shape \(3, 5\); expected \(3, 2\)"),
        (np.ones((2, 2)), r"shape \(2, 2\); expected \(3, 2\)"),
    ],
)
def test_a_broken_embedder_is_found_out(embeddings: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        embed_batch(GivenEmbedder(embeddings), FACES)
