"""IRM: no group shall gain by scaling the logits for itself."""

from typing import ClassVar, Literal

from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, PenalisedObjective
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters


class Irm(GroupMethod):
    """Adds strength x the mean over groups of the squared slope D_g of its loss in a scale of z.

    D_g is the derivative at s = 1 of group g's mean cross-entropy of s z, which is the mean over
    its faces of sum_k (p_k - y_k) z_k: no second derivative is needed. As in DomainBed, the square
    is the product of the D_g of two halves of the batch, every other face, the mean of which is
    the square of the true slope; it may be less than 0.

    DomainBed has the factor 1 for 500 steps and then 100. Here training goes on from a trained
    model whose slopes are small: in a batch of 64 faces their product is nearly all chance, and
    with 100 its gradient was some 25 times that of the plain loss, which clipping then left 4 % of
    a step. The factor is as it is throughout, also from random weights (`fine_tuning.start`), where
    DomainBed's wait would be due. The plain loss is the mean over faces, not over groups.
    Smoothing, adjustment and teachers are not in D_g.

    Faces weigh by the probabilities of their groups; a group with less than a whole face in either
    half counts by what it has. Faces of unknown group are in no D_g.
    """

    label: ClassVar[str] = "IRM"
    source: ClassVar[str] = "Arjovsky et al. 2019, arXiv 1907.02893"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.1, 1.0, 10.0)}

    method: Literal["irm"] = "irm"
    strength: float = Field(
        default=1.0,
        ge=0.0,
        description="lambda, factor of the penalty; worth trying: 0.1 to 10.",
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss and the penalty."""
        return IrmObjective(params, training, self)


class IrmObjective(PenalisedObjective):
    """The loss of `Irm`."""

    def penalty(self, seen: Seen) -> Tensor:
        """The mean over groups of the product of both halves' slopes."""
        from keras import ops

        slopes = ops.sum((ops.softmax(seen.logits) - seen.targets) * seen.logits, axis=1)
        is_first = 1.0 - ops.cast(ops.arange(ops.shape(slopes)[0]) % 2, slopes.dtype)
        weight = 1.0 if seen.weight is None else seen.weight
        (first, first_trust), (second, second_trust) = (
            self.group_means(seen.batch, slopes, half * weight)
            for half in (is_first, 1.0 - is_first)
        )
        trust = ops.minimum(first_trust, second_trust)
        return ops.sum(trust * first * second) / ops.maximum(ops.sum(trust), 1.0)
