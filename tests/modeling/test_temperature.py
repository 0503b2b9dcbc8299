from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import (
    TrainingData,
    TrainingSet,
    build_network,
    freeze_layers,
    train,
)
from fer_fairness.modeling.temperature import divide_logits, fit_temperature
from fer_fairness.params.modeling import ArchitectureParameters, FreezingParameters
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters


@settings(deadline=None, max_examples=25)
@given(temperature=st.floats(0.2, 5.0))
def test_the_temperature_that_made_the_labels_is_found(temperature: float) -> None:
    generator = np.random.default_rng(0)
    honest = generator.normal(scale=1.5, size=(4000, 4))
    cumulative = softmax(honest, axis=1).cumsum(axis=1)
    codes = (generator.random((4000, 1)) > cumulative).sum(axis=1).clip(max=3)
    found, _ = fit_temperature(honest * temperature, codes)
    assert found == pytest.approx(temperature, rel=0.15)


def test_logits_of_nested_models_too_are_divided(build: Callable[[], Any]) -> None:
    import keras

    model = build()
    inputs = keras.Input(model.input_shape[1:])
    outer = keras.Model(inputs, model(inputs))
    images = np.random.default_rng(0).uniform(0, 255, (5, *model.input_shape[1:]))
    before = outer.predict_on_batch(images)
    divide_logits(outer, 0.5)
    np.testing.assert_allclose(outer.predict_on_batch(images), before * 2, rtol=1e-5)


def test_logits_of_a_separable_network_are_divided() -> None:
    form = {"form": "separable", "blocks": ((4,), (8,)), "image_side_px": 8}
    model = build_network(ArchitectureParameters.model_validate(form), seed=0)
    images = np.random.default_rng(0).uniform(0, 255, (5, 8, 8, 1))
    layer = model.get_layer("classes")
    layer.bias.assign(np.arange(8.0))
    before = model.predict_on_batch(images)
    divide_logits(model, 4.0)
    np.testing.assert_allclose(model.predict_on_batch(images), before / 4, rtol=1e-5)


def test_a_model_whose_last_layer_is_not_linear_is_refused_before_it_is_trained(
    build: Callable[[], Any], toy: Callable[..., TrainingSet], quick: TrainingParameters
) -> None:
    import keras

    model = build()
    scaled = keras.Model(model.input, keras.layers.Rescaling(2.0, name="twice")(model.output))
    params = quick.model_copy(update={"temperature_scaling": True})
    before = scaled.get_weights()
    with pytest.raises(
        InvalidInputError,
        match=r"'twice', a Rescaling .*expected a dense layer or a convolution",
    ):
        trained(scaled, toy, params)
    for was, now in zip(before, scaled.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def trained(
    model: Any, toy: Callable[..., TrainingSet], params: TrainingParameters
) -> tuple[Any, TrainingSet]:
    validation = toy(64, seed=1)
    # Some labels are wrong: of faces that are all recognised no temperature is the best.
    wrong = np.roll(validation.targets, 1, axis=0)
    wrong[16:] = validation.targets[16:]
    validation = replace(validation, targets=wrong)
    data = TrainingData(toy(64), validation)
    train(model, data, params, seed=0, checkpoint_folder=None, description="x")
    return model, validation


@pytest.mark.parametrize("keeps_activations", [False, True])
def test_a_trained_model_fits_the_validation_faces_best_as_it_is(
    build: Callable[[], Any],
    toy: Callable[..., TrainingSet],
    quick: TrainingParameters,
    caplog: pytest.LogCaptureFixture,
    *,
    keeps_activations: bool,
) -> None:
    # At such a rate an epoch before the last one is kept.
    params = quick.model_copy(update={"target_learning_rate": 0.1})
    models = [build(), build()]
    if keeps_activations:
        params = params.model_copy(update={"online_augmentation": OnlineAugmentationParameters()})
        for model in models:
            freeze_layers(model, FreezingParameters(n_trainable_layers=2))
    with caplog.at_level("INFO"):
        plain, validation = trained(models[0], toy, params)
    assert ("frozen layers make of each face is computed once" in caplog.text) == keeps_activations
    assert "epoch 2 of 4 is kept" in caplog.text
    scaled, _ = trained(models[1], toy, params.model_copy(update={"temperature_scaling": True}))
    images = validation.images[validation.image_index].astype(np.float32)
    logits = [model.predict_on_batch(images).astype(np.float64) for model in (plain, scaled)]
    codes = validation.targets.argmax(axis=1)
    temperature, _ = fit_temperature(logits[0], codes)
    assert abs(np.log(temperature)) > 0.01
    np.testing.assert_allclose(logits[1], logits[0] / temperature, rtol=5e-3, atol=1e-4)
    assert fit_temperature(logits[1], codes)[0] == pytest.approx(1.0, abs=5e-3)
