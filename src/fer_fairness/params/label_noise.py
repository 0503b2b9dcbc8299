"""Parameters of the correction for wrong group labels."""

from pydantic import Field

from fer_fairness.params.base import Parameters


class LabelNoiseParameters(Parameters):
    """When the labeller's confusion may be inverted, and how its uncertainty is drawn."""

    n_draws: int = Field(
        default=2000,
        ge=100,
        description="Draws of people, and of the labeller's confusion with them, behind the "
        "intervals of corrected scores.",
    )
    min_held_out_faces: int = Field(
        default=30,
        ge=5,
        description="Fewest held-out faces of each true group: with fewer the confusion is not "
        "known well enough to be inverted.",
    )
    max_condition_number: float = Field(
        default=25.0,
        gt=1.0,
        description="Largest ratio of the confusion's singular values that is inverted: how many "
        "times the inversion may magnify noise. Beyond, a labeller hardly tells groups apart.",
    )
    min_people: float = Field(
        default=10.0,
        ge=1.0,
        description="A group is compared where the lower end of the interval of its corrected "
        "number of people reaches this.",
    )
