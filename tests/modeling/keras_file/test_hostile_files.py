"""Files that read others, hold code, or declare more than they hold: refused by name."""

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign import load_foreign_model
from fer_fairness.modeling.keras_file import checked_description, open_archive

OTHER_TEXT = "the text of another file of this machine"


def model() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(8)]
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "model.keras"
    model().save(path)
    return path


@pytest.fixture(scope="module")
def hdf5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "model.h5"
    model().save(path)
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, value in content.items():
            opened.writestr(name, value)
    return path


def with_config(archive: Path, path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    content = members(archive)
    config = json.loads(content["config.json"])
    change(config)
    return packed(path, content | {"config.json": json.dumps(config).encode()})


def with_weights(archive: Path, path: Path, change: Callable[[Any], None]) -> Path:
    content = members(archive)
    weights = path.with_suffix(".weights.h5")
    weights.write_bytes(content["model.weights.h5"])
    with h5py.File(weights, "a") as file:
        change(file)
    return packed(path, content | {"model.weights.h5": weights.read_bytes()})


def refused(path: Path, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        load_foreign_model(path)
    assert str(path) in str(caught.value)
    assert OTHER_TEXT not in str(caught.value)


def layer(kind: str, **config: Any) -> dict[str, Any]:
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": "odd", **config},
        "registered_name": None,
    }


ODD_LAYERS = [
    layer("StringLookup", vocabulary="OTHER_TEXT"),
    layer("IntegerLookup", vocabulary="OTHER_TEXT"),
    layer("TextVectorization", vocabulary="OTHER_TEXT"),
    layer("TFSMLayer", filepath="OTHER_TEXT"),
    layer("TorchModuleWrapper", module="gASV"),
    layer("Hashing", num_bins=3),
    layer("Lambda", function="x"),
    layer("Pipeline", layers=[layer("StringLookup", vocabulary="OTHER_TEXT")]),
    layer("TimeDistributed", layer=layer("StringLookup", vocabulary="OTHER_TEXT")),
    layer("Bidirectional", layer=layer("TFSMLayer", filepath="OTHER_TEXT")),
    layer("Activation", activation={"class_name": "__lambda__", "config": {"value": "4wA="}}),
    layer(
        "Activation",
        activation={
            "module": "builtins",
            "class_name": "function",
            "config": "eval",
            "registered_name": "function",
        },
    ),
    layer("Dense", units=2) | {"registered_name": "Package>Dense"},
    layer("Dense", units=2) | {"module": "os"},
    layer("Dense", units=2, kernel_initializer=layer("load_model") | {"module": "keras.models"}),
    layer("Dense", units=2, bias_regularizer={"class_name": "__typespec__", "config": []}),
    layer("Rescaling", scale={"class_name": "__numpy__", "config": {"value": "a", "dtype": "U9"}}),
    {"class_name": "StringLookup", "config": {"name": "odd", "vocabulary": "OTHER_TEXT"}},
]


@pytest.mark.parametrize("odd", ODD_LAYERS, ids=lambda odd: str(odd["class_name"]))
@pytest.mark.parametrize("form", ["archive", "archive_of_keras_2", "hdf5", "hdf5_of_keras_2"])
@pytest.mark.parametrize("place", ["first", "inside"])
def test_only_layers_of_the_list_are_rebuilt(
    form: str, place: str, odd: dict[str, Any], archive: Path, hdf5: Path, tmp_path: Path
) -> None:
    (tmp_path / "vocabulary.txt").write_text(OTHER_TEXT)
    text = json.dumps(odd).replace("OTHER_TEXT", str(tmp_path / "vocabulary.txt"))
    placed = json.loads(text)
    if place == "inside":
        placed = layer("Sequential", layers=[placed]) | {"module": "keras"}

    def change(config: dict[str, Any]) -> None:
        config["config"]["layers"].insert(1, placed)

    if form.startswith("archive"):
        path = with_config(archive, tmp_path / "m.keras", change)
        if form.endswith("2"):
            packed(path, members(path) | {"metadata.json": b'{"keras_version": "2.15.0"}'})
    else:
        path = tmp_path / "m.h5"
        path.write_bytes(hdf5.read_bytes())
        with h5py.File(path, "a") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
            file.attrs["keras_version"] = "2.4.0" if form.endswith("2") else "3.5.0"
    refused(path, "Lambda layer|not among the layers|found where only|activations|constant|vocab")


def test_losses_and_optimisers_are_not_rebuilt(archive: Path, tmp_path: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        compiled = {"optimizer": layer("Stranger"), "loss": {"class_name": "function"}}
        config["compile_config"] = compiled
        inner = config["config"]["layers"]
        inner[-1] = layer("Sequential", layers=[inner[-1]]) | {
            "module": "keras",
            "compile_config": compiled,
        }

    content = members(with_config(archive, tmp_path / "m.keras", change))
    assert "Stranger" not in json.dumps(
        checked_description(content["config.json"], Path("m.keras"), "config.json")
    )


def write_external(file: Any, target: Path) -> None:
    file.create_dataset("x", (4,), "u1", external=[(str(target), 0, 4)])


def write_virtual(file: Any, target: Path) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(target), "x", (4,))
    file.create_virtual_dataset("x", layout)


def write_cycle(file: Any, _: Path) -> None:
    file["layers/again"] = file["layers"]


LINKS: list[tuple[Callable[[Any, Path], None], str]] = [
    (lambda file, target: file.__setitem__("x", h5py.ExternalLink(str(target), "/")), "is a link"),
    (lambda file, _: file.__setitem__("x", h5py.SoftLink("/layers")), "is a link"),
    (write_external, "another file of this machine"),
    (write_virtual, "another file of this machine"),
    (write_cycle, "linked twice"),
    (lambda file, _: file.__setitem__("x", "text"), "no array of numbers"),
]


@pytest.mark.parametrize(("change", "message"), LINKS)
def test_weights_lie_in_the_file_alone(
    change: Callable[[Any, Path], None], message: str, archive: Path, tmp_path: Path
) -> None:
    target = tmp_path / "other.h5"
    with h5py.File(target, "w") as other:
        other["x"] = np.zeros(4, np.float32)
    path = with_weights(archive, tmp_path / "m.keras", lambda file: change(file, target))
    refused(path, message)


def test_the_same_holds_for_hdf5_files(hdf5: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    path.write_bytes(hdf5.read_bytes())
    with h5py.File(path, "a") as file:
        name = next(name for name in file["model_weights"] if name.startswith("dense"))
        del file["model_weights"][name]
        file["model_weights"][name] = h5py.ExternalLink(str(hdf5), f"/model_weights/{name}")
    refused(path, "is a link")


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt", "a\\..\\out.txt"])
def test_members_that_point_out_of_the_archive_are_refused(
    name: str, archive: Path, tmp_path: Path
) -> None:
    refused(packed(tmp_path / "m.keras", members(archive) | {name: b"x"}), "points out of")


def test_a_link_in_an_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "m.keras", members(archive))
    with zipfile.ZipFile(path, "a") as opened:
        link = zipfile.ZipInfo("assets")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc")
    refused(path, "points out of")


def bomb_of_zeros(archive: Path, path: Path) -> Path:
    return packed(path, members(archive) | {"assets": bytes(80 * 2**20)})


def bomb_of_chunks(archive: Path, path: Path) -> Path:
    def change(file: Any) -> None:
        file.create_dataset("x", (2**32,), "f4", compression="gzip")

    return with_weights(archive, path, change)


def bomb_of_one_chunk(archive: Path, path: Path) -> Path:
    def change(file: Any) -> None:
        file.create_dataset("x", (1,), "f4", maxshape=(None,), chunks=(2**29,), compression="gzip")

    return with_weights(archive, path, change)


def bomb_of_units(archive: Path, path: Path) -> Path:
    def change(config: dict[str, Any]) -> None:
        config["config"]["layers"][-1]["config"]["units"] = 2_000_000_000

    return with_config(archive, path, change)


def bomb_of_images(archive: Path, path: Path) -> Path:
    def change(config: dict[str, Any]) -> None:
        padding = layer("UpSampling2D", size=[100_000, 100_000])
        config["config"]["layers"][2:] = [
            padding,
            layer("GlobalAveragePooling2D") | {"config": {"name": "mean"}},
        ]

    return with_config(archive, path, change)


def bomb_of_depth(archive: Path, path: Path) -> Path:
    def change(config: dict[str, Any]) -> None:
        inner = config["config"]["layers"][-1]
        for number in range(60):
            inner = layer("Sequential", layers=[inner]) | {"module": "keras"}
            inner["config"]["name"] = f"n{number}"
        config["config"]["layers"][-1] = inner

    return with_config(archive, path, change)


def bomb_of_brackets(archive: Path, path: Path) -> Path:
    return packed(path, members(archive) | {"config.json": b"[" * 200_000})


def bomb_of_layers(archive: Path, path: Path) -> Path:
    def change(config: dict[str, Any]) -> None:
        config["config"]["layers"] += [layer("ReLU")] * 60_000

    return with_config(archive, path, change)


def bomb_of_text(archive: Path, path: Path) -> Path:
    return packed(path, members(archive) | {"config.json": b" " * (17 * 2**20)})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (bomb_of_zeros, "the archive unfolds to"),
        (bomb_of_chunks, r"model\.weights\.h5 unfolds to"),
        (bomb_of_one_chunk, r"model\.weights\.h5 unfolds to"),
        (bomb_of_units, "describes a model of .* numbers and stores"),
        (bomb_of_images, "a layer of .* values an image"),
        (bomb_of_depth, "nested more than"),
        (bomb_of_brackets, "config.json cannot be read"),
        (bomb_of_layers, "objects, at most"),
        (bomb_of_text, "at most 16,777,216 are read"),
    ],
)
def test_what_a_file_declares_is_weighed_before_memory_is_taken(
    make: Callable[[Path, Path], Path], message: str, archive: Path, tmp_path: Path
) -> None:
    refused(make(archive, tmp_path / "m.keras"), message)


def test_a_refused_model_leaves_nothing_to_be_filled_later(archive: Path, tmp_path: Path) -> None:
    """What was declared and refused must not be allocated by the next model."""
    refused(bomb_of_units(archive, tmp_path / "m.keras"), "numbers and stores")
    assert open_archive(archive).count_params() == model().count_params()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n" + bytes(600), b"x"])
@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_file_of_a_few_bytes_is_refused(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, name)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, "No model file")


@pytest.mark.parametrize("missing", ["config.json", "metadata.json", "model.weights.h5"])
def test_a_missing_part_is_named(missing: str, archive: Path, tmp_path: Path) -> None:
    kept = {name: value for name, value in members(archive).items() if name != missing}
    refused(packed(tmp_path / "m.keras", kept), f"without {missing}")


@pytest.mark.parametrize("part", ["config.json", "metadata.json", "model.weights.h5"])
@pytest.mark.parametrize("value", [b"", b"{", b"null", b"\xff\xfe", b'{"class_name": 3}'])
def test_a_damaged_part_is_named(part: str, value: bytes, archive: Path, tmp_path: Path) -> None:
    refused(packed(tmp_path / "m.keras", members(archive) | {part: value}), part)


@settings(max_examples=25, deadline=None)
@given(cut=st.floats(0, 1), flips=st.lists(st.tuples(st.floats(0, 0.99), st.integers(0, 7))))
@pytest.mark.parametrize("form", ["archive", "hdf5"])
def test_cut_and_flipped_files_load_or_are_refused(
    form: str,
    cut: float,
    flips: list[tuple[float, int]],
    archive: Path,
    hdf5: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    good = archive if form == "archive" else hdf5
    content = bytearray(good.read_bytes())
    if not flips:
        content = content[: int(cut * len(content))]
    for place, bit in flips:
        content[int(place * len(content))] ^= 1 << bit
    path = tmp_path_factory.mktemp("damaged") / good.name
    path.write_bytes(content)
    with suppress(InvalidInputError):
        load_foreign_model(path)
