"""An HDF5 file of weights: what it links to and declares is looked at before values are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.keras_file.damage import reading
from fer_fairness.modeling.keras_file.limits import HDF5_DEPTH, HDF5_OBJECTS, refuse_larger

_NUMBERS: Final = "biufV"  # V: bfloat16
# deflate, shuffle, checksum, szip, LZF. For others HDF5 looks for plug-ins to load.
_FILTERS: Final = frozenset({1, 2, 3, 4, 32000})


@contextmanager
def checked_hdf5(file_path: Path, path: Path, part: str) -> Iterator[Any]:
    """Open an HDF5 file for a block, once everything in it is known to be in it.

    HDF5 may keep values in other files of the machine (external links, external storage, virtual
    datasets), declare arrays that it does not hold, and link a group into itself.

    Args:
        file_path: The HDF5 file.
        path: The file that the user named: the same, or the archive that it was taken from. Its
            size decides how much may be declared.
        part: What the HDF5 file is of that, for messages.

    Yields:
        The open `h5py.File`.

    Raises:
        InvalidInputError: It is damaged, refers to other files, uses other filters than Keras, or
            declares more than its size allows.
    """
    import h5py

    with reading(path, part), h5py.File(file_path, "r") as file:
        declared = sum(_declared_bytes(name, item, path, part) for name, item in _visit(file, path))
        refuse_larger(declared, path, part)
        yield file


def n_stored_values(file: Any) -> int:  # noqa: ANN401 - h5py has no types
    """Numbers in all arrays of a checked file or group."""
    found: list[int] = []
    file.visititems(lambda _, item: found.append(getattr(item, "size", 0)))
    return sum(found)


def attribute_values(group: Any, name: str) -> Any:  # noqa: ANN401 - h5py has no types
    """An attribute's value, refused with ValueError if it is a list of absurd length."""
    shape = group.attrs.get_id(name).shape or ()
    if int(np.prod(shape, dtype=object)) > HDF5_OBJECTS:
        raise ValueError(f"attribute {name} has {shape} values")
    return group.attrs[name]


def _visit(file: Any, path: Path) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - as above
    """Name and array of every link; a group is entered once."""
    import h5py

    waiting, seen, n_found = [("", file, 0)], set(), 0
    while waiting:
        prefix, group, depth = waiting.pop()
        address = h5py.h5o.get_info(group.id).addr
        if address in seen or depth > HDF5_DEPTH:
            raise InvalidInputError(
                f"{path}: the group {prefix or '/'!r} is linked twice or nested more than "
                f"{HDF5_DEPTH} deep, which Keras does not write. Save the model again."
            )
        seen.add(address)
        for name in group:
            n_found += 1
            _refuse_link(group, name, f"{prefix}/{name}", path)
            item = group[name]
            if isinstance(item, h5py.Group):
                waiting.append((f"{prefix}/{name}", item, depth + 1))
            else:
                yield f"{prefix}/{name}", item
        if n_found > HDF5_OBJECTS:
            raise InvalidInputError(
                f"{path} has more than {HDF5_OBJECTS:,} arrays and groups: save the model again."
            )


def _refuse_link(group: Any, name: str, full_name: str, path: Path) -> None:  # noqa: ANN401
    import h5py

    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise InvalidInputError(
            f"{path}: {full_name!r} is a link ({type(link).__name__}), by which a file reads "
            "other files of this machine; it was not followed. Do not use this file."
        )


def _declared_bytes(name: str, item: Any, path: Path, part: str) -> int:  # noqa: ANN401
    import h5py

    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in _NUMBERS:
        raise InvalidInputError(
            f"{path}: {name!r} in {part} is no array of numbers. Save the model again."
        )
    if item.is_virtual or item.external:
        raise InvalidInputError(
            f"{path}: the values of {name!r} lie in another file of this machine, which was not "
            "read. Do not use this file."
        )
    created = item.id.get_create_plist()
    filters = {created.get_filter(number)[0] for number in range(created.get_nfilters())}
    if filters - _FILTERS:
        raise InvalidInputError(
            f"{path}: {name!r} is packed with HDF5's filter {min(filters - _FILTERS)}, which Keras "
            "does not use. Save the model again."
        )
    chunk = int(np.prod(item.chunks or (0,), dtype=object))
    size = int(np.prod(item.shape or (), dtype=object))
    return max(size, chunk) * int(item.dtype.itemsize)
