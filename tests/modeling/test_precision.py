import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import Objective, Procedure, TrainingSet, build_network
from fer_fairness.modeling import precision as precisions
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.graph import training_graph
from fer_fairness.modeling.inspection import leaf_layers
from fer_fairness.modeling.precision import computing_in, precision_here
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags : avx512f avx512_bf16 avx512_vnni", "bfloat16"),
        ("flags : amx_bf16 amx_tile", "bfloat16"),
        ("flags : avx2 avx512f", "float32"),
        (None, "float32"),
    ],
)
def test_auto_is_bfloat16_where_the_cpu_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str | None, expected: str
) -> None:
    description = tmp_path / "cpuinfo"
    if flags is not None:
        description.write_text(flags)
    monkeypatch.setattr(precisions, "_CPU_DESCRIPTION", description)
    assert precision_here("auto") == expected
    assert precision_here("float32") == "float32"
    assert precision_here("bfloat16") == "bfloat16"


@pytest.mark.parametrize("options", [{}, {"renorm": True}])
def test_the_fused_normalisation_gives_and_keeps_what_kerass_own_does(
    options: dict[str, Any],
) -> None:
    import keras

    known = inspect.signature(keras.layers.BatchNormalization).parameters
    if not set(options) <= set(known):
        pytest.skip("this Keras has no batch renormalisation")

    generator = np.random.default_rng(0)
    maps = generator.normal(3, 2, (5, 4, 4, 6)).astype(np.float32)
    found = []
    for is_fused in (False, True):
        inputs = keras.Input((4, 4, 6))
        layer = keras.layers.BatchNormalization(momentum=0.7, **options)
        model = keras.Model(inputs, keras.layers.Dense(2)(layer(inputs)))
        weights = [np.random.default_rng(1).uniform(0.5, 2, w.shape) for w in model.get_weights()]
        model.set_weights(weights)
        if is_fused:
            with computing_in(model, "float32"):
                outputs = model(maps, training=True)
        else:
            outputs = model(maps, training=True)
        inference = model(maps, training=False)
        found.append([np.asarray(outputs), np.asarray(inference), *model.get_weights()])
    for of_keras, fused in zip(*found, strict=True):
        np.testing.assert_allclose(fused, of_keras, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SeparableConv2D", {"filters": 5, "kernel_size": 3, "padding": "same"}),
        (
            "SeparableConv2D",
            {
                "filters": 5,
                "kernel_size": 3,
                "strides": 2,
                "depth_multiplier": 2,
                "activation": "silu",
                "bias_initializer": "random_normal",
            },
        ),
        ("SeparableConv2D", {"filters": 5, "kernel_size": 2, "dilation_rate": 2}),
        ("Activation", {"activation": "silu"}),
    ],
)
@pytest.mark.parametrize("side", [6, None])
def test_cheaper_gradients_are_kerass_own(
    name: str, options: dict[str, Any], side: int | None
) -> None:
    import keras
    import tensorflow as tf

    inputs = keras.Input((side, side, 4))
    layer = getattr(keras.layers, name)(**options)
    pooled = keras.layers.GlobalAveragePooling2D()(layer(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(pooled))
    own = layer.call.__func__
    generator = np.random.default_rng(0)
    maps = tf.constant(generator.normal(0, 3, (3, 6, 6, 4)).astype(np.float32))
    factors = tf.constant(generator.normal(0, 1, (3, 2)).astype(np.float32))

    def answers_and_gradients() -> list[Any]:
        with tf.GradientTape() as tape:
            tape.watch(maps)
            answers = model(maps, training=True)
            total = tf.reduce_sum(factors * answers)
        return [answers, *tape.gradient(total, [maps, *model.trainable_weights])]

    of_keras = answers_and_gradients()
    with computing_in(model, "float32", training=False):
        assert layer.call.__func__ is own
    with computing_in(model, "float32"):
        assert not hasattr(layer.call, "__func__")  # it is another one
        found = answers_and_gradients()
    for expected, value in zip(of_keras, found, strict=True):
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=2e-5)


def test_layers_are_as_before_once_the_context_ends(nested: Callable[[], Any]) -> None:
    model = nested()
    layers = leaf_layers(model)
    before = [(layer.dtype_policy.name, layer.call.__func__) for layer in layers]

    def failing() -> None:
        with computing_in(model, "bfloat16"):
            assert any(layer.dtype_policy.name == "mixed_bfloat16" for layer in layers)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert [(layer.dtype_policy.name, layer.call.__func__) for layer in layers] == before


@pytest.mark.parametrize("form", ["compact", "separable"])
def test_bfloat16_trains_nearly_as_float32_does_and_leaves_float32_weights(
    form: Any, toy: Callable[..., TrainingSet]
) -> None:
    trained = {}
    for precision in ("float32", "bfloat16"):
        params = TrainingParameters(
            batch_size=16, target_learning_rate=0.01, precision=precision, average_momentum=None
        )
        architecture = ArchitectureParameters(
            form=form, blocks=((4, 4), (6,)), n_dense_blocks=1, image_side_px=8, spatial_dropout=0.0
        )
        model = build_network(architecture, seed=0)
        graph = training_graph(model, params, Objective(params, np.full(8, 1 / 8)), seed=0)
        part = toy(32)
        losses = [
            float(graph.train_on_batch(batch.inputs, batch.targets, return_dict=True)["loss"])
            for batch in TrainingBatches(part, params, Procedure(), seed=0).epoch(0)
        ]
        assert {weight.dtype for weight in model.weights} == {"float32"}
        logits = model.predict_on_batch(np.asarray(part.images, dtype=np.float32))
        assert logits.dtype == np.float32
        trained[precision] = (losses, logits)
    assert trained["bfloat16"][0] != trained["float32"][0]  # it was computed otherwise
    np.testing.assert_allclose(trained["bfloat16"][0], trained["float32"][0], rtol=0.02)
    difference = np.abs(trained["bfloat16"][1] - trained["float32"][1]).mean()
    assert difference < 0.05 * np.abs(trained["float32"][1]).mean() + 0.05


def test_the_last_layer_computes_in_float32(toy: Callable[..., TrainingSet]) -> None:
    model = build_network(
        ArchitectureParameters(blocks=((4,),), image_side_px=8, spatial_dropout=0.0), seed=0
    )
    with computing_in(model, "bfloat16"):
        logits = model(np.asarray(toy(4).images, dtype=np.float32), training=True)
        policies = {layer.name: layer.compute_dtype for layer in model.layers}
    assert logits.dtype == "float32"
    assert policies["logits"] == policies["mean"] == "float32"
    assert policies["block_1_convolution_1"] == "bfloat16"
