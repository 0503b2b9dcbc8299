"""A model file opened and run in a process of its own, within limits, with nothing of this one.

What goes in and comes out are files in a temporary folder: arrays without objects, and JSON. The
process on the other side is `child`.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import TypeAdapter

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.foreign_scoring import ModelOutputs
from fer_fairness.foreign.picture_files import PictureFiles, Pictures
from fer_fairness.foreign.pixel_values import ScaleGuess
from fer_fairness.foreign.running import ModelRequest
from fer_fairness.modeling.keras_file import reading
from fer_fairness.modeling.training_set import check_images

IMAGES: Final = "images.npy"
PICTURES: Final = "pictures.json"
INDEX: Final = "image_index.npy"
REQUEST: Final = "request.json"
SHARES: Final = "shares.npy"
ANSWER: Final = "answer.json"
NATIVE_LOG: Final = "native.log"
"""What TensorFlow and the C library say: nobody's business unless the process dies."""

LOADING_S: Final = 300
"""Seconds in which a model has to be loaded; the largest of keras.applications takes twenty."""

_CHILD: Final = "fer_fairness.foreign.child"
_KEPT: Final = frozenset(
    {"COLUMNS", "DYLD_LIBRARY_PATH", "KERAS_BACKEND", "LANG", "LD_LIBRARY_PATH", "NO_COLOR"}
    | {"PATH", "PYTHONHASHSEED", "SYSTEMROOT", "TERM", "TZ"}
)
_KEPT_BEGINNINGS: Final = (
    "CUDA",
    "JAX_",
    "LC_",
    "MKL_",
    "NVIDIA",
    "OMP_",
    "OPENBLAS_",
    "TF_",
    "XLA_",
)
_LARGEST_ANSWER: Final = 2**20
_OUT_OF_MEMORY: Final = (
    "alloc",
    "OOM",
    "out of memory",
    "MemoryError",
    "SystemError",  # C code that failed and does not say of what
    "start new thread",
)


@dataclass(frozen=True)
class Limits:
    """What a model file may use.

    Attributes:
        memory_bytes: Memory beyond what the libraries take, where the system can tell (Linux).
        time_s: Seconds from the start of the process.
    """

    memory_bytes: int
    time_s: float


def run_isolated(
    request: ModelRequest, images: Pictures, image_index: np.ndarray, limits: Limits
) -> ModelOutputs:
    """Do what `run_model_file` does, in a process of its own.

    Args:
        request: The file and how it is run.
        images: As of `run_model_file`; an array is copied to the folder for temporary files.
        image_index: Integers, shape `(n,)`: the rows of `images` to score, in this order.
        limits: What the process may use.

    Raises:
        InvalidInputError: As `run_model_file`; or the process reaches a limit, or dies.
    """
    check_images(images, image_index)
    with tempfile.TemporaryDirectory(prefix="fer_fairness_model_") as name:
        folder = Path(name)
        with reading(request.path, "a copy of the images for its process", remedy=_no_room(folder)):
            if isinstance(images, PictureFiles):
                paths = [str(path.resolve()) for path in images.paths]
                (folder / PICTURES).write_text(json.dumps(paths), encoding="utf-8")
            else:
                np.save(folder / IMAGES, images, allow_pickle=False)
            np.save(folder / INDEX, image_index, allow_pickle=False)
        (folder / REQUEST).write_text(_as_json(request, limits), encoding="utf-8")
        with _process(folder) as process:
            try:
                code = process.wait(limits.time_s)
            except subprocess.TimeoutExpired:
                raise InvalidInputError(
                    f"{request.path}: the process that ran this model was stopped after "
                    f"{limits.time_s / 60:g} minutes. If the model is sound, give it more: "
                    "audit.time_limit_minutes."
                ) from None
        if code != 0 or not (folder / ANSWER).is_file():
            raise InvalidInputError(_death(request.path, code, folder, limits))
        return _answer(folder, request.path, len(image_index), limits)


@contextmanager
def _process(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603 - this interpreter, a module of this project
        [sys.executable, "-P", "-m", _CHILD, str(folder)],
        cwd=folder,
        env=_environment(os.environ, folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _environment(own: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Variables that libraries need: no tokens, no keys, no home, no place for temporary files."""
    kept = {name: own[name] for name in own if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)}
    keras_home = own.get("KERAS_HOME") or str(Path("~/.keras").expanduser())
    packages = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    places = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), str(folder))
    return {**kept, **places, "KERAS_HOME": keras_home, "PYTHONPATH": packages}


def _as_json(request: ModelRequest, limits: Limits) -> str:
    content = {
        "request": asdict(request) | {"path": str(request.path.resolve())},
        "shown": str(request.path),
        "memory_bytes": limits.memory_bytes,
        "parent": os.getpid(),
    }
    return json.dumps(content)


def _answer(folder: Path, path: Path, n_images: int, limits: Limits) -> ModelOutputs:
    """What the process wrote, looked at like anything that a stranger wrote."""
    with reading(path, "the answer of the process that ran this model"):
        if (folder / ANSWER).stat().st_size > _LARGEST_ANSWER:
            raise ValueError("it is too long")
        answer = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
        if "error" in answer:
            raise InvalidInputError(_error(str(answer["error"]), path, limits))
        shares = np.load(folder / SHARES, allow_pickle=False)
        if shares.ndim != 2 or len(shares) != n_images or shares.dtype != np.float64:
            raise ValueError(f"it has the shape {shares.shape}")
        if not ((shares >= 0).all() and np.allclose(shares.sum(axis=1), 1)):
            raise ValueError("its rows are no probabilities")
        scale = TypeAdapter(ScaleGuess).validate_python(answer["scale"])
        return ModelOutputs(shares, tuple(str(note) for note in answer["notes"]), scale)


def _death(path: Path, code: int, folder: Path, limits: Limits) -> str:
    log = folder / NATIVE_LOG
    said = log.read_text(encoding="utf-8", errors="replace")[-2_000:] if log.is_file() else ""
    how = f"ended with exit code {code}"
    if code < 0:
        how = f"was ended by {signal.Signals(-code).name}"
    if code == -getattr(signal, "SIGALRM", 0):
        return (
            f"{path}: the model could not be loaded in {LOADING_S // 60} minutes: the file is "
            "damaged or made to do so. Get it again, or give the model's predictions as a file."
        )
    if code == -getattr(signal, "SIGKILL", 9) or _is_out_of_memory(said):
        return (
            f"{path}: the process that ran this model {how}, out of memory: {_more_memory(limits)}"
        )
    return (
        f"{path}: the process that ran this model {how}: the file is damaged or made to do so, or "
        f"{limits.memory_bytes / 2**30:g} GB beyond the libraries are too little. Get the file "
        "again, raise audit.memory_limit_gb, or give the model's predictions as a file."
    )


def _error(said: str, path: Path, limits: Limits) -> str:
    """What the process says of the model; libraries name a lack of memory in many ways."""
    if not _is_out_of_memory(said):
        return said
    return f"{path}: this model ran out of memory: {_more_memory(limits)} ({said})"


def _is_out_of_memory(said: str) -> bool:
    return any(word in said for word in _OUT_OF_MEMORY)


def _more_memory(limits: Limits) -> str:
    return (
        f"it may take {limits.memory_bytes / 2**30:g} GB beyond its libraries. If the model is "
        "sound, give it more: audit.memory_limit_gb."
    )


def _no_room(folder: Path) -> str:
    return f"Make room in {folder.parent}, or name another folder in the variable TMPDIR."
