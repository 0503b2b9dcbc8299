"""CVaR-DRO: the faces with the largest losses are all that counts."""

from typing import ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.method import LEARNING_RATES, Method
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

_SMALLEST_WEIGHT: Final = 1e-12


class CvarDro(Method):
    """Minimises the mean loss of the worst share alpha of a batch, its conditional value at risk.

    Of a batch of n faces the floor(alpha n) largest losses weigh 1 / (alpha n) each, the next one
    what is then left of 1, all others 0. It bounds the loss of every group that is at least the
    share alpha of the faces, without knowing any. Where faces have weights, the worst share is of
    their sum W instead of n, and the loss W / n times its weighted mean, as in plain training.

    The largest losses are told by what they have above the entropy of the face's votes, which is 0
    where it has one label, as in the paper: the faces that annotators disagree about most have
    large losses under any model.

    The estimate within a batch is too low in the mean, the more so the smaller alpha times
    `batch_size` is (section 3 of the paper); the authors' other ways out, such as multilevel Monte
    Carlo, are left out. Wrong labels have large losses, and are what it learns most from.
    """

    label: ClassVar[str] = "CVaR-DRO"
    source: ClassVar[str] = "Levy et al. 2020, arXiv 2010.05893"
    neutral: ClassVar = {"alpha": 1.0}
    search: ClassVar = {**LEARNING_RATES, "alpha": (0.1, 0.2, 0.5)}

    method: Literal["cvar_dro"] = "cvar_dro"
    alpha: float = Field(
        default=0.1, gt=0.0, le=1.0, description="Share of the faces that counts; 1: all."
    )

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The mean over the worst."""
        if self.alpha == 1:
            return super().objective(training, params)
        return CvarObjective(params, training.class_shares(), alpha=self.alpha)


class CvarObjective(Objective):
    """The loss of `CvarDro`."""

    def __init__(
        self, params: TrainingParameters, class_shares: np.ndarray, *, alpha: float
    ) -> None:
        """As `Objective`, with the share that counts."""
        super().__init__(params, class_shares)
        self._alpha = alpha

    def loss(self, seen: Seen) -> Tensor:
        """The mean loss of the worst share of the batch."""
        from keras import ops

        losses = self.face_losses(seen.batch, seen.targets, seen.logits)
        excess = losses - self.least_losses(seen.batch, seen.targets)
        weight = ops.ones_like(losses) if seen.weight is None else seen.weight
        worst_first = ops.argsort(-ops.stop_gradient(excess))
        losses, weight = ops.take(losses, worst_first), ops.take(weight, worst_first)
        left = self._alpha * ops.sum(weight) - (ops.cumsum(weight) - weight)
        counted = ops.clip(left / ops.maximum(weight, _SMALLEST_WEIGHT), 0.0, 1.0)
        return ops.mean(ops.stop_gradient(counted) * weight * losses) / self._alpha
