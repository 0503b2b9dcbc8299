from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from kedro.io.core import DatasetError

from fer_fairness.datasets import NumpyArrayDataset

SHAPES = array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)


@settings(deadline=None)
@given(
    array=st.one_of(arrays("uint8", SHAPES), arrays("float32", SHAPES), arrays("U5", SHAPES)),
)
def test_any_array_comes_back_as_it_was(
    array: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dataset = NumpyArrayDataset(filepath=str(tmp_path_factory.mktemp("array") / "array.npy"))
    dataset.save(array)
    loaded = dataset.load()
    assert loaded.dtype == array.dtype
    np.testing.assert_array_equal(loaded, array)


def test_the_map_is_read_only(tmp_path: Path) -> None:
    dataset = NumpyArrayDataset(filepath=str(tmp_path / "images.npy"))
    dataset.save(np.zeros((2, 48, 48, 1), np.uint8))
    images = dataset.load()
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 1


def test_an_array_without_rows_is_mapped(tmp_path: Path) -> None:
    dataset = NumpyArrayDataset(filepath=str(tmp_path / "images.npy"))
    dataset.save(np.zeros((0, 48, 48, 1), np.uint8))
    assert dataset.load().shape == (0, 48, 48, 1)


def test_without_the_map_the_array_may_be_changed(tmp_path: Path) -> None:
    dataset = NumpyArrayDataset(filepath=str(tmp_path / "array.npy"), load_args={"mmap_mode": None})
    dataset.save(np.zeros(3))
    array = dataset.load()
    array[0] = 1
    assert dataset.load()[0] == 0


def test_a_mapped_array_survives_its_own_replacement(tmp_path: Path) -> None:
    dataset = NumpyArrayDataset(filepath=str(tmp_path / "array.npy"))
    dataset.save(np.arange(5))
    before = dataset.load()
    dataset.save(before[::-1])
    np.testing.assert_array_equal(before, np.arange(5))
    np.testing.assert_array_equal(dataset.load(), np.arange(5)[::-1])


def test_objects_are_refused_with_the_dtype_to_use(tmp_path: Path) -> None:
    dataset = NumpyArrayDataset(filepath=str(tmp_path / "array.npy"))
    with pytest.raises(DatasetError, match="fixed-width"):
        dataset.save(np.array(["white", None], dtype=object))


def test_pickle_cannot_be_asked_for(tmp_path: Path) -> None:
    path = str(tmp_path / "a.npy")
    NumpyArrayDataset(filepath=path).save(np.zeros(1))
    with pytest.raises(DatasetError, match="multiple values for keyword argument 'allow_pickle'"):
        NumpyArrayDataset(filepath=path, load_args={"allow_pickle": True}).load()


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"must end in \.npy"):
        NumpyArrayDataset(filepath=str(tmp_path / "array.npz"))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    path.write_bytes(b"not an array")
    with pytest.raises(DatasetError, match=r"array\.npy"):
        NumpyArrayDataset(filepath=str(path)).load()
