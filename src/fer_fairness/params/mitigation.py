"""Parameters of the mitigations that are not a matter of augmentation."""

from typing import Literal

from pydantic import Field

from fer_fairness.params.base import Parameters

Attribute = Literal["gender", "race", "age_group"]


class ReweighingParameters(Parameters):
    """Weights that make group and emotion independent in the training set."""

    attribute: Attribute = Field(
        default="gender", description="Attribute whose groups are weighted against emotions."
    )


class EqualizedOddsParameters(Parameters):
    """Post-processing that evens out error rates between one group and all others."""

    attribute: Attribute = Field(
        default="gender", description="Attribute whose groups' error rates are evened out."
    )
    privileged: str | None = Field(
        default=None,
        description="Group that the others are evened out with; "
        "by default the one with the highest validation accuracy.",
    )
