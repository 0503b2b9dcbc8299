"""Parameters of the evaluation of the project's own variants."""

from typing import Self

from pydantic import Field, model_validator

from fer_fairness.params.inference import InferenceParameters
from fer_fairness.params.lists import ListOf
from fer_fairness.taxonomy import ATTRIBUTES


class EvaluationParameters(InferenceParameters):
    """How groups are compared, and by which attributes."""

    attributes: ListOf[str] = Field(
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
