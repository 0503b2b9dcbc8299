"""An array that grows in a file and not in memory, with its room on the disk reserved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fer_fairness.files import reserve


def new_array_file(
    path: Path, dtype: npt.DTypeLike, shape: Sequence[int], *, told_as: Path
) -> "np.memmap[Any, np.dtype[Any]]":
    """Make a `.npy` file of zeros and map it into memory, to be written to.

    Args:
        path: The file; one that is there is replaced.
        dtype: Of the array; no objects.
        shape: Of the array; may have no rows.
        told_as: What a message calls the file.

    Returns:
        The map. What is written to it finds its room on the disk.

    Raises:
        DiskFullError: There is not so much room.
    """
    kind = np.dtype(dtype)
    header = {
        "descr": np.lib.format.dtype_to_descr(kind),
        "fortran_order": False,
        "shape": tuple(shape),
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        n_bytes = file.tell() + kind.itemsize * int(np.prod(shape, dtype=np.int64))
    reserve(path, n_bytes, told_as=told_as)
    return np.lib.format.open_memmap(path, mode="r+")
