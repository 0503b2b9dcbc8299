"""MixStyle: feature maps take on part of the mean and contrast of a face of another group."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.mitigation.partners import PartnerMethod, drawn_partners, of_another_group
from fer_fairness.modeling import GROUP, Objective, TrainingSet
from fer_fairness.modeling.batches import Batch
from fer_fairness.modeling.inspection import leaf_layers
from fer_fairness.modeling.objective import Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

_SHARE, _PARTNER = "style_share", "style_partner"
_EPSILON: Final = 1e-6
_MAP_RANK: Final = 4


class MixStyle(PartnerMethod):
    """Gives feature maps x the mean and deviation of both faces in their shares.

    That is s (x - m) / d + b, with m and d over the positions of each channel of each image,
    s = t d + (1 - t) d' and b = t m + (1 - t) m', t from Beta(alpha, alpha). The partner, who has
    d' and m', is any face of another group in the batch. No gradient goes through s, b, m and d.
    Emotions stay. It is done while training alone: the model is the same as before.

    Where: behind the convolutions that `depth` counts, after what follows them but dropout. In
    frozen layers it works as well: the layers that are trained see the mixed maps of these. The
    paper mixes after several residual groups, all faces of a batch or none; here at one place, each
    face with the `probability`. A face without a partner in its batch stays as it is, as do those
    of unknown group. Mixup, where training asks for it, comes before: of the images.
    """

    label: ClassVar[str] = "MixStyle"
    source: ClassVar[str] = "Zhou et al. 2021, arXiv 2104.02008"
    neutral: ClassVar = {"probability": 0.0}
    search: ClassVar = {
        **LEARNING_RATES,
        "alpha": (0.1, 0.3),
        "depth": (0.25, 0.5, 0.75),
        "probability": (0.25, 0.5),
    }

    method: Literal["mixstyle"] = "mixstyle"
    depth: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="Share of the convolutions that come before; at least one does.",
    )
    alpha: float = Field(default=0.1, gt=0.0, description="Of the Beta distribution of t.")
    probability: float = Field(
        default=0.5, ge=0.0, le=1.0, description="Share of faces that are mixed; 0: none."
    )

    def mix(
        self, batch: Batch, params: TrainingParameters, generator: np.random.Generator
    ) -> Batch:
        """Mix as plain training does, and draw whose style each face takes on."""
        plain = super().mix(batch, params, generator)
        suits = of_another_group(batch.inputs[GROUP])
        share = generator.beta(self.alpha, self.alpha, len(suits)).astype(np.float32)
        is_mixed = generator.random(len(suits)) < self.probability
        partner, has_one = drawn_partners(suits, generator)
        share[~(has_one & is_mixed)] = 1
        return replace(plain, inputs=plain.inputs | {_SHARE: share, _PARTNER: partner})

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss of a model whose maps are mixed."""
        codes = training.column(GROUP)
        if self.probability == 0 or len(np.unique(codes[codes >= 0])) < 2:
            return super().objective(training, params)
        return MixStyleObjective(params, training.class_shares(), depth=self.depth)


class MixStyleObjective(Objective):
    """The plain loss of a model whose maps are mixed on their way.

    Attributes:
        layer: Whose output is mixed.
    """

    layer: "keras.Layer"

    def __init__(
        self, params: TrainingParameters, class_shares: np.ndarray, *, depth: float
    ) -> None:
        """Take the settings of the loss."""
        super().__init__(params, class_shares)
        self._depth = depth

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Find where to mix."""
        self.layer = mixed_layer(graph.model, self._depth)

    def outputs(
        self, model: "keras.Model", images: Tensor, batch: Mapping[str, Tensor], *, training: bool
    ) -> Any:  # noqa: ANN401  as Keras gives them
        """What the model says while maps are mixed; as it is where nothing is trained."""
        if not training:
            return model(images, training=False)
        with _mixing(self.layer, batch[_SHARE], batch[_PARTNER]):
            return model(images, training=True)


def mixed_layer(model: "keras.Model", depth: float) -> "keras.Layer":
    """The layer whose output is mixed.

    Args:
        model: Any model.
        depth: Share of the convolutions before it; at least one comes before.

    Returns:
        The last layer before the next convolution that gives maps of several positions and is no
        dropout.

    Raises:
        InvalidInputError: There is none.
    """
    layers = leaf_layers(model)
    places = [place for place, one in enumerate(layers) if "Conv" in type(one).__name__]
    wanted = max(round(depth * len(places)), 1)
    end = places[wanted] if wanted < len(places) else len(layers)
    for layer in reversed(layers[places[0] if places else end : end]):
        if _gives_maps(layer) and "Dropout" not in type(layer).__name__:
            return layer
    raise InvalidInputError(
        f"Model {model.name!r} has {len(places)} convolutions, and none of its layers from the "
        "first of them on gives maps of several positions, whose style MixStyle could mix: start "
        "from a network that has, or leave the method out."
    )


def _gives_maps(layer: "keras.Layer") -> bool:
    shape = tuple(getattr(getattr(layer, "output", None), "shape", ()))
    return len(shape) == _MAP_RANK and shape[1:3] != (1, 1)


@contextmanager
def _mixing(layer: "keras.Layer", share: Tensor, partner: Tensor) -> Iterator[None]:
    """Let `layer` give mixed maps while the context lasts, as `precision.computing_in` does."""
    own, was_own = layer.call, "call" in vars(layer)

    def call(*args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401  whatever the layer takes
        return style_mixed(own(*args, **kwargs), share, partner)

    layer.call = call
    try:
        yield
    finally:
        del layer.call
        if was_own:
            layer.call = own


def style_mixed(maps: Tensor, share: Tensor, partner: Tensor) -> Tensor:
    """Maps with the mean and deviation of both faces.

    Args:
        maps: `(n, height, width, channels)`.
        share: t, `(n,)`.
        partner: Rows of the partners, `(n,)`.

    Returns:
        Of the shape and type of `maps`; computed in float32.
    """
    from keras import ops

    wide = ops.cast(maps, "float32")
    mean, variance = ops.moments(ops.stop_gradient(wide), axes=(1, 2), keepdims=True)
    deviation = ops.sqrt(variance + _EPSILON)
    own = ops.reshape(share, (-1, 1, 1, 1))
    new_deviation, new_mean = (
        own * one + (1 - own) * ops.take(one, partner, axis=0) for one in (deviation, mean)
    )
    mixed = (wide - mean) / deviation * new_deviation + new_mean
    return ops.cast(mixed, maps.dtype)
