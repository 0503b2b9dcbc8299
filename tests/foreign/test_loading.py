"""Models from elsewhere: files of Keras 2 are written here by hand, as tf_keras 2.21 writes them.

The layout was compared with files written by tf_keras 2.21 and by Keras 2.4 (vicksam/fer-model).
"""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from scipy import ndimage
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign import ForeignModel, load_foreign_model
from fer_fairness.foreign.foreign_scoring import foreign_probabilities
from fer_fairness.modeling import build_network
from fer_fairness.params.modeling import ArchitectureParameters

UNKNOWN_TO_KERAS_3 = {
    "groups": 1,
    "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
    "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}},
    "kernel_constraint": None,
}


def random_weights(n_outputs: int = 8) -> dict[str, dict[str, np.ndarray]]:
    generator = np.random.default_rng(5)

    def draw(*shape: int) -> np.ndarray:
        return generator.normal(0, 0.5, shape).astype(np.float32)

    return {
        "separable_conv2d_20": {
            "depthwise_kernel": draw(3, 3, 1, 1),
            "pointwise_kernel": draw(1, 1, 1, 4),
            "bias": draw(4),
        },
        "batch_normalization_18": {
            "gamma": draw(4),
            "beta": draw(4),
            "moving_mean": draw(4),
            "moving_variance": draw(4) ** 2 + 0.1,
        },
        "leaky_re_lu_18": {},
        "separable_conv2d_21": {
            "depthwise_kernel": draw(1, 1, 4, 1),
            "pointwise_kernel": draw(1, 1, 4, n_outputs),
            "bias": draw(n_outputs),
        },
        "global_average_pooling2d_2": {},
    }


def separable(name: str, filters: int, size: int, **more: Any) -> dict[str, Any]:
    config = {
        "name": name,
        "trainable": True,
        "dtype": "float32",
        "filters": filters,
        "kernel_size": [size, size],
        "strides": [1, 1],
        "padding": "same",
        "activation": "linear",
        "use_bias": True,
        "depth_multiplier": 1,
        "pointwise_regularizer": None,
    }
    return {"class_name": "SeparableConv2D", "config": config | UNKNOWN_TO_KERAS_3 | more}


def keras_2_layers(n_outputs: int = 8, **more: Any) -> list[dict[str, Any]]:
    """A Sequential of 2020: shape on the first layer too, axis as a list, slope called alpha."""
    shape = [None, 8, 8, 1]
    return [
        {"class_name": "InputLayer", "config": {"batch_input_shape": shape, "name": "first_input"}},
        separable("separable_conv2d_20", 4, 3, batch_input_shape=shape, **more),
        {
            "class_name": "BatchNormalization",
            "config": {"name": "batch_normalization_18", "axis": [3], "epsilon": 0.001},
        },
        {"class_name": "LeakyReLU", "config": {"name": "leaky_re_lu_18", "alpha": 0.02}},
        separable("separable_conv2d_21", n_outputs, 1),
        {
            "class_name": "GlobalAveragePooling2D",
            "config": {"name": "global_average_pooling2d_2", "data_format": "channels_last"},
        },
    ]


def sequential(layers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "sequential_2", "layers": layers}}


def functional(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The same chain as a graph, with the class name that Keras 2.2 gave it."""
    names = [layer["config"]["name"] for layer in layers]
    nodes = [[], *([[[name, 0, 0, {}]]] for name in names[:-1])]
    graph = [
        layer | {"name": name, "inbound_nodes": node}
        for layer, name, node in zip(layers, names, nodes, strict=True)
    ]
    ends = {"input_layers": [[names[0], 0, 0]], "output_layers": [[names[-1], 0, 0]]}
    return {"class_name": "Model", "config": {"name": "model_1", "layers": graph} | ends}


def write_weights(group: Any, weights: dict[str, dict[str, np.ndarray]]) -> None:
    group.attrs["keras_version"] = b"2.4.0"
    group.attrs["layer_names"] = [name.encode() for name in weights]
    for layer, values in weights.items():
        names = [f"{layer}/{weight}:0" for weight in values]
        group.create_group(layer).attrs["weight_names"] = [name.encode() for name in names]
        for name, value in zip(names, values.values(), strict=True):
            group[layer][name] = value


def write_keras_2(
    path: Path, config: dict[str, Any], weights: dict[str, dict[str, np.ndarray]] | None = None
) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.4.0"
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["training_config"] = b'{"optimizer_config": {"config": {"lr": 0.005}}}'
        write_weights(file.create_group("model_weights"), weights or random_weights())
    return path


def by_hand(images: np.ndarray) -> np.ndarray:
    """What the hand-made network computes, from its definition and with nothing of Keras."""
    first, normalisation, _, last, _ = random_weights().values()
    kernel = first["depthwise_kernel"][:, :, 0, 0]
    filtered = np.stack(
        [ndimage.correlate(image[..., 0], kernel, mode="constant") for image in images]
    )
    features = filtered[..., None] * first["pointwise_kernel"][0, 0, 0] + first["bias"]
    features = (features - normalisation["moving_mean"]) / np.sqrt(
        normalisation["moving_variance"] + 0.001
    )
    features = features * normalisation["gamma"] + normalisation["beta"]
    features = np.where(features > 0, features, 0.02 * features)
    features = features * last["depthwise_kernel"][0, 0, :, 0]
    outputs = features @ last["pointwise_kernel"][0, 0] + last["bias"]
    return np.asarray(outputs.mean(axis=(1, 2)))


def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (5, 8, 8, 1)).astype(np.uint8)


def score(foreign: ForeignModel, images: np.ndarray) -> np.ndarray:
    index = np.arange(len(images))
    return foreign_probabilities(
        foreign, images, index, input_scale="0-1", batch_size=2, description="Scoring"
    )


def softmax_model(*before: Any) -> Any:
    layers = [keras.Input((8, 8, 1)), *before, keras.layers.GlobalAveragePooling2D()]
    return keras.Sequential([*layers, keras.layers.Dense(8, activation="softmax")])


def saved(model: Any, path: Path) -> Path:
    model.save(path)
    return path


@pytest.mark.parametrize("describe", [sequential, functional])
def test_a_keras_2_file_gives_what_its_definition_says(
    tmp_path: Path, describe: Callable[[list[dict[str, Any]]], dict[str, Any]]
) -> None:
    foreign = load_foreign_model(write_keras_2(tmp_path / "m.h5", describe(keras_2_layers())))
    assert (foreign.outputs, foreign.n_classes, foreign.input_shape) == ("logits", 8, (8, 8, 1))
    expected = softmax(by_hand(pixels() / 255), axis=1)
    np.testing.assert_allclose(score(foreign, pixels()), expected, atol=1e-5)
    notes = " ".join(foreign.notes)
    assert "Keras 2.4.0 file: 5 layers rebuilt; 77 parameters loaded." in notes
    assert (
        "groups, kernel_constraint, kernel_initializer, kernel_regularizer of 2 SeparableConv2D"
        in notes
    )


def test_a_keras_2_file_before_2_2_lists_its_layers_without_input_layer(tmp_path: Path) -> None:
    config = {"class_name": "Sequential", "config": keras_2_layers()[1:]}
    foreign = load_foreign_model(write_keras_2(tmp_path / "m.h5", config))
    np.testing.assert_allclose(
        score(foreign, pixels()), softmax(by_hand(pixels() / 255), axis=1), atol=1e-5
    )


@pytest.mark.parametrize("describe", [sequential, functional])
def test_a_model_inside_a_keras_2_model_keeps_its_weights_and_place(
    tmp_path: Path, describe: Callable[[list[dict[str, Any]]], dict[str, Any]]
) -> None:
    """Keras 2 counts the first call of an inner model as its second node."""
    inner = describe(keras_2_layers())
    name = inner["config"]["name"]
    head = {"batch_input_shape": [None, 8, 8, 1], "name": "face"}
    config = functional([{"class_name": "InputLayer", "config": head}, inner])
    config["config"]["output_layers"] = [["end", 0, 0]]
    end = {"class_name": "Activation", "config": {"name": "end", "activation": "softmax"}}
    config["config"]["layers"].append(end | {"name": "end", "inbound_nodes": [[[name, 1, 0, {}]]]})
    flat = {
        f"{layer}/{weight}": value
        for layer, values in random_weights().items()
        for weight, value in values.items()
    }
    path = write_keras_2(tmp_path / "m.h5", config, {name: {}})
    with h5py.File(path, "a") as file:
        group = file["model_weights"][name]
        group.attrs["weight_names"] = [f"{weight}:0".encode() for weight in flat]
        for weight, value in flat.items():
            group[f"{weight}:0"] = value
    foreign = load_foreign_model(path)
    assert foreign.outputs == "probabilities"
    expected = softmax(by_hand(pixels() / 255), axis=1)
    np.testing.assert_allclose(score(foreign, pixels()), expected, atol=1e-5)


def test_an_archive_of_keras_2_is_rebuilt_too(tmp_path: Path) -> None:
    """Keras 2.13 to 2.15 wrote today's archive around yesterday's layers."""
    whole = load_foreign_model(write_keras_2(tmp_path / "m.h5", sequential(keras_2_layers())))
    path = tmp_path / "m.keras"
    keras.Sequential(whole.model.layers).save_weights(tmp_path / "m.weights.h5")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(sequential(keras_2_layers())))
        archive.writestr("metadata.json", '{"keras_version": "2.15.0"}')
        archive.write(tmp_path / "m.weights.h5", "model.weights.h5")
    foreign = load_foreign_model(path)
    assert "Keras 2.15.0 archive" in foreign.notes[0]
    np.testing.assert_allclose(score(foreign, pixels()), score(whole, pixels()), atol=1e-6)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_keras_3_file_gives_the_model_that_was_saved(tmp_path: Path, name: str) -> None:
    model = softmax_model()
    foreign = load_foreign_model(saved(model, tmp_path / name))
    assert foreign.outputs == "probabilities"
    expected = model.predict_on_batch(pixels().astype(np.float32) / 255)
    np.testing.assert_allclose(score(foreign, pixels()), expected, atol=1e-6)


def test_a_keras_file_with_channels_first_is_given_images_as_it_takes_them(tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.Input((1, 8, 8)),
            keras.layers.Conv2D(2, 5, strides=3, data_format="channels_first"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    foreign = load_foreign_model(saved(model, tmp_path / "m.keras"))

    assert foreign.input_shape == (8, 8, 1)
    assert foreign.outputs == "probabilities"
    turned = pixels().transpose(0, 3, 1, 2).astype(np.float32) / 255
    np.testing.assert_allclose(score(foreign, pixels()), model.predict_on_batch(turned), atol=1e-6)


@pytest.mark.parametrize("version", [2, 3])
def test_weights_alone_are_tried_in_the_published_network(tmp_path: Path, version: int) -> None:
    published = build_network(ArchitectureParameters(form="separable"), seed=4)
    path = tmp_path / "m.weights.h5"
    if version == 2:
        with h5py.File(path, "w") as file:
            write_weights(
                file,
                {
                    f"other_{number}": {
                        weight.name: np.asarray(weight.numpy())
                        for weight in [*layer.trainable_weights, *layer.non_trainable_weights]
                        if "float" in weight.dtype
                    }
                    for number, layer in enumerate(published.layers)
                },
            )
    else:
        published.save_weights(path)
    foreign = load_foreign_model(path)
    assert "173,537 parameters" in foreign.notes[0]
    for found, expected in zip(foreign.model.get_weights(), published.get_weights(), strict=True):
        if expected.dtype == np.float32:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_weights_alone_of_another_network_are_refused_with_their_layers(
    tmp_path: Path, suffix: str
) -> None:
    whole = load_foreign_model(write_keras_2(tmp_path / "m.h5", sequential(keras_2_layers())))
    path = tmp_path / f"alone{suffix}"
    if suffix == ".h5":
        with h5py.File(path, "w") as file:
            write_weights(file, random_weights())
    else:
        whole.model.save_weights(path)
    with pytest.raises(InvalidInputError, match=r"separable_conv2d.* \(3, 3, 1, 1\).*whole model"):
        load_foreign_model(path)


def test_weights_of_another_shape_are_named(tmp_path: Path) -> None:
    weights = random_weights()
    weights["batch_normalization_18"]["beta"] = np.zeros(5, np.float32)
    path = write_keras_2(tmp_path / "m.h5", sequential(keras_2_layers()), weights)
    message = r"'beta' of layer 'batch_normalization_18' has shape \(5,\).*expected \(4,\)"
    with pytest.raises(InvalidInputError, match=message):
        load_foreign_model(path)


def test_a_layer_without_stored_weights_is_named(tmp_path: Path) -> None:
    weights = random_weights() | {"separable_conv2d_21": {}}
    path = write_keras_2(tmp_path / "m.h5", sequential(keras_2_layers()), weights)
    with pytest.raises(InvalidInputError, match="the first is 'separable_conv2d_21'"):
        load_foreign_model(path)


def test_weights_that_are_not_finite_are_named(tmp_path: Path) -> None:
    weights = random_weights()
    weights["separable_conv2d_21"]["bias"][2] = np.nan
    path = write_keras_2(tmp_path / "m.h5", sequential(keras_2_layers()), weights)
    with pytest.raises(InvalidInputError, match="'bias' of layer 'separable_conv2d_21'"):
        load_foreign_model(path)


def test_an_argument_that_changes_the_result_is_not_left_out(tmp_path: Path) -> None:
    path = write_keras_2(tmp_path / "m.h5", sequential(keras_2_layers(groups=2)))
    with pytest.raises(InvalidInputError, match="groups=2 of layer 'separable_conv2d_20'"):
        load_foreign_model(path)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_lambda_layer_is_refused_before_anything_is_run(tmp_path: Path, name: str) -> None:
    model = softmax_model(keras.layers.Lambda(lambda values: values / 255, name="scale"))
    with pytest.raises(InvalidInputError, match="'scale' is a Lambda layer"):
        load_foreign_model(saved(model, tmp_path / name))


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    inputs = [keras.Input((8, 8, 1), name="face"), keras.Input((8, 8, 1), name="context")]
    outputs = keras.layers.GlobalAveragePooling2D()(keras.layers.Concatenate()(inputs))
    path = saved(keras.Model(inputs, outputs), tmp_path / "m.keras")
    with pytest.raises(InvalidInputError, match=r"takes 2 inputs \(face \(8, 8, 1\), context"):
        load_foreign_model(path)


def test_of_several_outputs_one_must_be_named(tmp_path: Path) -> None:
    inputs = keras.Input((8, 8, 1))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    heads = [keras.layers.Dense(n, name=name)(pooled) for n, name in ((2, "sex"), (8, "feeling"))]
    path = saved(keras.Model(inputs, heads), tmp_path / "m.keras")
    with pytest.raises(InvalidInputError, match=r"has 2 outputs \(sex, feeling\)"):
        load_foreign_model(path)
    assert load_foreign_model(path, output="feeling").n_classes == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No model file at"),
        (b"version https://git-lfs.github.com/spec/v1", "neither a .keras archive, an HDF5"),
    ],
)
def test_what_is_not_a_model_file_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "m.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=message):
        load_foreign_model(path)


def test_an_empty_hdf5_file_and_another_archive_are_refused(tmp_path: Path) -> None:
    h5py.File(tmp_path / "m.h5", "w").close()
    with pytest.raises(InvalidInputError, match="without the weights of a Keras model"):
        load_foreign_model(tmp_path / "m.h5")
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("data.pkl", "")
    with pytest.raises(InvalidInputError, match=r"without config\.json"):
        load_foreign_model(tmp_path / "m.keras")
