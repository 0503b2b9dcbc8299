"""Damaged and hostile model files: what becomes of each.

python -m benchmarks.faults.fuzz_models --seed 0 --count 300

`cases(seed)` gives mutations of good files without end; `run(case, folder)` opens one in a worker
with limits of memory and time, as an audit does, and says what became of it. One worker serves
many cases, since starting one takes seconds; a case that ends it is counted, and the next starts
another.
"""

import argparse
import io
import json
import multiprocessing
import os
import random
import resource
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from fer_fairness.errors import FerFairnessError
from fer_fairness.foreign import load_foreign_model

Outcome = Literal["loaded", "refused", "traceback", "crashed", "stopped"]
"""`traceback` is wrong. `stopped` (at a limit) and `crashed` are libraries that a damaged file
brought down; an audit, whose process is another, makes one error of either."""

MEMORY_BYTES = 3 * 2**30
TIME_S = 30
_NUMBERS = (0, -1, 1, 3, 1e9, 2**31, 2**40, -(2**63), 1e308, float("nan"))
_VALUES: tuple[Any, ...] = (*_NUMBERS, None, "", "x" * 1000, "../../etc/passwd", [], {}, [[]], True)


@dataclass(frozen=True)
class Case:
    """A file: its name (the suffix counts), its bytes, and what was done to a good one."""

    name: str
    content: bytes
    what: str


def cases(seed: int) -> Iterator[Case]:
    """Mutations of good files, without end; the same ones for the same seed."""
    chance = random.Random(seed)
    good = _good_files()
    while True:
        name, content = chance.choice(good)
        mutate = chance.choice(_OF_ARCHIVES if name.endswith(".keras") else _OF_HDF5)
        yield Case(name, mutate(content, chance), mutate.__name__.strip("_"))


def run(case: Case, folder: Path) -> Outcome:
    """Open a case in the worker."""
    path = folder / case.name
    path.write_bytes(case.content)
    worker = _worker()
    worker.requests.send(path)
    try:
        outcome: Outcome = worker.requests.recv() if worker.requests.poll(TIME_S) else "stopped"
    except EOFError:
        outcome = "crashed"
    if outcome in ("crashed", "stopped"):
        worker.process.kill()
        worker.process.join()
        _WORKERS.clear()
    path.unlink()
    return outcome


@dataclass(frozen=True)
class _Worker:
    process: Any
    requests: Any


_WORKERS: list[_Worker] = []


def _worker() -> _Worker:
    if not _WORKERS:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        _WORKERS.append(_Worker(process, ours))
        ours.recv()  # the libraries are there
    return _WORKERS[0]


def _work(requests: Any) -> None:  # noqa: ANN401 - a pipe
    from fer_fairness.modeling import prepare_backend

    warnings.simplefilter("ignore")
    prepare_backend()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData"):
            data = int(line.split()[1]) * 1024 + MEMORY_BYTES
            resource.setrlimit(resource.RLIMIT_DATA, (data, data))
    requests.send("ready")
    while True:
        requests.send(_opened(requests.recv()))


def _opened(path: Path) -> Outcome:
    try:
        load_foreign_model(path)
    except FerFairnessError as error:
        return "refused" if str(path) in str(error) else "traceback"
    except Exception:  # noqa: BLE001 - what this looks for
        traceback.print_exc()
        return "traceback"
    return "loaded"


def _good_files() -> list[tuple[str, bytes]]:
    """Small models in all forms that are read: Keras 3 archive and HDF5, weights alone, Keras 2."""
    from fer_fairness.modeling import build_network, prepare_backend
    from fer_fairness.params.modeling import ArchitectureParameters

    prepare_backend()
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, kernel_regularizer="l2")(inputs)
    x = layers.BatchNormalization()(layers.RandomFlip()(layers.Rescaling(1 / 255)(x)))
    inner = keras.Sequential([keras.Input((6, 6, 4)), layers.SeparableConv2D(3, 3), layers.ReLU()])
    x = layers.Add()([inner(x), inner(x)])
    x = layers.Bidirectional(layers.LSTM(3))(layers.Reshape((16, 3))(x))
    model = keras.Model(inputs, layers.Dense(8, activation="softmax")(x))
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("graph.keras", "graph.h5"):
            model.save(folder / file)
        chain = keras.Sequential(
            [keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(8)]
        )
        for file in ("chain.keras", "chain.h5"):
            chain.save(folder / file)
        build_network(ArchitectureParameters(form="separable"), seed=0).save_weights(
            folder / "alone.weights.h5"
        )
        found = [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]
        found.append(("keras_2.h5", _as_keras_2(folder / "chain.h5")))
    return found


def _as_keras_2(path: Path) -> bytes:
    import h5py

    with h5py.File(path, "a") as file:
        file.attrs["keras_version"] = "2.4.0"
        config = json.loads(file.attrs["model_config"])
        for layer in config["config"]["layers"]:
            layer["config"].pop("quantization_config", None)
        file.attrs["model_config"] = json.dumps(config)
    return path.read_bytes()


def _bits(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 4, 32))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _head_bits(content: bytes, chance: random.Random) -> bytes:
    return _bits(content[:4096], chance) + content[4096:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.choice((0, 1, 4, 100, chance.randrange(len(content))))]


def _spliced(content: bytes, chance: random.Random) -> bytes:
    start, length = chance.randrange(len(content)), chance.randrange(1, 600)
    middle = chance.choice((b"", bytes(length), b"\xff" * length, content[:length]))
    return content[:start] + middle + content[start + length :]


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _member_changed(content: bytes, chance: random.Random) -> bytes:
    members = _members(content)
    name = chance.choice(list(members))
    change = chance.choice((_bits, _head_bits, _cut, _spliced))
    return _packed(members | {name: change(members[name], chance)})


def _members_exchanged(content: bytes, chance: random.Random) -> bytes:
    members = _members(content)
    names = list(members)
    values = list(members.values())
    chance.shuffle(values)
    if chance.random() < 0.5:
        names[chance.randrange(len(names))] = chance.choice(("../x", "/etc/x", "a\\..\\b", "x"))
    return _packed(dict(zip(names, values, strict=True)))


def _archive_json(content: bytes, chance: random.Random) -> bytes:
    members = _members(content)
    name = chance.choice(("config.json", "config.json", "metadata.json"))
    return _packed(members | {name: _json_changed(members[name], chance)})


def _hdf5_json(content: bytes, chance: random.Random) -> bytes:
    def change(file: Any) -> None:  # noqa: ANN401 - h5py has no types
        if "model_config" in file.attrs:
            text = _json_changed(str(file.attrs["model_config"]).encode(), chance)
            file.attrs["model_config"] = text.decode(errors="replace")

    return _hdf5_edited(content, change)


def _hdf5_object(content: bytes, chance: random.Random) -> bytes:
    import h5py
    import numpy as np

    strange: tuple[Callable[[], Any], ...] = (
        lambda: h5py.SoftLink("/"),
        lambda: h5py.ExternalLink("/etc/passwd", "/"),
        lambda: np.full((3,), np.nan, np.float32),
        lambda: np.zeros((2, 2), np.complex64),
        lambda: "text",
        lambda: np.zeros(0),
    )

    def change(file: Any) -> None:  # noqa: ANN401 - h5py has no types
        names: list[str] = []
        file.visit(names.append)
        name = chance.choice(names)
        del file[name]
        if chance.random() < 0.7:
            file[name] = chance.choice(strange)()
        elif chance.random() < 0.5:
            file.create_dataset(name, (10 ** chance.randrange(12),), "f4", compression="gzip")

    return _hdf5_edited(content, change)


def _hdf5_edited(content: bytes, change: Callable[[Any], None]) -> bytes:
    import h5py

    stream = io.BytesIO(content)
    with h5py.File(stream, "a") as file:
        change(file)
    return stream.getvalue()


def _archive_weights(content: bytes, chance: random.Random) -> bytes:
    members = _members(content)
    weights = _hdf5_object(members["model.weights.h5"], chance)
    return _packed(members | {"model.weights.h5": weights})


def _json_changed(text: bytes, chance: random.Random) -> bytes:
    content = json.loads(text)
    places: list[tuple[Any, Any]] = []

    def visit(value: Any) -> None:  # noqa: ANN401 - JSON
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            places.append((value, key))
            if isinstance(inner, dict | list):
                visit(inner)

    visit(content)
    for _ in range(chance.choice((1, 1, 2, 5))):
        holder, key = chance.choice(places)
        other_holder, other_key = chance.choice(places)
        other = other_holder[other_key] if _has(other_holder, other_key) else None
        if not _has(holder, key):
            continue
        action = chance.randrange(4)
        if action == 0:
            del holder[key]
        elif action == 1:
            holder[key] = json.loads(json.dumps(other))
        else:
            holder[key] = chance.choice(_VALUES)
    changed = json.dumps(content)
    return (changed if chance.random() < 0.95 else "[" * 100_000 + changed).encode()


def _has(holder: Any, key: Any) -> bool:  # noqa: ANN401 - JSON
    return key in holder if isinstance(holder, dict) else key < len(holder)


_PLAIN = (_bits, _head_bits, _cut, _spliced)
_OF_ARCHIVES = (
    *_PLAIN,
    _member_changed,
    _members_exchanged,
    *(_archive_json,) * 4,
    _archive_weights,
)
_OF_HDF5 = (*_PLAIN, *(_hdf5_json,) * 3, *(_hdf5_object,) * 2)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz the loading of model files.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=300)
    given = parser.parse_args()
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    outcomes: Counter[tuple[str, Outcome]] = Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(islice(cases(given.seed), given.count)):
            outcome = run(case, Path(folder))
            outcomes[case.what, outcome] += 1
            if outcome not in ("loaded", "refused"):
                print(f"case {number}: {case.name}, {case.what}: {outcome}", flush=True)
    for (what, outcome), count in sorted(outcomes.items()):
        print(f"{what:20} {outcome:10} {count}")
    print(f"{outcomes.total()} files in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
