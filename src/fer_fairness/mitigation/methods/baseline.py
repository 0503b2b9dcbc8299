"""The baseline: the emotion network, trained from the beginning or taken as it is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import field_validator

from fer_fairness.mitigation.method import Method
from fer_fairness.modeling import starting_model
from fer_fairness.params.base import Parameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras


class Baseline(Method):
    """Plain training of the network that its parameters describe; all others start from it."""

    label: ClassVar[str] = "Baseline"
    source: ClassVar[str] = "none"
    pipeline: ClassVar[str] = "baseline"
    starts_anew: ClassVar[bool] = True

    search: ClassVar = {}

    method: Literal["baseline"] = "baseline"
    architecture: ArchitectureParameters = ArchitectureParameters()
    training: TrainingParameters = TrainingParameters()

    @field_validator("fine_tuning")
    @classmethod
    def _is_not_fine_tuned(cls, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        if changes:
            raise ValueError("the baseline is not fine-tuned: its own block is called training.")
        return changes

    def start(
        self,
        model: Any,  # noqa: ANN401, ARG002  there is none
        fine_tuning: FineTuningParameters,  # noqa: ARG002
        *,
        seed: int,
    ) -> "keras.Model":
        """The network, untrained or with the weights that the parameters name."""
        return starting_model(self.architecture, seed=seed)

    def starts_from_random(self, fine_tuning: FineTuningParameters) -> bool:  # noqa: ARG002
        """Unless the parameters name weights."""
        return self.architecture.weights == "random"

    def training_parameters(self, fine_tuning: FineTuningParameters) -> TrainingParameters:  # noqa: ARG002
        """Its own: the baseline is not fine-tuned."""
        return self.training

    def recorded(self, fine_tuning: FineTuningParameters) -> dict[str, Parameters]:  # noqa: ARG002
        """Network and training."""
        return {"architecture": self.architecture, "training": self.training}
