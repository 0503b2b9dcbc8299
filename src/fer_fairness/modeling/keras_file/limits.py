"""How large a model file may be in memory, from its size on disk and the machine's memory."""

import os
from pathlib import Path
from typing import Final

from fer_fairness.errors import InvalidInputError

DESCRIPTION_BYTES: Final = 16 * 2**20
"""JSON of a model's description. The largest of keras.applications has 1 MB."""
DESCRIPTION_ENTRIES: Final = 50_000
"""Objects with a class in it, some six a layer."""
DESCRIPTION_DEPTH: Final = 100
"""Levels of JSON; a model inside a model takes four."""
LAYER_VALUES: Final = 2**25
"""Values that a layer gives for one image: 128 MB. VGG16's largest layer has 3.2 million."""
UNSTORED_VALUES: Final = 2**20
"""Values of a model that need not be in the file: states of random numbers and the like."""
ARCHIVE_MEMBERS: Final = 1_000
HDF5_OBJECTS: Final = 100_000
HDF5_DEPTH: Final = 100

# Keras stores weights as they are. Deflated noise is a tenth smaller, pruned weights ten times.
_EXPANSION: Final = 20
_ALWAYS_ALLOWED: Final = 64 * 2**20
# The weights of the file, those of the model, and what is drawn before they are replaced.
_COPIES: Final = 4
_UNLIMITED: Final = 2**60


def allowed_bytes(path: Path) -> int:
    """How many bytes the contents of a file may unfold to in memory.

    Twenty times its size on disk, at least 64 MB, and at most a quarter of the machine's memory.
    """
    by_file = max(_ALWAYS_ALLOWED, _EXPANSION * path.stat().st_size)
    return min(by_file, machine_memory() // _COPIES)


def refuse_larger(n_bytes: int, path: Path, part: str) -> None:
    """Raise InvalidInputError if `part` of the file declares more bytes than are allowed."""
    allowed = allowed_bytes(path)
    if n_bytes > allowed:
        raise InvalidInputError(
            f"{path}: {part} unfolds to {_megabytes(n_bytes)}, and {_megabytes(allowed)} are "
            f"allowed for a file of {_megabytes(path.stat().st_size)} on this machine: such a file "
            "is made to fill the memory, or is damaged. If it is neither, save it again without "
            "compression, on a machine with four times the memory of its weights."
        )


def machine_memory() -> int:
    """Bytes of memory that this process may have: the machine's, a container's or its own."""
    limits = [_UNLIMITED]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    group = Path("/sys/fs/cgroup/memory.max")
    if group.is_file() and (text := group.read_text().strip()).isdigit():
        limits.append(int(text))
    limits.append(_own_limit())
    return min(limit for limit in limits if limit > 0)


def _own_limit() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return _UNLIMITED
    soft = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return _UNLIMITED if soft == resource.RLIM_INFINITY else soft


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:,.1f} MB"
