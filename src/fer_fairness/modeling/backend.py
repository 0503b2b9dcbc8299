"""Import Keras without TensorFlow's own start-up messages on the terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def quiet_backend() -> None:
    """Import Keras with its back end silently; does nothing if it is imported already.

    TensorFlow 2.21 writes four lines about a missing GPU to the process's standard error while it
    is loaded, whatever its log level says. So what is written there during the import is dropped;
    exceptions are not affected. Later messages below errors are kept away by TF_CPP_MIN_LOG_LEVEL,
    unless the environment sets it otherwise.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _native_stderr_dropped():
        import keras  # noqa: F401 - imported for its effect


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
