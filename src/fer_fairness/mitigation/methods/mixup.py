"""Mixup: every image is mixed with another one, and so are their targets."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from fer_fairness.mitigation.method import LEARNING_RATES, Method
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.training import TrainingParameters


class Mixup(Method):
    """Trains on t x + (1 - t) x' with the targets t y + (1 - t) y', t from Beta(alpha, alpha).

    It is what `training.mixup_alpha` does, with the paper's alpha, which takes the place of the one
    there. Every image of a batch has a t of its own, and a partner from the batch; of t and 1 - t
    it has the larger, so that it counts for the group of the face that it is most of: pairs are
    drawn alike in either order. The paper's alpha is from 0.1 to 0.4 on ImageNet; small ones leave
    most images nearly alone.
    """

    label: ClassVar[str] = "Mixup"
    source: ClassVar[str] = "Zhang et al. 2018, arXiv 1710.09412"
    neutral: ClassVar = {"alpha": None}
    search: ClassVar = {**LEARNING_RATES, "alpha": (0.1, 0.2, 0.4, 1.0)}

    method: Literal["mixup"] = "mixup"
    alpha: float | None = Field(
        default=0.2,
        ge=0.0,
        description="Of the Beta distribution: 1 mixes evenly, 0 not at all; null: what "
        "training.mixup_alpha is.",
    )

    @field_validator("fine_tuning")
    @classmethod
    def _says_alpha_once(cls, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        if "mixup_alpha" in (changes.get("training") or {}):
            raise ValueError(
                "training.mixup_alpha is what this method's alpha is: give alpha instead."
            )
        return changes

    def training_parameters(self, fine_tuning: FineTuningParameters) -> TrainingParameters:
        """How it is trained: mixed."""
        training = super().training_parameters(fine_tuning)
        if self.alpha is None:
            return training
        return training.model_copy(update={"mixup_alpha": self.alpha})
