"""V-REx: groups shall have the same loss."""

from typing import ClassVar, Literal

from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, PenalisedObjective
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters


class Vrex(GroupMethod):
    """Adds strength x the variance over groups of L_g, the mean loss of group g in the batch.

    Of faces with several votes the losses in L_g are less their entropy, which no model changes.

    The paper's groups are places that data come from, and its plain loss is the mean or sum of
    L_g; here it is the mean over faces, as in plain training, so that large groups count more in
    it. DomainBed raises the strength to its value after 500 steps, since a model that has learned
    nothing has no use for the penalty; here it acts from the first step, since training goes on
    from a trained model. From random weights (`fine_tuning.start`) that is too early.

    Faces weigh by the probabilities of their groups; a group with less than a whole face in the
    batch counts in the variance by what it has. Faces of unknown group are in no L_g.
    """

    label: ClassVar[str] = "V-REx"
    source: ClassVar[str] = "Krueger et al. 2021, arXiv 2003.00688"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.1, 1.0, 10.0, 100.0)}

    method: Literal["vrex"] = "vrex"
    strength: float = Field(
        default=10.0, ge=0.0, description="beta, factor of the variance; worth trying: 0.1 to 100."
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss and the variance."""
        return VrexObjective(params, training, self)


class VrexObjective(PenalisedObjective):
    """The loss of `Vrex`."""

    def penalty(self, seen: Seen) -> Tensor:
        """The variance of the groups' mean losses."""
        from keras import ops

        losses = self.face_losses(seen.batch, seen.targets, seen.logits)
        excess = losses - self.least_losses(seen.batch, seen.targets)
        means, trust = self.group_means(seen.batch, excess, seen.weight)
        total = ops.sum(trust)
        centre = ops.sum(trust * means) / ops.where(total > 0, total, 1.0)
        return ops.sum(trust * (means - centre) ** 2) / ops.maximum(total, 1.0)
