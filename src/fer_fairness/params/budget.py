"""Parameters of the budget that every method is given alike."""

from typing import Literal

from pydantic import Field

from fer_fairness.params.base import Parameters
from fer_fairness.params.lists import ListOf

SelectionRule = Literal["mean_recall", "worst_group_accuracy", "ideal_point"]
"""By which score of the validation faces one of several trials is chosen."""


class BudgetParameters(Parameters):
    """How many settings of its hyper-parameters each method may try, and what chooses among them.

    How long one trial trains is told by `fine_tuning.training`: `max_epochs` times
    `steps_per_epoch`.
    """

    trials: int = Field(
        default=1,
        ge=1,
        description="Settings that each method tries with the first training seed; the first are "
        "those of its block, so that 1 tries nothing. Further seeds take what was chosen.",
    )
    selection: SelectionRule = Field(
        default="mean_recall",
        description="Chosen is the trial with the highest mean recall, the highest accuracy of "
        "the group served worst, or the nearest to accuracy 1 and accuracy gap 0.",
    )


class BenchParameters(Parameters):
    """Which of the configured methods take part."""

    methods: ListOf[str] | None = Field(
        default=None,
        description="Names of variants or of their methods; null: all. The baseline, continued "
        "training and what a named variant comes after take part always.",
    )
