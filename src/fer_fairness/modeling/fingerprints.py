"""Whether two models are the same: hashes of arrays."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


def weights_fingerprint(model: "keras.Model") -> str:
    """SHA-256 over the weights of a model, in the order of its layers.

    Batch statistics count as weights; optimiser, regularisation, dropout with its random state, and
    which layers are frozen do not. So a model has the fingerprint of the one that it is a copy of,
    made ready for fine-tuning, or saved and loaded.

    Args:
        model: Any Keras model that has been built.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    add_arrays(digest, model.get_weights())
    return digest.hexdigest()


def add_arrays(digest: "hashlib._Hash", arrays: Iterable[np.ndarray]) -> None:
    """Take type, shape and values of each array into `digest`."""
    for values in arrays:
        digest.update(f"{values.dtype}{values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())


def room_source() -> bytes:
    """The source of `modeling`: what other code has made is not gone on with."""
    return b"".join(module.read_bytes() for module in sorted(Path(__file__).parent.glob("*.py")))
