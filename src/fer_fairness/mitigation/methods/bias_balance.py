"""Bias balance: logits in training are shifted by what each group's mix of emotions tells."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, GroupObjective, cell_totals
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Tensor
from fer_fairness.params.training import TrainingParameters

_SMALLEST_SHARE: Final = 1e-9
"""As in the authors' code: P(y | g) of an emotion that a group does not have."""


class BiasBalance(GroupMethod):
    """Minimises the cross-entropy of z + log P(y | g), so that z need not learn what g tells of y.

    P(y | g) is the share of emotion y among the training faces of group g. At test time the logits
    are z: no group is asked for. This is logit adjustment group by group (Menon et al. 2021).

    Of a face whose group is uncertain the paper knows nothing: here its prior is that of the
    mixture, sum_g P(g | face) P(y | g). Faces of unknown group have the adjustment of plain
    training, `training.logit_adjustment`, in whose place the priors of the groups stand.
    """

    label: ClassVar[str] = "Bias balance (logit adjustment by group)"
    source: ClassVar[str] = "Hong and Yang 2021, NeurIPS 34, section 4 (bias-balanced loss)"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.5, 1.0)}

    method: Literal["bias_balance"] = "bias_balance"
    strength: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="1: the priors of the groups; 0: plain training; between, a mean of both.",
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss with other adjustments."""
        return BiasBalanceObjective(params, training, strength=self.strength)


class BiasBalanceObjective(GroupObjective):
    """The loss of `BiasBalance`."""

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, *, strength: float
    ) -> None:
        """Count the emotions of each group, by their shares in soft targets."""
        super().__init__(params, training)
        totals = cell_totals(training)
        self._shares = (totals / totals.sum(axis=1, keepdims=True)).astype(np.float32)
        self._strength = strength

    def adjustment(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Logarithm of each face's prior, `(n, k)`."""
        from keras import ops

        members = self.memberships(batch)
        known = ops.sum(members, axis=1, keepdims=True)
        shares = ops.matmul(members, ops.convert_to_tensor(self._shares))
        prior = ops.log(ops.maximum(shares / ops.where(known > 0, known, 1.0), _SMALLEST_SHARE))
        return self.adjusted_by(batch, prior, self._strength)
