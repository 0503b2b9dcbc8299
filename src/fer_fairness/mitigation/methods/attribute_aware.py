"""Attribute-aware: a representation of the group is added to the features while training."""

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, GroupObjective
from fer_fairness.mitigation.heads import dense_head
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

_REMEDY: Final = (
    "The representation of the group is added to its features. Start from a compact network, or "
    "leave the method out."
)


class AttributeAware(GroupMethod):
    """Minimises the loss of V (h + W_g - mean of W), h being the features and V the last layer.

    W is learned beside the model, a row of as many numbers as there are features for each group, 0
    at first. So the features need not carry what the group alone says of the emotion.

    The paper tells the model the group of test faces as well. Here nobody may know it then, and the
    model that is kept is that of a face of every group alike: h with the mean of all
    representations, which is taken off in training. As the last layer is linear, this moves the
    logits of each group by a constant of its own that is left out at test time; it is learned,
    where that of bias balance is counted. A face of uncertain group has the mean of the
    representations, weighed by the groups' probabilities; one of unknown group the plain mean.
    """

    label: ClassVar[str] = "Attribute-aware features"
    source: ClassVar[str] = "Xu et al. 2020, arXiv 2007.10075"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.3, 1.0)}

    method: Literal["attribute_aware"] = "attribute_aware"
    strength: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="Share of the representation that the training loss sees; 0: plain training.",
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss of features with representations."""
        return AttributeAwareObjective(params, training, strength=self.strength)


class AttributeAwareObjective(GroupObjective):
    """The loss of `AttributeAware`.

    Attributes:
        output: The model's last layer.
        representations: W, a variable `(n_groups, n_features)`.
    """

    uses_features = True
    output: "keras.layers.Dense"
    representations: Tensor

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, *, strength: float
    ) -> None:
        """Take the settings of the loss."""
        super().__init__(params, training)
        self._strength = strength

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the representations."""
        self.output = dense_head(graph.model, _REMEDY)
        self.representations = graph.add_weight(
            shape=(self.n_groups, n_features), initializer="zeros", name="group_representations"
        )

    def loss(self, seen: Seen) -> Tensor:
        """The plain loss of the logits of features with representations."""
        from keras import ops

        centred = self.centred_memberships(seen.batch)
        added = ops.matmul(ops.matmul(centred, self.representations), self.output.kernel)
        return super().loss(seen._replace(logits=seen.logits + self._strength * added))
