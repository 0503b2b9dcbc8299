"""The graph that is trained: online augmentation, model, loss, optimiser."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.online_augmentation import apply_changes
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

Tensor: TypeAlias = Any
"""A tensor of whichever back end runs."""


def training_graph(
    model: "keras.Model",
    params: TrainingParameters,
    *,
    class_shares: np.ndarray,
) -> "keras.Model":
    """Put augmentation before `model`, what teachers said beside it, and compile the whole.

    Clipping is by the norm of the whole gradient, which keeps its direction. Weight decay spares
    biases and batch normalisation. The metrics are `accuracy` and `cross_entropy` of the model's
    logits: the latter has neither penalties, smoothing, adjustment nor teacher in it.

    Args:
        model: Images 0 to 255 to logits `(n, k)`; layers are frozen before, not after.
        params: Which changes the images undergo, loss, optimiser, clipping.
        class_shares: Shape `(k,)`: share of each class in the training targets, summing to 1.

    Returns:
        A compiled model of the inputs that `TrainingBatches` gives, sharing its weights with
        `model`.
    """
    prepare_backend()
    import keras
    from keras import ops

    n_classes = len(class_shares)
    inputs = _inputs(model.input_shape[1:], n_classes, params)
    images = apply_changes(ops.cast(inputs["images"], "float32"), inputs)
    if "mixing_share" in inputs:
        share = ops.reshape(inputs["mixing_share"], (-1, 1, 1, 1))
        images = share * images + (1 - share) * ops.take(images, inputs["partner"], axis=0)
    outputs = model(images)
    if "teacher_logits" in inputs:
        outputs = ops.concatenate([outputs, inputs["teacher_logits"]], axis=1)
    graph = keras.Model(inputs, outputs, name="training")
    optimizer = _optimizer(params)
    optimizer.build(model.trainable_variables)
    graph.compile(
        optimizer=optimizer,
        loss=_loss(params, class_shares),
        metrics=[keras.metrics.MeanMetricWrapper(_accuracy(n_classes), name="accuracy")],
        weighted_metrics=[
            keras.metrics.MeanMetricWrapper(_cross_entropy(n_classes), name="cross_entropy")
        ],
        # XLA makes TensorFlow several times slower on a CPU; JAX has nothing else.
        jit_compile=keras.backend.backend() == "jax",
    )
    return graph


def seed_dropout(model: "keras.Model", seed: int) -> None:
    """Start the random generators of the model's layers anew, each from its own part of `seed`.

    Generators of nested models, and inside of layers, are among them: of all variables of a model,
    Keras counts the states of its generators alone not as weights.
    """
    weights = {id(weight) for weight in model.weights}
    states = {id(variable): variable for variable in model.variables if id(variable) not in weights}
    seeds = np.random.default_rng(seed).integers(2**31, size=len(states))
    for state, value in zip(states.values(), seeds, strict=True):
        state.assign([int(value), 0])


def _inputs(
    image_shape: tuple[int, int, int], n_classes: int, params: TrainingParameters
) -> "dict[str, keras.KerasTensor]":
    import keras

    online = params.online_augmentation
    inputs = {"images": keras.Input(image_shape, dtype="uint8", name="images")}
    if online.is_geometric:
        inputs["affine"] = keras.Input((8,), name="affine")
    if online.is_tonal:
        inputs["tone"] = keras.Input((2,), name="tone")
    if online.erases:
        inputs["box"] = keras.Input((4,), name="box")
    if params.mixup_alpha > 0:
        inputs["mixing_share"] = keras.Input((), name="mixing_share")
        inputs["partner"] = keras.Input((), dtype="int32", name="partner")
    if params.distillation.weight > 0:
        inputs["teacher_logits"] = keras.Input((n_classes,), name="teacher_logits")
    return inputs


def _optimizer(params: TrainingParameters) -> "keras.Optimizer":
    import keras

    clip_norm = params.gradient_clip_norm
    if params.optimizer == "adam":
        return keras.optimizers.Adam(params.target_learning_rate, global_clipnorm=clip_norm)
    optimizer = keras.optimizers.AdamW(
        params.target_learning_rate, weight_decay=params.weight_decay, global_clipnorm=clip_norm
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _loss(params: TrainingParameters, class_shares: np.ndarray) -> Callable[..., Tensor]:
    """The loss of each face, shape `(n,)`; see the parameters for its parts and sources."""
    from keras import ops

    n_classes = len(class_shares)
    # A class without faces would have a logarithm of minus infinity.
    log_shares = np.log(np.maximum(class_shares, 1e-6)).astype(np.float32)
    adjustment = params.logit_adjustment * log_shares
    smoothing, distillation = params.label_smoothing, params.distillation

    def loss(targets: Tensor, outputs: Tensor) -> Tensor:
        logits = outputs[:, :n_classes]
        smoothed = targets * (1 - smoothing) + smoothing / n_classes
        adjusted = ops.add(logits, ops.convert_to_tensor(adjustment))
        labelled = ops.categorical_crossentropy(smoothed, adjusted, from_logits=True)
        if outputs.shape[1] == n_classes:
            return labelled
        temperature = distillation.temperature
        known = ops.log_softmax(outputs[:, n_classes:] / temperature)
        found = ops.log_softmax(logits / temperature)
        divergence = ops.sum(ops.exp(known) * (known - found), axis=1)
        weight = distillation.weight
        return (1 - weight) * labelled + weight * temperature**2 * divergence

    return loss


def _accuracy(n_classes: int) -> Callable[..., Tensor]:
    from keras import ops

    def accuracy(targets: Tensor, outputs: Tensor) -> Tensor:
        right = ops.argmax(targets, axis=1) == ops.argmax(outputs[:, :n_classes], axis=1)
        return ops.cast(right, "float32")

    return accuracy


def _cross_entropy(n_classes: int) -> Callable[..., Tensor]:
    from keras import ops

    def cross_entropy(targets: Tensor, outputs: Tensor) -> Tensor:
        return ops.categorical_crossentropy(targets, outputs[:, :n_classes], from_logits=True)

    return cross_entropy
