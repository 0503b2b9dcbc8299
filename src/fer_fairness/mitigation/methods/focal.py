"""Focal loss: faces that are recognised already count less."""

from typing import ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.method import LEARNING_RATES, Method
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Tensor
from fer_fairness.params.training import TrainingParameters

_SMALLEST_DOUBT: Final = 1e-7
"""Below it, powers under 1 would have a slope that is no number."""


class Focal(Method):
    """Minimises -(1 - p_y) ** gamma log p_y, p_y being the probability of the true emotion y.

    Of a face with several annotators' votes t it is the mean over them, sum_c t_c times the loss
    with y = c; so a vote counts the less the more probable its own emotion is. Smoothing and logit
    adjustment are in t and p where training asks for them; what teachers say is not weighed. The
    paper's factor alpha for the rarer class is left out: it is that of a detector's background,
    and weights of classes are `training.logit_adjustment` and other methods here.

    gamma 2 is the paper's choice, 1 that of the authors of LDAM for images of unequal classes.
    """

    label: ClassVar[str] = "Focal loss"
    source: ClassVar[str] = "Lin et al. 2017, arXiv 1708.02002"
    neutral: ClassVar = {"gamma": 0.0}
    search: ClassVar = {**LEARNING_RATES, "gamma": (0.5, 1.0, 2.0, 5.0)}

    method: Literal["focal"] = "focal"
    gamma: float = Field(
        default=1.0, ge=0.0, description="How much less faces count that are recognised; 0: none."
    )

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The focal loss."""
        if self.gamma == 0:
            return super().objective(training, params)
        return FocalObjective(params, training.class_shares(), gamma=self.gamma)


class FocalObjective(Objective):
    """The loss of `Focal`."""

    def __init__(
        self, params: TrainingParameters, class_shares: np.ndarray, *, gamma: float
    ) -> None:
        """As `Objective`, with the exponent of the factor."""
        super().__init__(params, class_shares)
        self._gamma = gamma

    def label_losses(self, targets: Tensor, logits: Tensor) -> Tensor:
        """Of each face, `(n,)`."""
        from keras import ops

        log_probabilities = ops.log_softmax(logits)
        doubt = ops.maximum(-ops.expm1(log_probabilities), _SMALLEST_DOUBT)
        return -ops.sum(targets * doubt**self._gamma * log_probabilities, axis=1)
