"""The process in which a stranger's model is opened and run: `isolated` starts it."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from fer_fairness.errors import FerFairnessError
from fer_fairness.foreign.isolated import (
    ANSWER,
    IMAGES,
    INDEX,
    LOADING_S,
    NATIVE_LOG,
    PICTURES,
    REQUEST,
    SHARES,
)
from fer_fairness.foreign.picture_files import PictureFiles, Pictures
from fer_fairness.foreign.running import ModelRequest, load, run_model
from fer_fairness.modeling import prepare_backend
from fer_fairness.modeling.keras_file import first_line
from fer_fairness.processes import end_with_parent


def main(folder: Path) -> None:
    """Answer the request that lies in `folder`.

    Writes there the model's outputs and how they came about, or what is wrong with the model. It
    ends by a signal where memory or time run out, or a library crashes.
    """
    _separate_native_messages(folder)
    content = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    end_with_parent(content["parent"])
    request = TypeAdapter(ModelRequest).validate_python(content["request"])
    images = _images(folder)
    index = np.load(folder / INDEX, allow_pickle=False)
    _load_libraries()
    _limit(content["memory_bytes"])
    answer: dict[str, object]
    try:
        with _seconds(LOADING_S):
            foreign = load(request)
        outputs = run_model(foreign, request, images, index)
        np.save(folder / SHARES, outputs.shares, allow_pickle=False)
        answer = {"notes": outputs.notes, "scale": asdict(outputs.scale)}
    except FerFairnessError as error:
        answer = {"error": str(error).replace(str(request.path), content["shown"])}
    except Exception as error:  # noqa: BLE001 - whatever a stranger's file brings about
        answer = {
            "error": f"{content['shown']}: this model cannot be run "
            f"({type(error).__name__}: {first_line(error)}). Get the file again, or give the "
            "model's predictions as a file."
        }
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")


def _images(folder: Path) -> Pictures:
    pictures = folder / PICTURES
    if not pictures.is_file():
        images: np.ndarray = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
        return images
    return PictureFiles([Path(path) for path in json.loads(pictures.read_text(encoding="utf-8"))])


def _separate_native_messages(folder: Path) -> None:
    """Progress goes where it always went, what libraries write to file descriptor 2 into a file."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="replace")
    with (folder / NATIVE_LOG).open("wb") as log:
        os.dup2(log.fileno(), 2)


@contextmanager
def _seconds(most: int) -> Iterator[None]:
    """End the process by SIGALRM if the block takes longer; the HDF5 library can loop for ever."""
    if not hasattr(signal, "alarm"):  # Windows
        yield
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(most)
    yield
    signal.alarm(0)


def _load_libraries() -> None:
    prepare_backend()
    from keras import ops

    # Threads and their stacks too: the memory that is counted from here on is the model's.
    ops.matmul(ops.ones((64, 64)), ops.ones((64, 64)))


def _limit(memory_bytes: int) -> None:
    """Bound memory, files and core dumps; without effect where the system has no such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory_bytes, memory_bytes))
    status = Path("/proc/self/status")
    # RLIMIT_AS would count the address space that TensorFlow reserves and never uses.
    if status.is_file() and (found := re.search(r"VmData:\s+(\d+)", status.read_text())):
        data = int(found[1]) * 1024 + memory_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (data, data))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
