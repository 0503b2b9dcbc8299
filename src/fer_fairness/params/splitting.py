"""Parameters of the validation share of datasets whose publishers give none."""

from pydantic import Field

from fer_fairness.params.base import Parameters


class SplitParameters(Parameters):
    """How a dataset's training faces are divided."""

    validation_share: float = Field(
        0.0,
        ge=0,
        lt=0.5,
        description="Share of each emotion's training faces used to validate; 0: the publisher's "
        "own splits.",
    )
