"""Conditional adversary: features that, given the emotion, shall not tell the group."""

from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, PenalisedObjective
from fer_fairness.mitigation.heads import dense_layer, group_loss
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras


class ConditionalAdversary(GroupMethod):
    """min over the model, max over the adversary d, of CE(y) - strength x CE(g, d(h + e_y)).

    d is a perceptron that tells the group from the features h and a learned vector e_y of the
    emotion; given the emotion, since groups may differ in their mix of emotions. Both learn in one
    step: a gradient reversal (Ganin et al. 2016) hands the model the opposite of the gradient by
    which d learns. DomainBed's CDANN takes a step of d, then one of the model, with optimisers of
    their own, and weighs emotions alike in d's loss; here all faces count alike, the optimiser is
    the model's, and the clipping of the gradient's norm is over model and adversary together.

    Votes mix the vectors e_y; predicted groups are soft targets; faces of unknown group do not
    train d and are not reversed. An adversary that was beaten proves nothing, it may have learned
    badly: `mitigation.group_probe` trains a fresh one on the finished features.
    """

    label: ClassVar[str] = "Conditional adversary"
    source: ClassVar[str] = (
        "Ganin et al. 2016, arXiv 1505.07818; Li et al. 2018, ECCV (CDANN); Gulrajani and "
        "Lopez-Paz 2021, arXiv 2007.01434"
    )
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.1, 1.0, 10.0)}

    method: Literal["conditional_adversary"] = "conditional_adversary"
    strength: float = Field(
        default=1.0,
        ge=0.0,
        description="lambda, factor of the adversary's loss; worth trying: 0.01 to 100.",
    )
    width: int = Field(default=256, ge=1, description="Units of its hidden layers.")
    depth: int = Field(default=3, ge=1, description="Its layers; 1: it is linear.")

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss and the reversed one."""
        return ConditionalAdversaryObjective(params, training, self)


class ConditionalAdversaryObjective(PenalisedObjective):
    """The loss of `ConditionalAdversary`.

    `strength` stands before the adversary's loss and not in the reversal: where it is 0, the
    adversary has no part in the gradient's norm either.

    Attributes:
        emotions: The vectors e_y, a variable `(k, n_features)`.
        layers: Of the adversary.
    """

    uses_features = True
    emotions: Tensor
    layers: "list[keras.layers.Dense]"

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, settings: ConditionalAdversary
    ) -> None:
        """Take the settings of the loss, and see how many emotions there are."""
        super().__init__(params, training, settings)
        self._n_classes = training.targets.shape[1]

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:
        """Make adversary and vectors; these are drawn from the standard normal distribution."""
        from keras import initializers

        generator = np.random.default_rng(seed)
        shape = (self._n_classes, n_features)
        drawn = initializers.Constant(generator.normal(size=shape).astype(np.float32))
        self.emotions = graph.add_weight(shape=shape, initializer=drawn, name="emotion_vectors")
        n_hidden = self.settings.depth - 1
        sizes = [n_features, *[self.settings.width] * n_hidden, self.n_groups]
        self.layers = [
            dense_layer(n_in, n_out, generator, activation="relu" if place < n_hidden else None)
            for place, (n_in, n_out) in enumerate(pairwise(sizes))
        ]
        graph.adversary = self.layers

    def penalty(self, seen: Seen) -> Tensor:
        """The loss of the adversary, whose gradient reaches the model reversed."""
        from keras import ops

        said = reversed_gradient(seen.features) + ops.matmul(seen.targets, self.emotions)
        for layer in self.layers:
            said = layer(said)
        return group_loss(self.memberships(seen.batch), said, seen.weight)


def reversed_gradient(values: Tensor) -> Tensor:
    """The values as they are; gradients that come back through them change their sign."""
    from keras import ops

    return 2 * ops.stop_gradient(values) - values
