"""Domain-independent heads: each group has a last layer of its own, and the model is their mean."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, GroupObjective
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras


class DomainIndependent(GroupMethod):
    """Minimises the cross-entropy of each face's own group's head; at test time, sums all heads.

    Head g gives the logits z_g = z + h D_g + b_g: z are the model's own, h its features, D and b
    deviations, learned beside it, whose sum over groups is 0. So sum_g z_g = G z: the paper's
    answer for faces of any group, the class of the largest sum over heads, is the model's answer,
    and the model that is kept needs neither heads nor groups. All heads start as the model's.

    The paper's heads share nothing but the features; here their mean is the model's last layer, in
    other words the same heads, written otherwise. A face of uncertain group has the mean of the
    heads' logits, weighed by the groups' probabilities, a face of unknown group the plain mean:
    the model's. Groups count alike at test time, however many faces they had.
    """

    label: ClassVar[str] = "Domain-independent heads"
    source: ClassVar[str] = "Wang et al. 2020, arXiv 1911.11834"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.5, 1.0)}

    method: Literal["domain_independent"] = "domain_independent"
    strength: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="Share of the deviations that the training loss sees; 0: one head for all.",
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss of the groups' heads."""
        return DomainIndependentObjective(params, training, strength=self.strength)


class DomainIndependentObjective(GroupObjective):
    """The loss of `DomainIndependent`.

    Attributes:
        kernels: Deviations before their mean is taken off, a variable `(n_groups, n_features, k)`.
        biases: Of the biases, `(n_groups, k)`.
    """

    uses_features = True
    kernels: Tensor
    biases: Tensor

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, *, strength: float
    ) -> None:
        """Take the settings of the loss."""
        super().__init__(params, training)
        self._n_classes = training.targets.shape[1]
        self._strength = strength

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the deviations, all 0."""
        shapes = {
            "deviation_kernels": (self.n_groups, n_features, self._n_classes),
            "deviation_bias": (self.n_groups, self._n_classes),  # spared by weight decay
        }
        self.kernels, self.biases = (
            graph.add_weight(shape=shape, initializer="zeros", name=name)
            for name, shape in shapes.items()
        )

    def loss(self, seen: Seen) -> Tensor:
        """The plain loss of the logits of each face's group."""
        return super().loss(seen._replace(logits=self.head_logits(seen)))

    def head_logits(self, seen: Seen) -> Tensor:
        """What each face's head says, `(n, k)`."""
        from keras import ops

        centred = self.centred_memberships(seen.batch)
        deviations = ops.einsum("ng,nf,gfk->nk", centred, seen.features, self.kernels)
        return seen.logits + self._strength * (deviations + ops.matmul(centred, self.biases))
