"""Which models cross-dataset validation trains: one for each dataset, and one without each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.cross_dataset import CrossDatasetParameters

CROSSED: Final = "crossed"
"""The block of parameters that says which datasets and models there are."""

_BLOCK: Final = "cross_dataset"
_FEWEST_TO_LEAVE_ONE_OUT: Final = 3


@dataclass(frozen=True)
class Crossing:
    """The datasets that models are trained on and scored on.

    Attributes:
        datasets: Their names.
        leave_one_out: Whether a model is trained on all but each one, where there are three.
    """

    datasets: tuple[str, ...]
    leave_one_out: bool = True

    @property
    def models(self) -> dict[str, tuple[str, ...]]:
        """What each model is trained on, by its name."""
        models: dict[str, tuple[str, ...]] = {
            f"baseline_on_{name}": (name,) for name in self.datasets
        }
        if self.leave_one_out and len(self.datasets) >= _FEWEST_TO_LEAVE_ONE_OUT:
            for left in self.datasets:
                others = tuple(name for name in self.datasets if name != left)
                models[f"baseline_without_{left}"] = others
        return models

    def as_parameters(self) -> dict[str, Any]:
        """What nodes read of it: `datasets`, and of each of the `models` name and training sets."""
        models = {
            name: {"name": name, "trained_on": list(sets)} for name, sets in self.models.items()
        }
        return {"datasets": list(self.datasets), "models": models}


def crossing_of(parameters: Mapping[str, Any], known: Sequence[str]) -> Crossing:
    """What a configuration asks for.

    Args:
        parameters: As configured.
        known: Names of all evaluation sets.

    Raises:
        InvalidInputError: The block `cross_dataset` says what it cannot, or names a dataset that
            there is not.
    """
    try:
        chosen = CrossDatasetParameters.model_validate(parameters.get(_BLOCK) or {})
    except ValidationError as error:
        raise InvalidInputError(f"The block {_BLOCK} of the parameters: {error}") from error
    unknown = sorted(set(chosen.datasets or ()).difference(known))
    if unknown:
        raise InvalidInputError(
            f"{_BLOCK}.datasets names {', '.join(unknown)}; expected some of {', '.join(known)}, "
            "or a block of that name under datasets of the parameters."
        )
    return Crossing(tuple(chosen.datasets or known), chosen.leave_one_out)
