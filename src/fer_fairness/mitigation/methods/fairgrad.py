"""FairGrad: cells whose recall lags behind their emotion's weigh more, by Lagrange multipliers."""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, GroupObjective, cell_totals
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras


class FairGrad(GroupMethod):
    """Weighs a face of group g and emotion c by 1 + (C^T (m+ - m-))_gc / P(g, c).

    The multipliers m move at every step, before the weights are taken from them:
    m+ <- max(0, m+ + rate (F - slack)), m- <- max(0, m- - rate (F + slack)), where F_gc is the
    recall of emotion c in group g less that of emotion c over all groups, both on the batch, by the
    most probable class. C_(gc),(hc) = P(h | c) - 1[g = h] and 0 between emotions: equalized odds,
    written in errors. P are shares of the training faces of known group.

    So groups whose recall of an emotion lags are weighed up, at the cost of those that lead;
    weights have the mean 1 and may be less than 0, as in the paper: then a lead is unlearned. Where
    a cell is rare, P(g, c) is small and its weight moves fast; `least_weight` keeps weights from
    falling below it.

    Multipliers of a cell that the batch does not have stay. Votes and probabilities of predicted
    groups make a face count in several cells, and a cell with less than a whole face in the batch
    moves by what it has. Faces of unknown group weigh 1 and are in no recall.
    """

    label: ClassVar[str] = "FairGrad"
    source: ClassVar[str] = "Maheshwari and Perrot 2022, arXiv 2206.10923"
    neutral: ClassVar = {"rate": 0.0}
    search: ClassVar = {**LEARNING_RATES, "rate": (0.0001, 0.001, 0.01), "slack": (0.0, 0.02)}

    method: Literal["fairgrad"] = "fairgrad"
    rate: float = Field(
        default=0.001, ge=0.0, description="How fast multipliers move; the paper's is 0.01."
    )
    slack: float = Field(
        default=0.0, ge=0.0, description="Difference of recalls that is let be, a share."
    )
    least_weight: float | None = Field(
        default=None, le=1.0, description="What no face weighs less than; null: the paper's."
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss with the cells' weights in it."""
        return FairGradObjective(params, training, self)


class FairGradObjective(GroupObjective):
    """The loss of `FairGrad`.

    Attributes:
        above: m+, a variable `(n_groups, k)`.
        below: m-, alike.
    """

    above: Tensor
    below: Tensor

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, settings: FairGrad
    ) -> None:
        """Take the settings of the loss, and the shares of the cells."""
        super().__init__(params, training)
        totals = cell_totals(training)
        in_class = totals.sum(axis=0)
        self._shares = (totals / totals.sum()).astype(np.float32)
        self._given_class = (totals / np.where(in_class > 0, in_class, 1)).astype(np.float32)
        self._settings = settings

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the multipliers, all 0."""
        self.above, self.below = (
            graph.add_weight(
                shape=self._shares.shape, initializer="zeros", trainable=False, name=name
            )
            for name in ("above", "below")
        )

    def loss(self, seen: Seen) -> Tensor:
        """Move the multipliers by this batch's recalls, then weigh its losses."""
        from keras import ops

        self._move(seen)
        members = self.memberships(seen.batch)
        extra = ops.sum(ops.matmul(members, self.cell_weights() - 1) * seen.targets, axis=1)
        losses = self.face_losses(seen.batch, seen.targets, seen.logits)
        return seen.mean(losses * ops.stop_gradient(1 + extra))

    def cell_weights(self) -> Tensor:
        """What faces of each cell weigh, `(n_groups, k)`; 1 where training has no face of it."""
        from keras import ops

        multipliers = ops.subtract(self.above, self.below)
        moved = self._given_class * ops.sum(multipliers, axis=0) - multipliers
        there = self._shares > 0
        weights = 1 + ops.where(there, moved / np.where(there, self._shares, np.float32(1)), 0.0)
        least = self._settings.least_weight
        return weights if least is None else ops.maximum(weights, least)

    def _move(self, seen: Seen) -> None:
        from keras import ops

        batch, targets, logits, _, weight = seen
        right = ops.one_hot(ops.argmax(logits, axis=1), logits.shape[1], dtype=logits.dtype)
        totals = self.cell_sums(batch, targets, weight)
        hits = self.cell_sums(batch, targets * right, weight)
        in_class = ops.sum(totals, axis=0)
        of_class = ops.sum(hits, axis=0) / ops.where(in_class > 0, in_class, 1.0)
        leads = hits / ops.where(totals > 0, totals, 1.0) - of_class
        rate = self._settings.rate * ops.minimum(totals, 1.0)
        slack = self._settings.slack
        self.above.assign(ops.relu(self.above + rate * (leads - slack)))
        self.below.assign(ops.relu(self.below - rate * (leads + slack)))
