"""Domain-discriminative: emotion and group are told together, and the groups' priors taken off."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, GroupObjective, cell_totals
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

_SMALLEST_SHARE: Final = 1e-9
"""P(g, y) of an emotion that a group does not have."""


class DomainDiscriminative(GroupMethod):
    """Minimises the cross-entropy of one softmax over all pairs of group and emotion.

    The paper answers a face of any group with the emotion y of the largest sum_g p_gy / P(g, y),
    p being the model's probabilities and P shares of training faces: as if all cells were equally
    frequent. Here the logits of the pairs are

        a_gy + log P(g, y),  a_gy = z_y + log r_gy,  sum_g r_gy = 1 for every y,

    z being the model's own logits, and r a softmax over groups of a dense layer of the features, to
    every y of its own, learned beside it. So the paper's sum is exp(z_y) times what all y share:
    the model that is kept answers as the paper does, and needs neither the layer nor a group. The
    paper's head has G K free outputs, of which z here is a soft maximum; it divides by the priors
    afterwards, which has no answer for cells without faces, where here they enter the loss.

    Predicted groups and annotators' votes are soft targets, whose products count. Faces of unknown
    group have the plain loss. The priors stand in the place of `training.logit_adjustment`.
    """

    label: ClassVar[str] = "Domain-discriminative head"
    source: ClassVar[str] = "Wang et al. 2020, arXiv 1911.11834"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.5, 1.0)}

    method: Literal["domain_discriminative"] = "domain_discriminative"
    strength: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="Factor of the priors and of the groups' part of the loss; 0: plain training.",
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The loss of the pairs."""
        return DomainDiscriminativeObjective(params, training, strength=self.strength)


class DomainDiscriminativeObjective(GroupObjective):
    """The loss of `DomainDiscriminative`: that of the emotion, and that of the group given it.

    -log p_gy = -log p_y - log p_(g|y), where p_y has the logits z_y + b_y, b_y = log sum_g r_gy
    P(g, y), and p_(g|y) = r_gy P(g, y) / exp(b_y).

    Attributes:
        kernel: Of the layer beside the model, `(n_features, n_groups, k)`, 0 at first.
        bias: `(n_groups, k)`.
    """

    uses_features = True
    kernel: Tensor
    bias: Tensor

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, *, strength: float
    ) -> None:
        """Count the faces of the pairs."""
        super().__init__(params, training)
        totals = cell_totals(training)
        priors = np.maximum(totals / totals.sum(), _SMALLEST_SHARE)
        self._log_priors = np.log(priors).astype(np.float32)
        self._strength = strength

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the layer beside the model."""
        shape = self._log_priors.shape
        self.kernel = graph.add_weight(
            shape=(n_features, *shape), initializer="zeros", name="pair_kernel"
        )
        self.bias = graph.add_weight(shape=shape, initializer="zeros", name="pair_bias")

    def loss(self, seen: Seen) -> Tensor:
        """The loss of the pairs, and the plain one of faces of unknown group."""
        from keras import ops

        batch, targets, logits, features, _ = seen
        said = ops.tensordot(features, self.kernel, axes=1) + self.bias
        pairs = ops.log_softmax(said, axis=1) + ops.convert_to_tensor(self._log_priors)
        of_emotions = ops.logsumexp(pairs, axis=1)
        members = self.memberships(batch)
        of_groups = -ops.einsum("ng,nc,ngc->n", members, targets, pairs - of_emotions[:, None, :])
        losses = self.face_losses({**batch, "pair_priors": of_emotions}, targets, logits)
        return seen.mean(losses + self._strength * of_groups)

    def adjustment(self, batch: Mapping[str, Tensor]) -> Tensor:
        """B of each face, `(n, k)`; that of plain training where the group is not known."""
        return self.adjusted_by(batch, batch["pair_priors"], self._strength)
