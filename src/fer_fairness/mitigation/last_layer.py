"""What methods share that change the last layer alone, or train it on faces drawn by cells."""

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.cell_sampling import CellSampling
from fer_fairness.mitigation.cells import cell_codes
from fer_fairness.mitigation.composition import Composition, training_faces
from fer_fairness.mitigation.method import Given
from fer_fairness.modeling import GROUP
from fer_fairness.modeling.freezing import turn_off_dropout_before_what_trains
from fer_fairness.modeling.inspection import leaf_layers
from fer_fairness.params.fine_tuning import FineTuningParameters

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)


class LastLayerMethod(CellSampling):
    """Trains the last layer alone, on faces of which every cell is drawn equally often.

    Attributes:
        in_words: What a cell is, for the log.
    """

    in_words: ClassVar[str]
    needs_trained: ClassVar[bool] = True

    last_layer_only: bool = Field(
        default=True,
        description="Whether all other layers stay as they are, batch statistics included; false: "
        "what fine_tuning freezes does.",
    )

    def cell_columns(self) -> Sequence[str]:
        """The columns of the table of faces whose combinations are the cells."""
        raise NotImplementedError

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """Every training face, with the code of its cell."""
        plain = super().training_set(faces, images, given)
        codes, names = cell_codes(training_faces(faces), self.cell_columns())
        logger.info(
            "%s: %d cells of %s are drawn alike; %d of %d faces have none and are seen as in plain "
            "training",
            self.label,
            len(names),
            self.in_words,
            int((codes < 0).sum()),
            len(codes),
        )
        return Composition(plain.columns.assign(**{GROUP: codes}), plain.added)

    def start(
        self, model: "keras.Model | None", fine_tuning: FineTuningParameters, *, seed: int
    ) -> "keras.Model":
        """The starting model of which only the last layer is trained."""
        prepared = super().start(model, fine_tuning, seed=seed)
        if self.last_layer_only:
            freeze_all_but_the_last(prepared)
        return prepared


def last_layer(model: "keras.Model") -> "keras.Layer":
    """The last layer with weights, in however nested a model: what makes logits of features."""
    return next(layer for layer in reversed(leaf_layers(model)) if layer.weights)


def freeze_all_but_the_last(model: "keras.Model") -> None:
    """Freeze every layer but the last that has weights, in place; that one is trained.

    Dropout before it is turned off, as `freeze_layers` does.
    """
    kept = last_layer(model)
    for layer in leaf_layers(model):
        layer.trainable = layer is kept
    turn_off_dropout_before_what_trains(model)


def draw_anew(model: "keras.Model", seed: int) -> None:
    """Give the last layer random kernels (Glorot's, the same on every back end) and biases of 0."""
    generator = np.random.default_rng(seed)
    for weights in last_layer(model).weights:
        shape = tuple(weights.shape)
        limit = 0.0
        if len(shape) > 1:
            limit = np.sqrt(6 / (math.prod(shape[:-2]) * (shape[-2] + shape[-1])))
        weights.assign(generator.uniform(-limit, limit, shape))


def class_kernel(model: "keras.Model") -> "keras.Variable":
    """The weights of the last layer whose last axis are the classes.

    Raises:
        InvalidInputError: There are none.
    """
    layer, n_classes = last_layer(model), model.output_shape[-1]
    for weights in reversed(layer.weights):
        if len(weights.shape) > 1 and weights.shape[-1] == n_classes:
            return weights
    raise InvalidInputError(
        f"The last layer with weights of model {model.name!r}, {layer.name!r}, has weights of the "
        f"shapes {[tuple(weights.shape) for weights in layer.weights]}, expected some whose last "
        f"axis are the {n_classes} classes. Start from a model that ends with a dense layer or a "
        "convolution, or leave the method out."
    )
