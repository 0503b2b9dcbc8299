from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from fer_fairness.modeling import build_network
from fer_fairness.params.modeling import ArchitectureParameters


@pytest.fixture(params=["compact", "separable"])
def tiny(request: pytest.FixtureRequest, tiny: ArchitectureParameters) -> ArchitectureParameters:
    return tiny.model_copy(update={"form": request.param})


def n_values(variables: list[Any]) -> int:
    return sum(int(np.prod(variable.shape)) for variable in variables)


def test_separable_network_has_the_published_number_of_parameters() -> None:
    model = build_network(ArchitectureParameters(form="separable"), seed=0)
    assert n_values(model.trainable_weights) == 171_137
    assert n_values(model.weights) == 173_537
    assert model.input_shape == (None, 48, 48, 1)
    assert model.output_shape == (None, 8)


def test_compact_network_has_no_more_parameters_than_the_published_one() -> None:
    model = build_network(ArchitectureParameters(), seed=0)
    assert 140_000 < n_values(model.trainable_weights) <= 171_137
    assert model.input_shape == (None, 48, 48, 1)
    assert model.output_shape == (None, 8)


def test_compact_blocks_are_dense_first_and_separable_later_at_half_the_side() -> None:
    params = ArchitectureParameters(blocks=((4, 4), (6,), (8, 8)), n_dense_blocks=2)
    model = build_network(params, seed=0)
    kinds = {layer.name: type(layer).__name__ for layer in model.layers}
    assert kinds["block_1_convolution_2"] == kinds["block_2_convolution_1"] == "Conv2D"
    assert kinds["block_3_convolution_1"] == "SeparableConv2D"
    sides = [
        model.get_layer(f"block_{number}_convolution_1").output.shape[1] for number in (1, 2, 3)
    ]
    assert sides == [24, 12, 6]
    assert [name for name in kinds if "_sum_" in name] == ["block_1_sum_2", "block_3_sum_2"]


def test_a_stem_sees_every_pixel_and_the_blocks_are_as_without_it() -> None:
    params = ArchitectureParameters(blocks=((4, 4), (6,)), stem_width=3)
    model = build_network(params, seed=0)
    assert model.get_layer("stem_convolution").output.shape == (None, 48, 48, 3)
    assert model.get_layer("block_1_convolution_1").output.shape == (None, 24, 24, 4)
    without = build_network(params.model_copy(update={"stem_width": 0}), seed=0)
    assert n_values(model.weights) - n_values(without.weights) == 9 * 3 + 4 * 3 + 9 * 2 * 4


def test_outputs_are_logits_of_images_scaled_inside(tiny: ArchitectureParameters) -> None:
    model = build_network(tiny, seed=0)
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1)).astype(np.float32)
    logits = model.predict_on_batch(images)
    assert not np.allclose(np.exp(logits).sum(axis=1), 1.0)
    assert not np.allclose(logits.sum(axis=1), 1.0)
    scaling = model.get_layer("scaling")
    assert float(np.max(scaling(np.full((1, 8, 8, 1), 255.0, np.float32)))) == pytest.approx(1.0)


def test_same_seed_gives_same_weights_and_another_seed_others(
    tiny: ArchitectureParameters,
) -> None:
    first, again, other = (build_network(tiny, seed=seed).get_weights() for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_same_seed_gives_same_dropout(tiny: ArchitectureParameters) -> None:
    images = np.full((2, 8, 8, 1), 100.0, np.float32)
    first, again = (np.asarray(build_network(tiny, seed=5)(images, training=True)) for _ in "ab")
    assert np.array_equal(first, again)


def test_penalty_is_l2_times_the_squared_norm_of_every_kernel(
    tiny: ArchitectureParameters,
) -> None:
    model = build_network(tiny.model_copy(update={"l2": 0.01}), seed=0)
    kernels = [weights for weights in model.get_weights() if weights.ndim == 4]
    assert len(kernels) == {"separable": 2 * 3, "compact": 2}[tiny.form]
    expected = 0.01 * sum(float((kernel**2).sum()) for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
    assert expected > 0


def test_penalty_alone_shrinks_depthwise_and_pointwise_kernels() -> None:
    import keras

    params = ArchitectureParameters(
        form="separable", blocks=((4,),), l2=0.05, spatial_dropout=0.0, image_side_px=4
    )
    model = build_network(params, seed=0)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=lambda _true, logits: 0.0 * logits)
    before = [weights for weights in model.get_weights() if weights.ndim == 4]
    model.train_on_batch(np.ones((2, 4, 4, 1), np.float32), np.zeros((2, 8), np.float32))
    after = [weights for weights in model.get_weights() if weights.ndim == 4]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_allclose(new, old * (1 - 2 * 0.05 * 0.1), rtol=1e-5)


def test_without_l2_nothing_is_penalised(tiny: ArchitectureParameters) -> None:
    assert build_network(tiny.model_copy(update={"l2": 0.0}), seed=0).losses == []


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_round_trip_through_a_keras_file_in_safe_mode(
    tiny: ArchitectureParameters, tmp_path: Path
) -> None:
    import keras

    model = build_network(tiny, seed=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True, compile=False)
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1)).astype(np.float32)
    assert np.array_equal(model.predict_on_batch(images), loaded.predict_on_batch(images))
    assert float(sum(loaded.losses)) == pytest.approx(float(sum(model.losses)))


def test_pooling_before_the_activation_changes_no_value() -> None:
    import keras

    features = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    pool, activate = keras.layers.MaxPooling2D(2), keras.layers.LeakyReLU(negative_slope=0.02)
    assert np.array_equal(
        np.asarray(activate(pool(features))), np.asarray(pool(activate(features)))
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"blocks": ((8,), (8,), (8,)), "image_side_px": 4}, "at least 8 px"),
        ({"blocks": ((8,), ())}, "block 2"),
        ({"blocks": ((0,),)}, "block 1"),
        ({"l2": -1.0}, "greater than or equal to 0"),
        ({"spatial_dropout": 1.0}, "less than 1"),
        ({"widths": 3}, "Extra inputs"),
    ],
)
def test_impossible_architectures_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ArchitectureParameters(**values)
