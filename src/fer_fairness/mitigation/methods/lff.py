"""Learning from failure: faces weigh by how much harder they are for a model of easy answers."""

import logging
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from fer_fairness.mitigation.composition import Composition
from fer_fairness.mitigation.method import LEARNING_RATES, Given, Method
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.inspection import leaf_layers
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.modeling.precision import computing_in, precision_here
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

_FACE: Final = "face_number"
"""The column of the row of each face, by which its losses are found again."""


class LearningFromFailure(Method):
    """Trains a second network on what is easy, and the model on what that one gets wrong.

    The second network minimises the generalised cross-entropy as the authors' code has it, q times
    the paper's (1 - p_y^q) / q: its gradient is q p_y^q times that of the cross-entropy, so what it
    is sure of already counts most. Of each face both networks' cross-entropies are averaged over
    the steps that show it (`memory` of the old, the rest of the new; the first as it is) and
    divided by the largest of its emotion. With b and m for these of the second network and of the
    model, the model's loss of the face is multiplied by b / (b + m).

    In the paper both networks start alike from random or ImageNet weights; here both start as the
    starting model does, with the same frozen layers. One that fits its training faces well finds
    everything easy, and all that is left then may be wrong labels. Of a face with several votes
    the losses are means over them, and its emotion is the most probable one. A mixed image counts
    as the face that it keeps most of; variants of a face count as that face. It asks for no groups.
    """

    label: ClassVar[str] = "LfF (learning from failure)"
    source: ClassVar[str] = "Nam et al. 2020, arXiv 2007.02561"
    neutral: ClassVar = {"strength": 0.0}
    passes: ClassVar[float] = 2.0
    search: ClassVar = {**LEARNING_RATES, "q": (0.5, 0.7), "strength": (0.5, 1.0)}

    method: Literal["lff"] = "lff"
    q: float = Field(
        default=0.7, ge=0.0, le=1.0, description="How much easy faces count; at 0 none does."
    )
    memory: float = Field(
        default=0.7, ge=0.0, lt=1.0, description="Share of the old in the averages of losses."
    )
    strength: float = Field(
        default=1.0, ge=0.0, le=1.0, description="Weights are 1 + strength (b / (b + m) - 1)."
    )

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """Every training face, with its number."""
        plain = super().training_set(faces, images, given)
        return Composition(
            plain.columns.assign(**{_FACE: np.arange(len(plain.columns))}), plain.added
        )

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The losses of both networks."""
        if self.strength == 0:
            return super().objective(training, params)
        return FailureObjective(params, training, settings=self)


class FailureObjective(Objective):
    """The loss of `LearningFromFailure`.

    Attributes:
        easy: The second network.
        losses: Averages of each face's cross-entropies, of the second network and of the model:
            variables `(faces,)`, 0 before a face is shown.
        shown: 1 for the faces that were shown.
    """

    uses_images = True
    easy: "keras.Model"
    losses: list[Tensor]
    shown: Tensor

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, *, settings: LearningFromFailure
    ) -> None:
        """Take the settings of the loss, and the faces' emotions."""
        super().__init__(params, training.class_shares())
        numbers = training.column(_FACE).astype(np.int64)
        self._emotions = np.zeros(numbers.max() + 1, np.int32)
        self._emotions[numbers] = training.targets.argmax(axis=1)
        self._n_classes = training.targets.shape[1]
        self._settings = settings

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the second network, the model's copy, and the memory of losses."""
        import keras

        self.easy = keras.models.clone_model(graph.model)
        self.easy.set_weights(graph.model.get_weights())
        for ours, theirs in zip(leaf_layers(self.easy), leaf_layers(graph.model), strict=True):
            ours.trainable = theirs.trainable
        graph.easy = self.easy
        *self.losses, self.shown = (
            graph.add_weight(
                shape=self._emotions.shape, initializer="zeros", trainable=False, name=name
            )
            for name in ("losses_easy", "losses_model", "shown")
        )

    def loss(self, seen: Seen) -> Tensor:
        """Remember both networks' losses, and give their sum, the model's weighted."""
        from keras import ops

        with computing_in(self.easy, precision_here(self._params.precision)):
            easy = self.easy(seen.batch["seen_images"], training=True)
        found = [self.cross_entropy(seen.targets, said) for said in (easy, seen.logits)]
        factors = self.remembered(seen.batch[_FACE], [ops.stop_gradient(loss) for loss in found])
        factors = 1 + self._settings.strength * (factors - 1)
        losses = self.face_losses(seen.batch, seen.targets, seen.logits) * factors
        return seen.mean(losses + self.generalised_cross_entropy(seen.targets, easy))

    def generalised_cross_entropy(self, targets: Tensor, logits: Tensor) -> Tensor:
        """Of each face, `(n,)`: the authors' form, of which the gradient alone is meant."""
        from keras import ops

        q, log_p = self._settings.q, ops.log_softmax(logits)
        easiness = ops.stop_gradient(q * ops.exp(q * log_p))
        return -ops.sum(targets * easiness * log_p, axis=1)

    def remembered(self, numbers: Tensor, losses: list[Tensor]) -> Tensor:
        """Take losses of the faces of these numbers into the averages; b / (b + m), `(n,)`."""
        from keras import ops

        rows = ops.cast(numbers, "int32")
        emotions = ops.convert_to_tensor(self._emotions)
        memory = self._settings.memory * ops.take(self.shown, rows)
        self.shown.assign(ops.scatter_update(self.shown, rows[:, None], ops.ones_like(memory)))
        relative = []
        for kept, new in zip(self.losses, losses, strict=True):
            mean = memory * ops.take(kept, rows) + (1 - memory) * new
            kept.assign(ops.scatter_update(kept, rows[:, None], mean))
            largest = ops.segment_max(kept, emotions, num_segments=self._n_classes)
            largest = ops.take(largest, ops.take(emotions, rows))
            relative.append(mean / ops.maximum(largest, 1e-12))
        return relative[0] / (relative[0] + relative[1] + 1e-8)
