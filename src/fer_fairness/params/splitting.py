"""Parameters of the validation share of datasets whose publishers give none."""

from pydantic import Field

from fer_fairness.params.base import Parameters


class SplitParameters(Parameters):
    """How RAF-DB's training faces are divided; FER+ and FairFace keep their publishers' splits."""

    validation_share: float = Field(
        0.1, gt=0, lt=0.5, description="Share of each emotion's training faces used to validate."
    )
