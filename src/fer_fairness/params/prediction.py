"""Parameters of prediction with a trained model."""

from pydantic import Field

from fer_fairness.params.base import Parameters


class PredictionParameters(Parameters):
    """How a trained model is asked; the same for every variant, so that they compare."""

    batch_size: int = Field(default=256, ge=1, description="Images at a time.")
    average_mirrored: bool = Field(
        default=True,
        description=(
            "Each face is shown as it is and mirrored, and the logits are averaged: twice the time "
            "of a prediction, no further parameters. False shows it once, as published figures do."
        ),
    )
