import numpy as np
import pytest

from fer_fairness.embedding import embed_images
from fer_fairness.errors import InvalidInputError


class MeanEmbedder:
    """Embeds a face as its mean grey value and that value doubled."""

    name = "mean"
    dimension = 2

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []

    def embed(self, images: np.ndarray) -> np.ndarray:
        self.batch_sizes.append(len(images))
        means = images.mean(axis=(1, 2, 3), dtype=np.float64)
        return np.stack([means, 2 * means], axis=1).astype(np.float32)


class BrokenEmbedder(MeanEmbedder):
    def __init__(self, value: float, dimension: int) -> None:
        super().__init__()
        self._batch = value, dimension

    def embed(self, images: np.ndarray) -> np.ndarray:
        value, dimension = self._batch
        return np.full((len(images), dimension), value, dtype=np.float32)


@pytest.fixture
def images() -> np.ndarray:
    return np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 48, 48, 1), np.uint8)


def test_embeddings_follow_the_order_of_the_index(images: np.ndarray) -> None:
    index = np.array([7, 1, 1, 9, 0])
    embedder = MeanEmbedder()
    embeddings = embed_images(embedder, images, index, batch_size=2, description="Embedding")
    assert embeddings.dtype == np.float32
    np.testing.assert_array_equal(embeddings[:, 0], index)
    assert embedder.batch_sizes == [2, 2, 1]


def test_no_faces_give_no_rows(images: np.ndarray) -> None:
    none = np.array([], dtype=np.int64)
    embeddings = embed_images(MeanEmbedder(), images[:0], none, batch_size=2, description="None")
    assert embeddings.shape == (0, 2)


@pytest.mark.parametrize("index", [[10], [-1]])
def test_an_index_outside_the_images_is_refused(images: np.ndarray, index: list[int]) -> None:
    with pytest.raises(InvalidInputError, match="there are 10 images"):
        embed_images(MeanEmbedder(), images, np.array(index), batch_size=2, description="Outside")


@pytest.mark.parametrize(
    ("embedder", "message"),
    [
        (BrokenEmbedder(float("nan"), 2), "not finite for 3 of 3 faces"),
        (BrokenEmbedder(1.0, 5), r"shape \(3, 5\); expected \(3, 2\)"),
    ],
)
def test_a_broken_embedder_is_found_out(
    images: np.ndarray, embedder: BrokenEmbedder, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        embed_images(embedder, images, np.arange(3), batch_size=3, description="Broken")
