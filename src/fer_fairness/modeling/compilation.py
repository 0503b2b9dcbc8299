"""Optimiser, loss and random state of a model about to be trained."""

from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.params.modeling import TrainingParameters

if TYPE_CHECKING:
    import keras


def compile_model(model: "keras.Model", params: TrainingParameters) -> None:
    """Give `model` its optimiser, loss and metrics, in place.

    Clipping is by the norm of the whole gradient, which keeps its direction. Weight decay spares
    biases and batch normalisation. The metrics are `accuracy` and `cross_entropy`: the latter has
    neither penalties nor label smoothing in it.

    Args:
        model: Gives logits; layers are frozen before, not after.
        params: Optimiser, clipping, label smoothing.
    """
    prepare_backend()
    import keras

    optimizer: keras.Optimizer
    clip_norm = params.gradient_clip_norm
    if params.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(
            params.initial_learning_rate,
            weight_decay=params.weight_decay,
            global_clipnorm=clip_norm,
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    else:
        optimizer = keras.optimizers.Adam(params.initial_learning_rate, global_clipnorm=clip_norm)
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=params.label_smoothing
        ),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
        weighted_metrics=[keras.metrics.CategoricalCrossentropy("cross_entropy", from_logits=True)],
    )


def seed_dropout(model: "keras.Model", seed: int) -> None:
    """Start the random generators of the model's layers anew, each from its own part of `seed`."""
    generators = [
        layer.seed_generator
        for layer in model.layers
        if getattr(layer, "seed_generator", None) is not None
    ]
    seeds = np.random.default_rng(seed).integers(2**31, size=len(generators))
    for generator, value in zip(generators, seeds, strict=True):
        generator.state.assign([int(value), 0])
