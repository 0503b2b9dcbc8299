"""Multi-task: the features also have to tell the group."""

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


class MultiTask(GroupMethod):
    """Adds strength x the cross-entropy of the group, told by a dense layer from the features.

    The layer is learned beside the model and is not kept. In the source gender and age are learned
    at once, each by layers of its own behind two shared ones on the logits; here one attribute is,
    from the features. Xu et al. (2020, arXiv 2007.10075) go the opposite way, to features that do
    not tell the group, as `conditional_adversary` does, or give the model the group, as
    `attribute_aware` does. Predicted groups are soft targets; faces of unknown group add nothing.
    """

    label: ClassVar[str] = "Multi-task (emotion and group)"
    source: ClassVar[str] = (
        "FER-Bias-Mitigations, bias_mitigation_approaches/multi_task_learning (commit 64207ed); no "
        "paper"
    )
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.1, 0.3, 1.0)}

    method: Literal["multi_task"] = "multi_task"
    strength: float = Field(
        default=0.1, ge=0.0, description="Factor of the group's loss; worth trying: 0.1 to 1."
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The loss of the group's head."""
        return MultiTaskObjective(params, training, self)


class MultiTaskObjective(PenalisedObjective):
    """The loss of `MultiTask`.

    Attributes:
        head: The layer that tells the group.
    """

    uses_features = True
    head: "keras.layers.Dense"

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:
        """Make the group's head."""
        self.head = dense_layer(n_features, self.n_groups, np.random.default_rng(seed))
        graph.group_head = self.head

    def penalty(self, seen: Seen) -> Tensor:
        """The loss of the group's head."""
        return group_loss(self.memberships(seen.batch), self.head(seen.features), seen.weight)
