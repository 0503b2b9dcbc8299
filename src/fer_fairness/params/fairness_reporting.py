"""Parameters of the evaluation: how many draws, how sure, which groups are compared."""

from typing import Self

from pydantic import Field, model_validator

from fer_fairness.params.base import Parameters
from fer_fairness.taxonomy import ATTRIBUTES


class EvaluationParameters(Parameters):
    """How groups are compared and when a difference counts as found."""

    n_bootstrap: int = Field(
        default=2000, ge=100, description="Bootstrap replicates behind each interval."
    )
    n_permutations: int = Field(
        default=2000, ge=100, description="Shuffles of the group labels behind each p-value."
    )
    confidence: float = Field(
        default=0.95,
        ge=0.95,
        le=0.95,
        description="Confidence level of all intervals. The report names it in words, so it is "
        "fixed for now.",
    )
    significance: float = Field(
        default=0.05,
        gt=0.0,
        lt=0.5,
        description="A difference is found where the adjusted p-value is at most this.",
    )
    minimum_group_size: int = Field(
        default=10,
        ge=1,
        description="Groups with fewer people are listed but take no part in any gap.",
    )
    attributes: tuple[str, ...] = Field(
        default=("gender", "race", "age_group", "gender x race", "gender x age_group"),
        min_length=1,
        description='Attributes to compare groups by; "a x b" is the intersection of a and b.',
    )

    @model_validator(mode="after")
    def _attributes_are_known(self) -> Self:
        for attribute in self.attributes:
            parts = attribute.split(" x ")
            if len(set(parts)) < len(parts) or not set(parts) <= set(ATTRIBUTES):
                raise ValueError(
                    f"attributes holds {attribute!r}: expected one of {', '.join(ATTRIBUTES)}, or "
                    'several different ones joined as in "gender x race"'
                )
        if len(set(self.attributes)) < len(self.attributes):
            raise ValueError(f"attributes names one twice: {', '.join(self.attributes)}")
        return self
