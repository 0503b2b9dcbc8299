"""Parameters of the budget that every method is given alike."""

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from fer_fairness.params.base import Parameters
from fer_fairness.params.lists import ListOf

SelectionRule = Literal["mean_recall", "worst_group_accuracy", "ideal_point"]
"""By which score of the validation faces one of several trials is chosen."""


Objective = Literal["mean_recall", "worst_group_accuracy", "accuracy_gap", "ideal_point"]
"""What a search may be for, all scored on validation faces."""

COSTS: Final[frozenset[Objective]] = frozenset({"accuracy_gap", "ideal_point"})
"""Objectives that are better the smaller they are."""


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
    study: str | None = Field(
        default=None,
        description="Where Optuna keeps a study of each method, whose trials it proposes by what "
        "earlier ones brought: an address such as sqlite:///sweep.db, or the path of a journal "
        "file. Null: settings are drawn at random.",
    )
    objectives: ListOf[Objective] | None = Field(
        default=None,
        min_length=1,
        max_length=2,
        description="What the study searches for; of two, the trials that no other betters in "
        "both are its front. Null: what `selection` chooses by.",
    )

    @property
    def searched_for(self) -> tuple[Objective, ...]:
        """The objectives of a study."""
        return self.objectives or (self.selection,)

    @model_validator(mode="after")
    def _a_study_has_what_it_needs(self) -> Self:
        if self.objectives is not None and self.study is None:
            raise ValueError(
                "objectives: only a study searches for them. Give budget.study too, such as "
                "sqlite:///sweep.db, or leave objectives out"
            )
        if self.study is not None and self.trials == 1:
            raise ValueError(
                "study: with budget.trials 1 nothing is searched. Give more, or leave study out"
            )
        if self.objectives is not None and len(set(self.objectives)) < len(self.objectives):
            raise ValueError(f"objectives: {self.objectives[0]} stands there twice")
        return self


class BenchParameters(Parameters):
    """Which of the configured methods take part."""

    methods: ListOf[str] | None = Field(
        default=None,
        description="Names of variants, or of methods that no variant is called as; null: all. The "
        "baseline, continued training and what a named variant comes after take part always.",
    )
