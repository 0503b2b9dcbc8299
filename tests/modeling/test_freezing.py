import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.errors import TrainingError
from fer_fairness.modeling import TrainingData, TrainingSet, build_network, freeze_layers, train
from fer_fairness.params.modeling import ArchitectureParameters, FreezingParameters
from fer_fairness.params.training import TrainingParameters


def test_source_document_freezes_all_but_six_of_nineteen_layers() -> None:
    model = build_network(ArchitectureParameters(form="separable"), seed=0)
    frozen = freeze_layers(model, FreezingParameters())
    assert len(frozen) == 13
    # By hand: classes 3,464; normalisation 768 + 384 + 384; convolutions 75,840 and 38,784.
    assert sum(int(np.prod(v.shape)) for v in model.trainable_weights) == 119_624


def test_counted_layers_are_those_of_the_listed_types(build: Callable[[], Any]) -> None:
    model = build()
    params = FreezingParameters(n_trainable_layers=1, layer_types=("Conv2D",))
    assert freeze_layers(model, params) == ["block_1_convolution_1"]
    assert model.get_layer("block_1_normalisation_1").trainable


@pytest.mark.parametrize(
    "params", [FreezingParameters(enabled=False), FreezingParameters(n_trainable_layers=99)]
)
def test_nothing_is_frozen_and_earlier_freezing_is_lifted(
    build: Callable[[], Any], params: FreezingParameters
) -> None:
    model = build()
    freeze_layers(model, FreezingParameters(n_trainable_layers=1))
    assert freeze_layers(model, params) == []
    assert all(layer.trainable for layer in model.layers)


def test_training_moves_neither_weights_nor_statistics_of_frozen_layers(
    build: Callable[[], Any], toy: Callable[..., TrainingSet], quick: TrainingParameters
) -> None:
    model = build()
    frozen = freeze_layers(model, FreezingParameters(n_trainable_layers=2))
    assert "block_1_normalisation_1" in frozen
    before = {layer.name: layer.get_weights() for layer in model.layers}
    data = TrainingData(toy(), toy(seed=1))
    train(model, data, quick, seed=0, checkpoint_folder=None, description="Training")
    for layer in model.layers:
        same = [
            np.array_equal(old, new)
            for old, new in zip(before[layer.name], layer.get_weights(), strict=True)
        ]
        assert all(same) if layer.name in frozen else not any(same) or not same, layer.name


def test_statistics_of_trainable_normalisations_stay_too_where_asked_for(
    build: Callable[[], Any], toy: Callable[..., TrainingSet], quick: TrainingParameters
) -> None:
    model = build()
    params = FreezingParameters(n_trainable_layers=99, every_batch_normalisation=True)
    frozen = freeze_layers(model, params)
    assert frozen == ["block_1_normalisation_1", "block_2_normalisation_1"]
    before = [model.get_layer(name).get_weights() for name in frozen]
    data = TrainingData(toy(), toy(seed=1))
    train(model, data, quick, seed=0, checkpoint_folder=None, description="Training")
    for name, values in zip(frozen, before, strict=True):
        assert all(map(np.array_equal, values, model.get_layer(name).get_weights()))


def test_a_wholly_frozen_model_is_not_trained(
    toy: Callable[..., TrainingSet], quick: TrainingParameters
) -> None:
    model = build_network(
        ArchitectureParameters(form="separable", blocks=((2,),), image_side_px=8), seed=0
    )
    freeze_layers(model, FreezingParameters(n_trainable_layers=0))
    data = TrainingData(toy(), toy())
    with pytest.raises(TrainingError, match="raise n_trainable_layers"):
        train(model, data, quick, seed=0, checkpoint_folder=None, description="Training")


def test_layers_of_a_nested_model_are_frozen_and_released(nested: Callable[[], Any]) -> None:
    model = nested()
    assert freeze_layers(model, FreezingParameters(n_trainable_layers=1)) == [
        "early",
        "normalisation",
    ]
    backbone = model.get_layer("backbone")
    assert [layer.name for layer in backbone.layers if not layer.trainable] == [
        "early",
        "normalisation",
    ]
    # A depthwise kernel with its bias, a dense one with its own.
    assert [tuple(weight.shape) for weight in model.trainable_weights] == [
        (3, 3, 4, 1),
        (4,),
        (4, 8),
        (8,),
    ]
    assert freeze_layers(model, FreezingParameters(enabled=False)) == []
    assert len(model.trainable_weights) == 8


def test_freezing_that_freezes_nothing_is_a_warning(
    build: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="fer_fairness"):
        freeze_layers(build(), FreezingParameters(enabled=False))
        freeze_layers(build(), FreezingParameters(n_trainable_layers=1))
        assert caplog.text == ""
        freeze_layers(build(), FreezingParameters(n_trainable_layers=9))
    assert "freezes nothing in model 'compact_cnn': it has 4 layers of the types" in caplog.text
