"""Import Keras so that TensorFlow is silent and adds in the same order every time."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def prepare_backend() -> None:
    """Set TensorFlow's defaults and import Keras without its start-up messages.

    Variables that the environment sets already are left alone.

    - TF_NUM_INTEROP_THREADS=1: with more, independent operations finish in varying order, and so do
      the sums of gradients; two runs of the same seed then differ from the seventh digit on.
      Operations still use all cores, and the network has few independent ones.
    - TF_CPP_MIN_LOG_LEVEL=3: errors only. TensorFlow 2.21 all the same writes four lines about a
      missing GPU while it is loaded, so what the import writes to the process's standard error is
      dropped; exceptions are not affected.

    The first takes effect if TensorFlow has not yet computed anything. Functions of this room that
    need Keras call this first; whoever imports Keras elsewhere should too.
    """
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "keras" in sys.modules:
        return
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
