"""Gap penalty: differences between groups in how probable the right emotion is cost something."""

from typing import ClassVar, Literal

from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, PenalisedObjective, pair_trust
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters


class GapPenalty(GroupMethod):
    """Adds strength x sum over emotions c and pairs of groups g, h of abs(m_gc - m_hc).

    m_gc is the batch's mean probability of emotion c over the faces of group g that show c: a
    recall that has a gradient. It is the penalty of "Gap Regularization" for equalized odds, there
    of one emotion, or its absence, and two groups, here of any number of both.

    The paper's strength, 20 to 30, stands before two gaps of means over 32 faces each, drawn cell
    by cell. Here there are as many gaps as emotions times pairs of groups, of means over the few
    faces that a batch has of a cell: their noise is penalised with them, and the default is 1.
    Votes and probabilities of predicted groups weigh faces in the means; a pair one of whose cells
    has less than a whole face counts by what it has. Faces of unknown group are in no mean.
    """

    label: ClassVar[str] = "Gap penalty"
    source: ClassVar[str] = "Chuang and Mroueh 2021, arXiv 2103.06503 (its baseline GapReg)"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.1, 1.0, 5.0, 20.0)}

    method: Literal["gap_penalty"] = "gap_penalty"
    strength: float = Field(
        default=1.0, ge=0.0, description="Factor of the penalty; worth trying: 0.1 to 20."
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss and the penalty."""
        return GapPenaltyObjective(params, training, self)


class GapPenaltyObjective(PenalisedObjective):
    """The loss of `GapPenalty`."""

    def penalty(self, seen: Seen) -> Tensor:
        """The sum of all gaps."""
        from keras import ops

        parts, trust = self.cells(seen.batch, seen.targets, seen.weight)
        means = ops.sum(parts * ops.softmax(seen.logits)[:, None, :], axis=0)
        gaps = ops.abs(means[:, None] - means[None])
        return ops.sum(pair_trust(trust) * gaps)
