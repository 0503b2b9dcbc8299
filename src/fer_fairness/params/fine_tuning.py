"""Parameters of fine-tuning: what every trained method has in common, unless its block differs."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from fer_fairness.params.base import Parameters
from fer_fairness.params.modeling import FreezingParameters, RegularisationParameters
from fer_fairness.params.training import TrainingParameters


class FineTuningParameters(Parameters):
    """Where training starts, which layers it changes, how strongly regularised, and how."""

    start: Literal["fine_tune", "from_scratch"] = Field(
        default="fine_tune",
        description="fine_tune: from the weights of the baseline. from_scratch: from random ones "
        "in its network, of which nothing is frozen; methods that change the last layer of a "
        "trained network (cRT, DFR, tau-norm) still start from the baseline.",
    )
    freezing: FreezingParameters = FreezingParameters()
    regularisation: RegularisationParameters = RegularisationParameters()
    training: TrainingParameters = TrainingParameters()
    counted: Literal["passes", "steps"] = Field(
        default="passes",
        description="What methods are given alike: forward-backward passes, so that one with two "
        "in a step has half of steps_per_epoch, or steps.",
    )

    def with_changes(self, changes: Mapping[str, Any]) -> "FineTuningParameters":
        """These parameters with some of them replaced.

        Args:
            changes: Nested as the parameters are: `{"training": {"max_epochs": 2}}`.

        Raises:
            pydantic.ValidationError: A name is unknown, or a value is not one that it may have.
        """
        return FineTuningParameters.model_validate(merged(self.model_dump(), changes))


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with `changes`; blocks that both have are merged, everything else is replaced."""
    result = dict(values)
    for name, change in changes.items():
        ours = result.get(name)
        both = isinstance(ours, Mapping) and isinstance(change, Mapping)
        result[name] = merged(ours, change) if both else change  # type: ignore[arg-type]
    return result
