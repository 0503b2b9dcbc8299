from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import build_network
from fer_fairness.modeling.inspection import fields_not_met, is_untrained, leaf_layers
from fer_fairness.params.modeling import ArchitectureParameters


def test_layers_of_a_nested_model_stand_in_its_place(nested: Callable[[], Any]) -> None:
    kinds = [type(layer).__name__ for layer in leaf_layers(nested())]
    assert kinds == [
        "InputLayer",
        "Rescaling",
        "Conv2D",
        "BatchNormalization",
        "DepthwiseConv2D",
        "Dropout",
        "GlobalAveragePooling2D",
        "Dropout",
        "Dense",
    ]


def test_a_layer_that_is_used_twice_is_listed_once() -> None:
    import keras

    image = keras.Input((8, 8, 1))
    same = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same")])
    model = keras.Model(image, same(same(image)))
    assert [type(layer).__name__ for layer in leaf_layers(model)] == ["InputLayer", "Conv2D"]


def test_a_model_is_trained_once_its_statistics_have_moved(nested: Callable[[], Any]) -> None:
    import keras

    model = nested()
    assert is_untrained(model)
    model(np.full((2, 8, 8, 1), 200, np.float32), training=True)
    assert not is_untrained(model)
    assert not is_untrained(keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)]))


BUILT = {
    "blocks": ((4, 4), (6,), (8,)),
    "stem_width": 3,
    "activation": "silu",
    "image_side_px": 8,
    "l2": 0.01,
    "spatial_dropout": 0.2,
}


@pytest.mark.parametrize("form", ["compact", "separable"])
def test_what_a_model_was_built_with_is_met(form: str) -> None:
    built = ArchitectureParameters.model_validate({**BUILT, "form": form, "n_dense_blocks": 1})
    assert fields_not_met(build_network(built, seed=0), built) == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, []),
        ({"form": "compact", "spatial_dropout": 0.2}, []),
        ({"form": "separable"}, ["form"]),
        ({"blocks": ((4, 4), (6,))}, ["blocks"]),
        ({"n_dense_blocks": 1}, ["n_dense_blocks"]),
        ({"stem_width": 0}, ["stem_width"]),
        ({"activation": "leaky_relu"}, ["activation"]),
        ({"leaky_relu_slope": 0.1, "l2": 0.0}, ["leaky_relu_slope", "l2"]),
        ({"spatial_dropout": 0.3}, ["spatial_dropout"]),
        ({"batch_normalisation_momentum": 0.9}, ["batch_normalisation_momentum"]),
    ],
)
def test_only_what_was_set_and_differs_is_named(asked: dict[str, Any], expected: list[str]) -> None:
    model = build_network(ArchitectureParameters.model_validate(BUILT), seed=0)
    assert fields_not_met(model, ArchitectureParameters.model_validate(asked)) == expected


def test_a_model_of_another_make_meets_no_form(nested: Callable[[], Any]) -> None:
    asked = ArchitectureParameters(form="compact", spatial_dropout=0.2)
    assert fields_not_met(nested(), asked) == ["form", "spatial_dropout"]
