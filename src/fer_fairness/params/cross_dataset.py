"""Parameters of cross-dataset validation."""

from typing import Any, Self

from pydantic import Field, model_validator

from fer_fairness.params.base import Parameters
from fer_fairness.params.lists import ListOf

_FEWEST = 2


class CrossDatasetParameters(Parameters):
    """Which datasets are trained on and scored, and how."""

    datasets: ListOf[str] | None = Field(
        default=None,
        description="Evaluation sets, at least two; null: all, so that all must be there.",
    )
    leave_one_out: bool = Field(
        default=True,
        description="Whether from three datasets on a model is also trained on all but each one.",
    )
    baseline: dict[str, Any] = Field(
        default={
            "architecture": {"weights": "random"},
            "training": {"distillation": {"weight": 0.0}},
        },
        description="What is changed of the block baseline. Weights and teachers that know one of "
        "the datasets would make its faces known to every model.",
    )

    @model_validator(mode="after")
    def _are_several(self) -> Self:
        named = self.datasets
        if named is not None and (len(named) < _FEWEST or len(set(named)) < len(named)):
            raise ValueError(
                f"datasets holds {', '.join(named) or 'none'}: expected at least two different "
                "evaluation sets, on the command line with semicolons "
                '(--params "cross_dataset.datasets=fer_plus;my_faces").'
            )
        return self
