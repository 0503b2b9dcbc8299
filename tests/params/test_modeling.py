import pytest
from pydantic import ValidationError

from fer_fairness.params.modeling import FreezingParameters


def test_depthwise_convolutions_are_among_the_layers_that_are_frozen() -> None:
    assert "DepthwiseConv2D" in FreezingParameters().layer_types
    assert FreezingParameters(layer_types=("DepthwiseConv2D",)).n_trainable_layers == 6


def test_a_layer_type_that_cannot_be_frozen_is_refused() -> None:
    with pytest.raises(ValidationError, match="DepthwiseConv2D"):
        FreezingParameters.model_validate({"layer_types": ["Conv3D"]})
