"""ONNX and TFLite files are run like Keras models, whatever layout and scale they take."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign import InputForm, Scoring, load_foreign_model, model_outputs
from fer_fairness.foreign.pixel_values import InputScale
from fer_fairness.foreign.preparation import prepare_batch
from fer_fairness.foreign.scale_by_answers import Answers, answers_at_scale, scale_of_answers

INDEX = np.arange(20)
IMAGES = (INDEX * 13)[:, None, None, None].repeat(6, 1).repeat(6, 2).astype(np.uint8)
"""Grey images, each of one brightness from 0 to 247."""

TFLITE = """
import sys, tensorflow as tf
image = tf.keras.Input((6, 6, 1))
mean = tf.keras.layers.GlobalAveragePooling2D()(image)
rows = tf.keras.layers.Concatenate()([4 * mean, -4 * mean])
valence = tf.keras.layers.Concatenate()([mean, 2 * mean, 3 * mean])
model = tf.keras.Model(image, [tf.keras.layers.Softmax()(rows), valence])
open(sys.argv[1], "wb").write(tf.lite.TFLiteConverter.from_keras_model(model).convert())
"""


QUANTISED = """
import sys, numpy as np, tensorflow as tf
image = tf.keras.Input((6, 6, 1))
mean = tf.keras.layers.GlobalAveragePooling2D()(image)
rows = tf.keras.layers.Concatenate()([4 * mean, -4 * mean])
converter = tf.lite.TFLiteConverter.from_keras_model(
    tf.keras.Model(image, tf.keras.layers.Softmax()(rows)))
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = lambda: (
    [np.full((1, 6, 6, 1), value, np.float32)] for value in np.linspace(-1, 1, 50))
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
converter.inference_input_type = converter.inference_output_type = getattr(tf, sys.argv[2])
open(sys.argv[1], "wb").write(converter.convert())
"""


def write_onnx(
    path: Path,
    shape: list[int | str],
    axes: list[int],
    weights: tuple[float, ...] = (4, -4),
    dtype: str = "float32",
) -> Path:
    """Logits of the mean m of an image: of two classes 4 m and -4 m."""
    import onnx
    from onnx import helper, numpy_helper

    stored = numpy_helper.from_array(np.array([weights], dtype=dtype), "weights")
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=axes, keepdims=1),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["emotions"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", stored.data_type, shape)],
        [helper.make_tensor_value_info("emotions", stored.data_type, None)],
        [stored],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path
    )
    return path


def shares(path: Path, scale: InputScale | None = "-1-1", output: str | None = None) -> np.ndarray:
    foreign = load_foreign_model(path, output=output)
    scoring = Scoring(input_scale=scale)
    return model_outputs(foreign, IMAGES, INDEX, name="tiny", scoring=scoring).shares


def expected() -> np.ndarray:
    """What the model gives for inputs from -1 to 1."""
    mean = IMAGES.mean(axis=(1, 2, 3)) / 127.5 - 1
    return np.asarray(1 / (1 + np.exp(-8 * mean)))


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        (["n", 6, 6, 1], [1, 2, 3]),
        (["n", 1, 6, 6], [1, 2, 3]),
        ([1, 3, 6, 6], [1, 2, 3]),
        ([7, 3, 6, 6], [1, 2, 3]),
        (["n", 3, "height", "width"], [1, 2, 3]),
        ([7, "channels", 6, 6], [2, 3]),
    ],
)
def test_onnx_takes_channels_first_or_last(
    tmp_path: Path, shape: list[int | str], axes: list[int]
) -> None:
    path = write_onnx(tmp_path / "tiny.onnx", shape, axes)

    np.testing.assert_allclose(shares(path)[:, 0], expected(), atol=1e-5)
    assert f"channels {'last' if shape[1] == 6 else 'first'}" in str(load_foreign_model(path).notes)


def test_a_side_is_given_where_a_file_takes_any_size(tmp_path: Path) -> None:
    open_size = write_onnx(tmp_path / "open.onnx", ["n", 1, "height", "width"], [1, 2, 3])
    foreign = load_foreign_model(open_size, form=InputForm(side_px=12))

    assert foreign.input_shape == (12, 12, 1)
    assert prepare_batch(IMAGES, foreign, "0-1").shape == (20, 12, 12, 1)
    fixed = write_onnx(tmp_path / "fixed.onnx", ["n", 1, 6, 6], [1, 2, 3])
    with pytest.raises(InvalidInputError, match=r"takes images of 6 x 6 px.*input_side_px is 12"):
        load_foreign_model(fixed, form=InputForm(side_px=12))


def test_one_output_of_tflite_runs_like_onnx(tmp_path: Path) -> None:
    path = tmp_path / "tiny.tflite"
    subprocess.run([sys.executable, "-c", TFLITE, path], check=True, capture_output=True)

    with pytest.raises(InvalidInputError, match=r"2 outputs \(.+\).*give audit\.output") as refused:
        shares(path)
    names = str(refused.value).partition("outputs (")[2].partition(")")[0].split(", ")
    of_two = [name for name in names if load_foreign_model(path, output=name).n_classes == 2]
    found = shares(path, output=of_two[0])
    np.testing.assert_allclose(found[:, 0], expected(), atol=1e-4)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InvalidInputError, match="TFLite model cannot be loaded"):
        shares(path)


def test_networks_of_half_precision_are_given_halves(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "half.onnx", ["n", 6, 6, 1], [1, 2, 3], dtype="float16")
    np.testing.assert_allclose(shares(path)[:, 0], expected(), atol=5e-3)


def test_whole_numbers_of_8_bits_are_given_as_a_network_takes_them(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    path = write_onnx(tmp_path / "bytes.onnx", ["n", 6, 6, 1], [1, 2, 3])
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    model.graph.node[0].input[0] = "floats"
    model.graph.node.insert(0, helper.make_node("Cast", ["image"], ["floats"], to=1))
    onnx.save(model, path)
    bright = IMAGES[:, 0, 0, 0] > 0
    np.testing.assert_array_equal(shares(path, scale="0-255")[bright, 0], 1)

    path = tmp_path / "bytes.tflite"
    command = [sys.executable, "-c", QUANTISED, str(path), "int8"]
    subprocess.run(command, check=True, capture_output=True)
    np.testing.assert_allclose(shares(path)[:, 0], expected(), atol=0.03)
    assert "probabilities" in str(load_foreign_model(path).notes)


def test_outputs_that_are_no_class_are_left_out_of_a_network(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "tiny.onnx", ["n", 6, 6, 1], [1, 2, 3], weights=(4, 9, -4))
    foreign = load_foreign_model(path, class_names=("happy", "-", "sad"))

    assert foreign.n_classes == 2
    assert "1 of its outputs are no class" in foreign.notes[0]
    scoring = Scoring(input_scale="-1-1")
    found = model_outputs(foreign, IMAGES, INDEX, name="tiny", scoring=scoring)
    np.testing.assert_allclose(found.shares[:, 0], expected(), atol=1e-5)
    with pytest.raises(InvalidInputError, match=r"2 names .*3 outputs.*'-'"):
        load_foreign_model(path, class_names=("happy", "sad"))


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (["n", 6, 6], "expected images with 1 or 3 channels"),
        ([1, 3, 6, 1], "NHWC with 1 .* or NCHW with 3"),
    ],
)
def test_networks_of_no_images_are_refused(
    tmp_path: Path, shape: list[int | str], told: str
) -> None:
    with pytest.raises(InvalidInputError, match=told):
        shares(write_onnx(tmp_path / "tiny.onnx", shape, [1, 2, 3][: len(shape) - 1]))


def write_convolution(path: Path, n_channels: int) -> Path:
    """A network whose declared input is open in all but its channels' number of a convolution."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernel = np.stack([np.full((n_channels, 1, 1), sign / n_channels) for sign in (4, -4)])
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["maps"]),
        helper.make_node("GlobalAveragePool", ["maps"], ["means"]),
        helper.make_node("Flatten", ["means"], ["emotions"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", "a", "b", "c"])],
        [helper.make_tensor_value_info("emotions", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(kernel.astype(np.float32), "kernel")],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path
    )
    return path


@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_form_that_a_file_does_not_declare_is_the_only_one_that_runs(
    tmp_path: Path, n_channels: int
) -> None:
    path = write_convolution(tmp_path / "tiny.onnx", n_channels)

    assert load_foreign_model(path).input_shape == (None, None, n_channels)
    assert "channels first" in load_foreign_model(path).notes[0]
    np.testing.assert_allclose(shares(path)[:, 0], expected(), atol=1e-5)


def test_a_form_is_asked_for_where_several_run_and_held_against_the_file(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "tiny.onnx", ["n", "a", "b", "c"], [1, 2, 3])
    with pytest.raises(InvalidInputError, match=r"NHWC with 1 .*NCHW with 3.*audit\.input_layout"):
        load_foreign_model(path)
    form = InputForm("NCHW", 3)
    assert load_foreign_model(path, form=form).input_shape == (None, None, 3)
    last = write_onnx(tmp_path / "last.onnx", ["n", 6, 6, 1], [1, 2, 3])
    with pytest.raises(InvalidInputError, match=r"asked for: NCHW, 3 channels"):
        load_foreign_model(last, form=form)


def test_a_file_that_is_no_onnx_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(b"no model")
    with pytest.raises(InvalidInputError, match="cannot load this model"):
        shares(tmp_path / "tiny.onnx")


def test_scales_between_which_answers_do_not_tell_are_refused(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "tiny.onnx", ["n", 3, 6, 6], [1, 2, 3])

    with pytest.raises(InvalidInputError, match=r"0-1: .* nats, .*Give audit\.input_scale"):
        shares(path, scale=None)


def test_the_scale_that_tells_most_images_apart_is_taken() -> None:
    apart, alike = np.eye(4)[np.arange(80) % 4] * 0.8 + 0.05, np.full((80, 4), 0.25)

    assert (
        scale_of_answers({"0-1": answers_at_scale(alike), "-1-1": answers_at_scale(apart)})
        == "-1-1"
    )
    sure = Answers(information_nats=1.3, confidence=0.99)
    with pytest.raises(InvalidInputError, match="mean confidence 99%"):
        scale_of_answers({"0-1": answers_at_scale(alike), "0-255": sure})


def test_imagenet_standardises_each_channel(tmp_path: Path) -> None:
    foreign = load_foreign_model(write_onnx(tmp_path / "a.onnx", ["n", 3, 6, 6], [1, 2, 3]))
    batch = prepare_batch(IMAGES, foreign, "imagenet")

    wanted = (IMAGES[19, 0, 0, 0] / 255 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(batch[19, 0, 0], wanted, rtol=1e-5)
    assert "imagenet" in get_args(InputScale)
