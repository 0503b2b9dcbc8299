"""The graph that is trained: online augmentation, model, objective, optimiser."""

from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fer_fairness.errors import TrainingError
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.image_changes import apply_changes, inside
from fer_fairness.modeling.inspection import leaf_layers, with_features
from fer_fairness.modeling.objective import Objective, Seen, Tensor
from fer_fairness.modeling.precision import computing_in, precision_here
from fer_fairness.params.training import Precision, TrainingParameters

if TYPE_CHECKING:
    import keras


_SMALLEST_SHARE: Final = 1e-9
_TOLD_OF_IMAGES: Final = ("teacher_logits", "seen_images")
"""What the objective finds in its batch because the graph has made the images."""


def training_graph(
    model: "keras.Model",
    params: TrainingParameters,
    objective: Objective,
    *,
    seed: int,
    teachers: "Sequence[keras.Model]" = (),
) -> "keras.Model":
    """Put augmentation before `model` and the objective behind it, and compile the whole.

    Clipping is by the norm of the whole gradient, which keeps its direction. Weight decay spares
    biases and batch normalisation. The metrics are `accuracy` and `cross_entropy` of the model's
    logits: the latter has neither penalties, smoothing, adjustment nor teacher in it.

    Args:
        model: Images 0 to 255 to logits `(n, k)`; layers are frozen before, not after.
        params: Optimiser, its rate, clipping.
        objective: What is minimised.
        seed: Decides dropout, and initial weights of what the objective builds.
        teachers: Asked about the images that `model` sees; the objective finds what they say as
            `teacher_logits` of the batch. They stay as they are.

    Returns:
        A compiled model of the inputs that `TrainingBatches` gives. Its variables are those of
        `model` and of what the objective builds: optimiser and checkpoint take these.
    """
    prepare_backend()
    import keras

    precision = precision_here(params.precision)
    graph = _graph_class()(model, objective, precision, seed, teachers)
    unbuilt = [layer.name for layer in graph.layers if not layer.built]
    if unbuilt:
        raise TrainingError(
            f"{type(objective).__name__}.build made the layers {', '.join(unbuilt)} without "
            "building them, so that the optimiser cannot know their weights: call "
            "layer.build((None, n_features)) there."
        )
    _seed_generators(graph, seed)
    optimizer = _optimizer(params, objective)
    optimizer.build(graph.trainable_variables)
    # XLA makes TensorFlow several times slower on a CPU; JAX has nothing else.
    graph.compile(optimizer=optimizer, jit_compile=keras.backend.backend() == "jax")
    return graph


def teaching_graph(
    teachers: "Sequence[keras.Model]", precision: Precision, *, mirrored: bool
) -> "keras.Model":
    """What teachers say of moved images: a compiled model to predict with.

    Its inputs are `images` and their changes as `draw_changes` gives them, its outputs float32
    `(n, k)`, the logarithm of the teachers' mean probabilities; where `mirrored`, of the mean over
    each moved image and its mirror image.
    """
    prepare_backend()
    import keras

    graph = _teaching_class()(teachers, precision, mirrored=mirrored)
    graph.compile(jit_compile=keras.backend.backend() == "jax")
    return graph


@cache
def _teaching_class() -> Any:  # noqa: ANN401  a class of Keras, which is imported here
    import keras
    from keras import ops

    class TeachingGraph(keras.Model):  # type: ignore[misc]  # Keras has no types
        """Changes of images, then the teachers."""

        def __init__(
            self, teachers: Sequence[keras.Model], precision: Precision, *, mirrored: bool
        ) -> None:
            super().__init__(name="teaching")
            self.teachers = list(teachers)
            self._precision = precision
            self._mirrored = mirrored
            self.built = True

        def call(self, batch: dict[str, Tensor]) -> Tensor:
            images = apply_changes(ops.cast(batch["images"], "float32"), batch)
            said = _mean_log_shares(self.teachers, self._precision, images)
            if not self._mirrored:
                return said
            mirror_images = ops.flip(images, axis=2)
            of_mirrored = _mean_log_shares(self.teachers, self._precision, mirror_images)
            return ops.logaddexp(said, of_mirrored) - np.log(2.0)

    return TeachingGraph


@cache
def _graph_class() -> Any:  # noqa: ANN401  a class of Keras, which is imported here
    import keras
    from keras import ops

    class TrainingGraph(keras.Model):  # type: ignore[misc]  # Keras has no types
        """One training step's computation around a model."""

        def __init__(
            self,
            model: keras.Model,
            objective: Objective,
            precision: Precision,
            seed: int,
            teachers: Sequence[keras.Model],
        ) -> None:
            super().__init__(name="training")
            self.model = model
            self._precision = precision
            # A function hides them from Keras, which would train and checkpoint them.
            self._asked = partial(_mean_log_shares, teachers, precision) if teachers else None
            self._objective = objective
            self._with_features = with_features(model) if objective.uses_features else None
            features = self._with_features and self._with_features.outputs[1]
            n_features = 0 if features is None else int(features.shape[-1])
            objective.build(self, n_features=n_features, seed=seed)
            self.built = True

        def call(self, batch: dict[str, Tensor], *, training: bool = False) -> dict[str, Tensor]:
            images = apply_changes(ops.cast(batch["images"], "float32"), batch)
            if "mixing_share" in batch:
                share = ops.reshape(batch["mixing_share"], (-1, 1, 1, 1))
                images = share * images + (1 - share) * ops.take(images, batch["partner"], axis=0)
            if "pasted_box" in batch:
                others = ops.take(images, batch["partner"], axis=0)
                is_pasted = inside(batch["pasted_box"], images.shape[1:3])
                images = ops.where(is_pasted, others, images)
            said = {} if self._asked is None else {"teacher_logits": self._asked(images)}
            if self._objective.uses_images:
                said["seen_images"] = images
            with computing_in(self.model, self._precision):
                asked = self._with_features or self.model
                found = self._objective.outputs(asked, images, batch, training=training)
            if self._with_features is None:
                return said | {"logits": found}
            logits, features = found
            return said | {"logits": logits, "features": ops.cast(features, "float32")}

        def compute_loss(
            self,
            x: dict[str, Tensor],
            y: Tensor,
            y_pred: dict[str, Tensor],
            sample_weight: Tensor | None = None,
            training: bool = True,  # noqa: ARG002, FBT001, FBT002
        ) -> Tensor:
            x = x | {name: y_pred[name] for name in _TOLD_OF_IMAGES if name in y_pred}
            seen = Seen(x, y, y_pred["logits"], y_pred.get("features"), sample_weight)
            found = self._objective.loss(seen)
            return ops.sum([found, *(ops.sum(penalty) for penalty in self.losses)])

        def compute_metrics(
            self,
            x: dict[str, Tensor],  # noqa: ARG002
            y: Tensor,
            y_pred: dict[str, Tensor],
            sample_weight: Tensor | None = None,
        ) -> dict[str, Tensor]:
            # Of this batch alone, so no metric of Keras, whose state is costly to reset.
            logits = y_pred["logits"]
            cross_entropy = self._objective.cross_entropy(y, logits)
            weight = ops.ones_like(cross_entropy) if sample_weight is None else sample_weight
            total = ops.maximum(ops.sum(weight), keras.config.epsilon())
            of_all: dict[str, Tensor] = self.get_metrics_result()
            return of_all | {
                "accuracy": ops.mean(self._objective.is_right(y, logits)),
                "cross_entropy": ops.sum(weight * cross_entropy) / total,
            }

    return TrainingGraph


def _mean_log_shares(
    teachers: "Sequence[keras.Model]", precision: Precision, images: Tensor
) -> Tensor:
    """Logarithm of the teachers' mean probabilities, in inference mode, without gradient."""
    from keras import ops

    said = []
    for teacher in teachers:
        with computing_in(teacher, precision, training=False):
            said.append(ops.softmax(teacher(images, training=False)))
    return ops.stop_gradient(ops.log(sum(said) / len(said) + _SMALLEST_SHARE))


def _seed_generators(graph: "keras.Model", seed: int) -> None:
    """Start the random generators of all layers anew, each from its own part of `seed`.

    Generators of nested models, and inside of layers, are among them: of all variables of a model,
    Keras counts the states of its generators alone not as weights. Those of dropout that is off
    have no part: with and without frozen layers before it, what is on draws the same.
    """
    weights = {id(weight) for weight in graph.weights}
    is_off = {
        id(layer.seed_generator.state)
        for layer in leaf_layers(graph)
        if hasattr(layer, "seed_generator") and getattr(layer, "rate", 1.0) == 0.0
    }
    states = {
        id(variable): variable
        for variable in graph.variables
        if id(variable) not in weights | is_off
    }
    seeds = np.random.default_rng(seed).integers(2**31, size=len(states))
    for state, value in zip(states.values(), seeds, strict=True):
        state.assign([int(value), 0])


def _optimizer(params: TrainingParameters, objective: Objective) -> "keras.Optimizer":
    import keras

    clip_norm = params.gradient_clip_norm
    if params.optimizer == "adam":
        made_by = objective.optimizer_class(keras.optimizers.Adam)
        return made_by(params.target_learning_rate, global_clipnorm=clip_norm)
    made_by = objective.optimizer_class(keras.optimizers.AdamW)
    optimizer = made_by(
        params.target_learning_rate, weight_decay=params.weight_decay, global_clipnorm=clip_norm
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
