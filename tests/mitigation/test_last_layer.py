from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.last_layer import (
    class_kernel,
    draw_anew,
    freeze_all_but_the_last,
    last_layer,
)
from fer_fairness.modeling import build_network
from fer_fairness.params.modeling import ArchitectureParameters


def network(form: str = "compact") -> Any:
    widths = ((4,), (4,)) if form == "compact" else ((4,), (4,), (4,))
    return build_network(
        ArchitectureParameters.model_validate(
            {"form": form, "blocks": widths, "image_side_px": 24}
        ),
        seed=0,
    )


@pytest.mark.parametrize("form", ["compact", "separable"])
def test_only_the_last_layer_with_weights_is_trained(form: str) -> None:
    model = network(form)
    freeze_all_but_the_last(model)
    assert {id(one) for one in model.trainable_weights} == {
        id(one) for one in last_layer(model).weights
    }
    kernel = class_kernel(model)
    assert kernel.shape[-1] == 8
    assert any(kernel is one for one in model.trainable_weights)


@pytest.mark.parametrize("form", ["compact", "separable"])
def test_weights_drawn_anew_follow_from_the_seed_and_others_stay(form: str) -> None:
    models = [network(form) for _ in range(3)]
    before = [np.array(one) for one in models[0].weights]
    for model, seed in zip(models, (1, 1, 2), strict=True):
        last_layer(model).set_weights([one + 0.5 for one in last_layer(model).get_weights()])
        draw_anew(model, seed)
    first, again, other = (np.asarray(class_kernel(model)) for model in models)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    bias = next(one for one in last_layer(models[0]).weights if len(one.shape) == 1)
    assert not np.asarray(bias).any()
    last = {id(one) for one in last_layer(models[0]).weights}
    for value, weights in zip(before, models[0].weights, strict=True):
        assert id(weights) in last or np.array_equal(value, weights)


def test_the_last_layer_of_a_nested_model_is_found() -> None:
    import keras

    inner = network()
    inputs = keras.Input((24, 24, 1))
    model = keras.Model(inputs, keras.layers.Activation("linear")(inner(inputs)))
    assert last_layer(model) is inner.get_layer("logits")
    freeze_all_but_the_last(model)
    assert len(model.trainable_weights) == 2


def test_a_model_without_weights_by_class_is_refused() -> None:
    import keras

    inputs = keras.Input((24, 24, 1))
    features = keras.layers.Dense(16)(keras.layers.GlobalAveragePooling2D()(inputs))
    model = keras.Model(inputs, keras.layers.Reshape((8, 2))(features)[:, :, 0])
    with pytest.raises(InvalidInputError, match=r"\(1, 16\).*the 8 classes"):
        class_kernel(model)
    assert_allclose(model.output_shape[-1], 8)
