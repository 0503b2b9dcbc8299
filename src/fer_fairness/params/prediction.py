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
    average_shifted_px: int = Field(
        default=0,
        ge=0,
        description=(
            "Each face is also shown moved by so many pixels to the left, right, top and bottom, "
            "its border repeated, and all logits are averaged: five times the time. 0: not moved."
        ),
    )
