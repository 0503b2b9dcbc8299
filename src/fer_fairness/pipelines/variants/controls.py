"""What each variant is held against: plain training continued on the same faces."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from fer_fairness.evaluation_sets import demographic_dataset

CONTROLS: Final = "controls"
"""The block of parameters with the fields of `Controls`."""


@dataclass(frozen=True)
class Controls:
    """Which variants are controls, and which of the others are trained on other faces.

    Attributes:
        control: Of those trained as the baseline; the baseline itself where there is no other.
        demographic_control: Of those trained on the dataset with demographics, if there is one.
        on_demographic: The variants that are trained there, or change predictions of such ones.
        train_on: The evaluation set that the baseline is trained on.
        demographic_dataset: The parameter that chooses the one with demographics.
    """

    control: str
    demographic_control: str | None
    on_demographic: tuple[str, ...]
    train_on: str
    demographic_dataset: str

    def as_parameters(self) -> dict[str, Any]:
        """What nodes read; `from_parameters` takes it."""
        return {**asdict(self), "on_demographic": list(self.on_demographic)}

    @classmethod
    def from_parameters(cls, block: Mapping[str, Any]) -> "Controls":
        """The same controls."""
        return cls(**{**block, "on_demographic": tuple(block["on_demographic"])})

    def of(self, variants: Collection[str], present: Collection[str]) -> dict[str, str]:
        """The control of each variant that has one and is none itself, those of `control` first.

        Args:
            variants: Their names.
            present: Names of the evaluation sets that are there.
        """
        chosen = demographic_dataset(self.demographic_dataset, present, self.train_on)
        elsewhere = self.on_demographic if chosen != self.train_on else ()
        found = {
            **{name: self.control for name in variants if name not in elsewhere},
            **{name: self.demographic_control for name in variants if name in elsewhere},
        }
        return {name: control for name, control in found.items() if control not in (None, name)}
