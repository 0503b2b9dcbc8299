"""Balanced softmax: logits are adjusted to the emotions' shares in training, and plain after."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from fer_fairness.mitigation.method import LEARNING_RATES, Method
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.training import TrainingParameters


class BalancedSoftmax(Method):
    """Minimises the cross-entropy of z + tau log pi, and predicts by z.

    pi_c is the share of emotion c in the training targets, which may be annotators' votes; weights
    of faces are in it. With tau 1 this is the balanced softmax, n_c exp(z_c) over its sum: z then
    scores emotions as if all were equally frequent, where plain training prefers frequent ones.

    It is what `training.logit_adjustment` does, with the paper's tau, which takes the place of the
    one there. An emotion without training faces counts as if it had a millionth of them, so that
    it is neither learned nor unlearned (in the paper it would leave the softmax).
    """

    label: ClassVar[str] = "Balanced softmax"
    source: ClassVar[str] = "Ren et al. 2020, arXiv 2007.10740; Menon et al. 2021, arXiv 2007.07314"
    neutral: ClassVar = {"tau": None}
    search: ClassVar = {**LEARNING_RATES, "tau": (0.5, 1.0, 1.5)}

    method: Literal["balanced_softmax"] = "balanced_softmax"
    tau: float | None = Field(
        default=1.0,
        ge=0.0,
        description="Times log pi is added to the logits; null: what training.logit_adjustment is.",
    )

    @field_validator("fine_tuning")
    @classmethod
    def _says_tau_once(cls, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        if "logit_adjustment" in (changes.get("training") or {}):
            raise ValueError(
                "training.logit_adjustment is what this method's tau is: give tau instead."
            )
        return changes

    def training_parameters(self, fine_tuning: FineTuningParameters) -> TrainingParameters:
        """How it is trained: with tau as logit adjustment."""
        training = super().training_parameters(fine_tuning)
        if self.tau is None:
            return training
        return training.model_copy(update={"logit_adjustment": self.tau})
