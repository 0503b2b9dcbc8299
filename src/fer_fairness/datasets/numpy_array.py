"""Arrays as `.npy` files, read through the memory map."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from kedro.io.core import DatasetError, Version

from fer_fairness.datasets._file import FileDataset


class NumpyArrayDataset(FileDataset[np.ndarray]):
    """A NumPy array in a `.npy` file, without pickle.

    By default `load` gives a read-only `numpy.memmap`: a hundred thousand faces cost no memory
    until they are looked at, and no node can change the array of another. The array may have any
    shape, also no rows, and any dtype but object (structured ones with fixed-width text are fine).

    Example of a catalog entry:
        ```yaml
        images:
          type: fer_fairness.datasets.NumpyArrayDataset
          filepath: data/03_primary/images.npy
        ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        memory_map: bool = True,
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Make the dataset; no file is touched yet.

        Args:
            filepath: The `.npy` file on a local disk.
            memory_map: Whether to read through a read-only memory map instead of into memory.
            load_args: Further arguments of `numpy.load`.
            save_args: Further arguments of `numpy.save`.
            version: Given by Kedro where the catalog says `versioned: true`.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.

        Raises:
            DatasetError: If the file is not `.npy`, or pickle is asked for.
        """
        super().__init__(
            filepath=filepath,
            load_args=load_args,
            save_args=save_args,
            version=version,
            metadata=metadata,
        )
        if self.filepath.suffix != ".npy":
            raise DatasetError(f"{filepath} must end in .npy: that is the format it is saved in.")
        for arguments in (self._load_args, self._save_args):
            if arguments.pop("allow_pickle", False):
                raise DatasetError(
                    f"allow_pickle is set for {filepath}, but a pickle can run any code when it is "
                    "loaded. Remove it; save text as a fixed-width dtype such as 'U16'."
                )
        self._memory_map = memory_map

    def _read(self, path: Path) -> np.ndarray:
        mode: Literal["r"] | None = "r" if self._memory_map else None
        array: np.ndarray = np.load(path, mmap_mode=mode, allow_pickle=False, **self._load_args)
        return array

    def _write(self, data: np.ndarray, path: Path) -> None:
        if not isinstance(data, np.ndarray):
            raise DatasetError(
                f"{self.filepath} keeps a NumPy array, but a {type(data).__name__} was to be saved."
            )
        if data.dtype.hasobject:
            raise DatasetError(
                f"The array for {self.filepath} has dtype {data.dtype}, which only a pickle could "
                "hold. Convert it to numbers, or text to a fixed-width dtype such as 'U16'."
            )
        np.save(path, data, allow_pickle=False, **self._save_args)

    def _describe(self) -> dict[str, Any]:
        return {**super()._describe(), "memory_map": self._memory_map}
