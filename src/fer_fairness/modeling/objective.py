"""What a training step minimises, and how its outcome is scored on validation faces."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias

import numpy as np

from fer_fairness.modeling.training_set import TrainingSet, refuse_first_target
from fer_fairness.params.training import TrainingParameters
from fer_fairness.taxonomy import EMOTIONS

if TYPE_CHECKING:
    import keras

Tensor: TypeAlias = Any
"""A tensor of whichever back end runs."""

_SUM_TOLERANCE: Final = 1e-3


class Scores(NamedTuple):
    """Of a set of faces: cross-entropy in nats, and shares of right answers."""

    loss: float
    accuracy: float
    mean_recall: float


class Seen(NamedTuple):
    """A batch of n faces as `Objective.loss` is given it.

    Attributes:
        batch: Columns of the training set by name, each `(n,)`, and all else that `Batch.inputs`
            has.
        targets: `(n, k)`, mixed where the batch's images are.
        logits: `(n, k)`.
        features: `(n, n_features)` where the objective `uses_features`, else None.
        weight: `(n,)`, or None: every face counts as one.
    """

    batch: Mapping[str, Tensor]
    targets: Tensor
    logits: Tensor
    features: Tensor | None = None
    weight: Tensor | None = None

    def mean(self, losses: Tensor) -> Tensor:
        """Of `(n,)` losses times the faces' weights, over faces and not over weights: a scalar."""
        from keras import ops

        return ops.mean(losses if self.weight is None else losses * self.weight)


class Objective:
    """Cross-entropy with the targets, as `TrainingParameters` describe it: plain training.

    A method of training that minimises something else overrides `loss`, or what `loss` is made of,
    and where it learns something beside the model (the head of an adversary, weights of groups),
    makes that in `build`.

    Attributes:
        uses_features: Whether `build` and `loss` are told of the features: what enters the last
            layer of the model that has weights, averaged over positions where it is a map.
        uses_images: Whether `loss` finds `seen_images` in the batch: the images as the model sees
            them, changed and mixed, float32 `(n, height, width, channels)`.
        n_gradients: How often a step is given its batch: the optimiser takes as many gradients of
            it. Each is a forward and a backward pass.
    """

    uses_features: ClassVar[bool] = False
    uses_images: ClassVar[bool] = False
    n_gradients: ClassVar[int] = 1

    def __init__(self, params: TrainingParameters, class_shares: np.ndarray) -> None:
        """Take the settings of the loss.

        Args:
            params: Smoothing, logit adjustment, distillation.
            class_shares: Shape `(k,)`: share of each class in the training targets, summing to 1.
        """
        self._params = params
        self._spread = ((class_shares > 0) / np.count_nonzero(class_shares)).astype(np.float32)
        # A class without faces would have a logarithm of minus infinity.
        log_shares = np.log(np.maximum(class_shares, 1e-6)).astype(np.float32)
        self._adjustment = params.logit_adjustment * log_shares

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:
        """Make what is learned or kept beside the model, once, before the first step.

        What is made an attribute of `graph` is trained, checkpointed and taken up with the model: a
        variable, `self.weights = graph.add_weight(shape=(n_groups,), initializer="ones",
        trainable=False)`, or a layer that has been built. Initial weights are drawn by NumPy from
        `seed`, as `mitigation.heads.dense_layer` does: Keras's initialisers give other ones on
        every back end. Gradients are clipped by their norm over all of it, the model included.

        Args:
            graph: The training graph.
            n_features: How many features a face has; 0 unless `uses_features`.
            seed: Where initial weights come from.
        """

    def outputs(
        self,
        model: "keras.Model",
        images: Tensor,
        batch: Mapping[str, Tensor],  # noqa: ARG002  for those that override it
        *,
        training: bool,
    ) -> Any:  # noqa: ANN401  as Keras gives them
        """What `model` says of a batch's images, changed and mixed: its output or outputs."""
        return model(images, training=training)

    def optimizer_class(self, plain: Any) -> Any:  # noqa: ANN401  classes of Keras, without types
        """The class of the optimiser: that of plain training, or one derived from it."""
        return plain

    def loss(self, seen: Seen) -> Tensor:
        """The loss of a batch of n faces, a scalar; penalties of the model come on top.

        Layers made in `build` are called with `training=True`.
        """
        return seen.mean(self.face_losses(seen.batch, seen.targets, seen.logits))

    def face_losses(self, batch: Mapping[str, Tensor], targets: Tensor, logits: Tensor) -> Tensor:
        """The loss of each face, `(n,)`: smoothing, adjustment and teachers are in it.

        See the parameters for the sources of the formulas.
        """
        from keras import ops

        params, distillation = self._params, self._params.distillation
        smoothing = params.label_smoothing
        smoothed = targets * (1 - smoothing) + smoothing * self._spread
        labelled = self.label_losses(smoothed, ops.add(logits, self.adjustment(batch)))
        if "teacher_logits" not in batch:
            return labelled
        known = ops.log_softmax(batch["teacher_logits"] / distillation.temperature)
        found = ops.log_softmax(logits / distillation.temperature)
        divergence = ops.sum(ops.exp(known) * (known - found), axis=1)
        weight = distillation.weight
        return (1 - weight) * labelled + weight * distillation.temperature**2 * divergence

    def least_losses(self, batch: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        """What no model brings the `face_losses` below, `(n,)`: the entropy of the targets.

        0 where a face has one label; where annotators disagree, that does not tell how badly a
        model serves the face. Teachers take their share of it; smoothing is not in it.
        """
        from keras import ops

        logarithms = ops.log(ops.where(targets > 0, targets, 1.0))
        share = 1 - self._params.distillation.weight if "teacher_logits" in batch else 1.0
        return -share * ops.sum(targets * logarithms, axis=1)

    def label_losses(self, targets: Tensor, logits: Tensor) -> Tensor:
        """What the labels alone ask for, of each face, `(n,)`: cross-entropy.

        Args:
            targets: `(n, k)`, smoothed already.
            logits: `(n, k)`, adjusted already.
        """
        from keras import ops

        return ops.categorical_crossentropy(targets, logits, from_logits=True)

    def adjustment(self, batch: Mapping[str, Tensor]) -> Tensor:  # noqa: ARG002  for overriding
        """What is added to the logits where they are compared with targets, `(k,)` or `(n, k)`."""
        from keras import ops

        return ops.convert_to_tensor(self._adjustment)

    def cross_entropy(self, targets: Tensor, logits: Tensor) -> Tensor:
        """Of each face, `(n,)`, without smoothing, adjustment or teachers: what histories show."""
        from keras import ops

        return ops.categorical_crossentropy(targets, logits, from_logits=True)

    def is_right(self, targets: Tensor, logits: Tensor) -> Tensor:
        """Of each face whether the model's answer is the target's, float32 `(n,)`."""
        from keras import ops

        return ops.cast(ops.argmax(targets, axis=1) == ops.argmax(logits, axis=1), "float32")

    def class_names(self, n_classes: int) -> Sequence[str]:
        """What the classes are called in messages."""
        is_of_emotions = n_classes == len(EMOTIONS)
        return EMOTIONS if is_of_emotions else [str(number) for number in range(n_classes)]

    def check_targets(self, targets: np.ndarray) -> None:
        """Refuse targets that are no distributions.

        Raises:
            InvalidInputError: Naming the first row.
        """
        is_share = np.abs(targets.sum(axis=1) - 1) <= _SUM_TOLERANCE
        refuse_first_target(
            ~is_share, targets, "shares that sum to 1. Leave out faces without target"
        )

    def after_epoch(self, logits: np.ndarray, validation: TrainingSet) -> None:
        """Told of each validation before the state is saved; may move variables of `build`.

        Args:
            logits: float64 `(n, k)`, of the validation faces.
            validation: These, with the columns that the method gives them.
        """

    def scores(self, logits: np.ndarray, targets: np.ndarray, weight: np.ndarray | None) -> Scores:
        """Score the validation faces.

        Args:
            logits: float64 `(n, k)`.
            targets: float32 `(n, k)`.
            weight: float32 `(n,)` or None: weighs the loss alone.
        """
        loss = np.average(cross_entropy(logits, targets), weights=weight)
        true = targets.argmax(axis=1)
        right = logits.argmax(axis=1) == true
        recalls = [right[true == label].mean() for label in np.unique(true)]
        return Scores(float(loss), float(right.mean()), float(np.mean(recalls)))


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Cross-entropy of each row's target distribution and the softmax of its logits, in nats.

    Args:
        logits: float64, shape `(n, k)`.
        targets: Shape `(n, k)`, rows sum to 1.

    Returns:
        float64, shape `(n,)`.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_shares = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.asarray(-(targets * log_shares).sum(axis=1))
