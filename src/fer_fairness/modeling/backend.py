"""Import Keras so that TensorFlow is silent and adds in the same order every time."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

import numpy as np

from fer_fairness.errors import InvalidInputError

logger = logging.getLogger(__name__)

BACK_ENDS: Final = ("tensorflow", "jax", "torch")
"""Back ends of Keras that can train."""

_VARIABLE: Final = "KERAS_BACKEND"


def prepare_backend() -> None:
    """Set TensorFlow's defaults and import Keras without its start-up messages.

    Variables that the environment sets already are left alone.

    - TF_NUM_INTEROP_THREADS=1: with more, independent operations finish in varying order, and so do
      the sums of gradients; two runs of the same seed then differ from the seventh digit on.
      Operations still use all cores, and the network has few independent ones.
    - TF_CPP_MIN_LOG_LEVEL=3: errors only. TensorFlow 2.21 all the same writes four lines about a
      missing GPU while it is loaded, so what the import writes to the process's standard error is
      dropped; exceptions are not affected.

    Images of this project have their channels last, whatever the user's `keras.json` says: another
    `image_data_format` would build other networks without a word, and is set for this process.

    Where JAX sees several devices, each batch of a training is shared among them, unless a
    `keras.distribution` is set already.

    The first takes effect if TensorFlow has not yet computed anything. Functions of this room that
    need Keras call this first; whoever imports Keras elsewhere should too.

    Raises:
        InvalidInputError: If KERAS_BACKEND names no back end that can train, or one that is not
            installed, or Keras cannot be imported with the one that it is configured for.
    """
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "keras" not in sys.modules:
        _check_back_end(os.environ.get(_VARIABLE, ""))
        _import_keras()
    _put_channels_last()
    _share_batches()


def n_sharing_devices() -> int:
    """How many devices share each batch of a training: 1 unless JAX sees several."""
    import keras

    distribution = keras.distribution.distribution()
    return 1 if distribution is None else int(np.prod(distribution.device_mesh.shape))


def _share_batches() -> None:
    import keras

    if keras.backend.backend() != "jax" or keras.distribution.distribution() is not None:
        return
    devices = keras.distribution.list_devices()
    if len(devices) == 1:
        return
    parallel = keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
    keras.distribution.set_distribution(parallel)
    logger.info("Each batch is shared among the %d devices that JAX sees.", len(devices))


def _check_back_end(name: str) -> None:
    """Refuse a back end that Keras would fail on; "" leaves the choice to Keras."""
    if name and name not in BACK_ENDS:
        raise InvalidInputError(
            f"The environment variable {_VARIABLE} is {name!r}, which is no back end that trains: "
            f"set it to one of {', '.join(BACK_ENDS)}, or unset it for tensorflow."
        )
    if name and find_spec(name) is None:
        raise InvalidInputError(
            f"The environment variable {_VARIABLE} is {name!r}, and {name} is not installed: "
            f"install it (pip install {name}), or unset the variable for tensorflow."
        )


def _import_keras() -> None:
    try:
        with _native_stderr_dropped():
            import keras  # noqa: F401 - imported for its effect
    except (ImportError, ValueError) as error:
        raise InvalidInputError(
            f"Keras cannot be imported: {error} If its back end is the reason, set the environment "
            f"variable {_VARIABLE} to one that is installed, of {', '.join(BACK_ENDS)}; without "
            "it, `backend` in ~/.keras/keras.json decides."
        ) from error


def _put_channels_last() -> None:
    import keras

    if keras.config.image_data_format() == "channels_last":
        return
    keras.config.set_image_data_format("channels_last")
    logger.warning(
        "keras.json, or a call before, sets image_data_format to channels_first; the images of "
        "this project have their channels last, and so has Keras in this process from now on."
    )


@contextmanager
def _native_stderr_dropped() -> Iterator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
