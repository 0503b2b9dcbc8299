from pathlib import Path

import numpy as np
import pytest

from fer_fairness.embedding import ImageRows, pixel_array
from fer_fairness.embedding.array_file import new_array_file
from fer_fairness.embedding.embedding_cache import EmbeddingCache
from fer_fairness.errors import DiskFullError


@pytest.mark.parametrize("shape", [(3, 4, 5, 1), (0, 7), (1,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_what_is_written_to_the_map_is_what_numpy_loads(
    shape: tuple[int, ...], dtype: type, tmp_path: Path
) -> None:
    path = tmp_path / "a.npy"
    array = new_array_file(path, dtype, shape, told_as=path)
    assert array.shape == shape
    assert not array.any()
    array[:] = 7
    array.flush()
    np.testing.assert_array_equal(np.load(path), np.full(shape, 7, dtype))


@pytest.mark.usefixtures("largest_file")
class TestWithoutRoom:
    """A map without room would end the process with a "Bus error" as it is written to."""

    def test_pixels_are_refused_and_the_older_ones_stay(self, tmp_path: Path) -> None:
        faces = np.full((2, 48, 48, 1), 9, dtype=np.uint8)
        few = ImageRows(faces, np.array([0, 1]))
        many = ImageRows(faces, np.zeros(100, dtype=np.int64))
        path = tmp_path / "pixels.npy"
        pixel_array(few, side_px=48, colour=False, out_path=path)
        with pytest.raises(DiskFullError, match=f"no room for {path}: .*231 kB are needed"):
            pixel_array(many, side_px=48, colour=False, out_path=path)
        assert (np.load(path) == 9).all()
        assert list(tmp_path.iterdir()) == [path]

    def test_embeddings_are_refused_and_their_chunks_stay(self, tmp_path: Path) -> None:
        cache = EmbeddingCache(tmp_path, n_faces=400, chunk_size=100)
        for number in range(4):
            cache.write_chunk(number, (np.ones((100, 128), dtype=np.float32), {}))
        with pytest.raises(DiskFullError, match=r"embeddings\.npy: .*205 kB are needed"):
            cache.join()
        assert cache.read_chunk(3) is not None
