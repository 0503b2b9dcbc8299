"""Arrays as `.npy` files, read through the memory map."""

from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from kedro.io.core import DatasetError

from fer_fairness.datasets.local_file import LocalFileDataset

_MAGIC: Final = b"\x93NUMPY"


class NumpyArrayDataset(LocalFileDataset[np.ndarray]):
    """A NumPy array in a `.npy` file, never a pickle.

    By default `load` gives a read-only `numpy.memmap`: a hundred thousand faces cost no memory
    until they are looked at, and no node can change the array of another. The array may have any
    shape, also no rows, and any dtype but object (structured ones with fixed-width text are fine).

    Example of a catalog entry:
        ```yaml
        images:
          type: fer_fairness.datasets.NumpyArrayDataset
          filepath: data/03_primary/images.npy
          load_args: {mmap_mode: null}  # into memory instead
        ```
    """

    HOLDS = np.ndarray
    SUFFIX = ".npy"
    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {"mmap_mode": "r"}

    def _read(self, path: Path) -> np.ndarray:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
        if head != _MAGIC:  # NumPy would take it for a pickle, and say how to open one
            raise ValueError(f"it begins with {head!r}, which no array does")
        array: np.ndarray = np.load(path, allow_pickle=False, **self._load_args)
        return array

    def _write(self, data: np.ndarray, path: Path) -> None:
        if data.dtype.hasobject:
            raise DatasetError(
                f"The array for {self.filepath} has dtype {data.dtype}, which only a pickle could "
                "hold. Convert it to numbers, or text to a fixed-width dtype such as 'U16'."
            )
        np.save(path, data, allow_pickle=False, **self._save_args)
