"""What is fuzzed: small good files of every reader, how they are read, what must be true of it."""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import pandas as pd
from PIL import Image

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.params.data_processing import (
    FairFaceParameters,
    FerPlusParameters,
    ImageFolderParameters,
    RafDbParameters,
)
from fer_fairness.sources import (
    READERS,
    RawFaces,
    read_held_out_labels,
    read_image_folder,
    read_predictions,
)

VOTES: Final = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
)
"""Columns of FER+, in their order."""

Summary = dict[str, list[object]]
"""What a reader gave, in a form in which two readings can be compared."""


@dataclass(frozen=True)
class Target:
    """A reader with a small good input.

    Attributes:
        files: Contents by path below the folder that is read.
        read: Reads the folder.
        rewritten: Files that may be written in another way and must then read the same: how.
    """

    files: Mapping[str, bytes]
    read: Callable[[Path], Summary]
    rewritten: Mapping[str, Callable[[bytes, Random], bytes]]


def _frame(table: pd.DataFrame) -> Summary:
    known = table.astype(object).where(table.notna(), None)
    return {str(name): known[name].tolist() for name in sorted(known.columns)}


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def _people(n: int = 24) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    classes = np.array(["anger", "fear", "happiness", "sadness"])
    true, scores = rng.integers(4, size=n), rng.dirichlet(np.ones(4), n).round(4)
    scores[:, 3] = 1 - scores[:, :3].sum(axis=1)
    found = scores.argmax(axis=1)
    true[:4], table = range(4), {"sample_id": [f"face_{row}" for row in range(n)]}
    return pd.DataFrame(
        {
            **table,
            "y_true": classes[true],
            "y_pred": classes[found],
            "gender": rng.choice(["female", "male"], n),
            "race": rng.choice(["asian", "black", "white"], n),
            **{f"probability_{name}": scores[:, i].round(4) for i, name in enumerate(classes)},
        }
    )


def _read_predictions(folder: Path) -> Summary:
    found = read_predictions(folder / "theirs", PredictionColumns())
    return {**_frame(found.frame), "classes": [*sorted(found.classes)]}


def _as_parquet(content: bytes, random: Random) -> bytes:
    """The same table in other columns' order, row groups, compression and kinds of text."""
    frame = pd.read_parquet(io.BytesIO(content))
    names = list(frame.columns)
    random.shuffle(names)
    frame = frame[names]
    if random.random() < 0.5:
        frame = frame.astype({"gender": "category", "y_true": "category"})
    target = io.BytesIO()
    row_group_size = random.choice((5, 100))
    if random.random() < 0.5:
        frame.to_parquet(target, compression="zstd", row_group_size=row_group_size)
    else:
        frame.to_parquet(target, compression=None, row_group_size=row_group_size)
    return target.getvalue()


def _parquet(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.to_parquet(target)
    return target.getvalue()


def _raw(reader: str, parameters: object) -> Callable[[Path], Summary]:
    def read(folder: Path) -> Summary:
        found: RawFaces = READERS[reader](folder, parameters)
        hashes = [hashlib.sha256(found.images[row]).hexdigest() for row in found.faces.image_index]
        return _frame(found.faces.drop(columns="image_index").assign(pixels=hashes))

    return read


def _picture(number: int, kind: str = "JPEG", side: int = 24) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, kind)
    return target.getvalue()


def _fer_plus() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    usages = ["Training"] * 4 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
    faces, votes = (
        ["emotion,pixels,Usage"],
        [",".join(("Usage,Image name", *VOTES, "unknown", "NF"))],
    )
    for row, usage in enumerate(usages):
        pixels = " ".join(map(str, rng.integers(0, 256, 2304).tolist()))
        faces.append(f"3,{pixels},{usage}")
        votes.append(f"{usage},fer{row + 7:07d}.png,0,{10 - row % 3},{row % 3},0,0,0,0,0,0,0")
    return {
        "fer2013.csv": "\n".join([*faces, ""]).encode(),
        "fer2013new.csv": "\n".join([*votes, ""]).encode(),
    }


def _fairface() -> dict[str, bytes]:
    files = {}
    for part, n in (("train", 4), ("val", 3)):
        rows = ["file,age,gender,race,service_test"]
        for number in range(1, n + 1):
            files[f"{part}/{number}.jpg"] = _picture(number)
            ages, races = ("20-29", "3-9", "more than 70"), ("White", "Black", "East Asian")
            gender = ("Male", "Female")[number % 2]
            rows.append(f"{part}/{number}.jpg,{ages[number % 3]},{gender},{races[number % 3]},True")
        files[f"fairface_label_{part}.csv"] = "\n".join([*rows, ""]).encode()
    return files


def _raf_db() -> dict[str, bytes]:
    files, rows = {}, []
    for part, n in (("train", 4), ("test", 3)):
        for number in range(1, n + 1):
            name = f"{part}_{number:05d}"
            rows.append(f"{name}.jpg {1 + number % 7}")
            files[f"basic/Image/aligned/{name}_aligned.jpg"] = _picture(number)
            landmarks = "\n".join(f"{10 + x}.0\t{12 + x}.0" for x in range(5))
            manual = f"{landmarks}\n{number % 3}\n{number % 3}\n{number % 5}\n"
            files[f"basic/Annotation/manual/{name}_manu_attri.txt"] = manual.encode()
    files["basic/EmoLabel/list_patition_label.txt"] = "\n".join([*rows, ""]).encode()
    return files


def _read_images(folder: Path) -> Summary:
    parameters = ImageFolderParameters(max_damaged_share=1.0, annotations=folder / "labels.csv")
    found = read_image_folder(folder, parameters)
    return _frame(found.faces.drop(columns="image_index"))


def _images() -> dict[str, bytes]:
    kinds = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
    files = {f"{kind}.{kind.lower()}": _picture(i, kind) for i, kind in enumerate(kinds)}
    rows = [f"{name},female,white,20-29" for name in files]
    return {**files, "labels.csv": "\n".join(["file,gender,race,age_group", *rows, ""]).encode()}


def _same_columns(content: bytes, random: Random) -> bytes:
    from benchmarks.faults.mutations import alike

    return alike(content, random)


def _same_order(content: bytes, random: Random) -> bytes:
    from benchmarks.faults.mutations import alike

    return alike(content, random, order_matters=True)


def _separated(content: bytes, random: Random) -> bytes:
    return _same_columns(content, random).replace(b",", random.choice((b",", b";", b"\t", b"|")))


def _held_out() -> dict[str, bytes]:
    rng = np.random.default_rng(2)
    pairs = {
        f"{kind}_{name}": rng.choice(groups, 20)
        for name, groups in (("gender", ["female", "male"]), ("race", ["asian", "black"]))
        for kind in ("true", "predicted")
    }
    return {"labels": _csv(pd.DataFrame(pairs))}


def _read_held_out(folder: Path) -> Summary:
    return _frame(read_held_out_labels(folder / "labels", {"gender": (), "race": ()}).frame)


_DAMAGED: Final = {"max_damaged_share": 1.0, "n_threads": 1}
TARGETS: Final[Mapping[str, Callable[[], Target]]] = {
    "predictions CSV": lambda: Target(
        {"theirs": _csv(_people())}, _read_predictions, {"theirs": _separated}
    ),
    "predictions TSV": lambda: Target(
        {"theirs": _csv(_people(8)).replace(b",", b"\t")}, _read_predictions, {}
    ),
    "predictions Parquet": lambda: Target(
        {"theirs": _parquet(_people())}, _read_predictions, {"theirs": _as_parquet}
    ),
    "held-out labels": lambda: Target(_held_out(), _read_held_out, {"labels": _separated}),
    "FER+": lambda: Target(
        _fer_plus(), _raw("fer_plus", FerPlusParameters(max_damaged_share=1.0)), {}
    ),
    "FairFace": lambda: Target(
        _fairface(),
        _raw("fairface", FairFaceParameters.model_validate(_DAMAGED)),
        {"fairface_label_train.csv": _same_order, "fairface_label_val.csv": _same_order},
    ),
    "RAF-DB": lambda: Target(
        _raf_db(), _raw("raf_db", RafDbParameters.model_validate(_DAMAGED)), {}
    ),
    "image folder": lambda: Target(_images(), _read_images, {"labels.csv": _same_columns}),
}
"""By name, what makes each."""
