"""Parameters of the evaluation of the project's own variants."""

from typing import Final, Self

from pydantic import Field, model_validator

from fer_fairness.params.inference import InferenceParameters
from fer_fairness.params.lists import ListOf
from fer_fairness.taxonomy import ATTRIBUTES

COMPARED_METRICS: Final = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "worst_class_recall",
    "accuracy_gap",
    "balanced_accuracy_gap",
    "macro_f1_gap",
    "accuracy_ratio",
    "macro_f1_ratio",
    "xu_fairness",
    "equal_opportunity_gap",
    "equal_opportunity_ratio",
    "recall_dispersion",
    "demographic_parity_gap",
    "selection_rate_gap",
    "equalized_odds_gap",
    "overall_disparity",
    "worst_group_accuracy",
    "theil_index_gap",
    "between_group_generalized_entropy",
)
"""Every metric that variants are compared by: a wrong name is refused before anything is trained,
where the formulas are not known yet."""

_N_SCORES: Final = 4
"""So many of these are scores of everybody, and no gaps."""


class EvaluationParameters(InferenceParameters):
    """How groups are compared, and by which attributes."""

    attributes: ListOf[str] = Field(
        default=("gender", "race", "age_group", "gender x race", "gender x age_group"),
        min_length=1,
        description='Attributes to compare groups by; "a x b" is the intersection of a and b.',
    )

    comparison_primary: ListOf[str] = Field(
        default=("balanced_accuracy", "worst_group_accuracy", "accuracy_gap"),
        min_length=1,
        description="Metrics by which variants are compared with the baseline first, at the full "
        "level: scores of all faces, and gaps of every attribute. The others are looked at where "
        "one of these found something.",
    )

    @model_validator(mode="after")
    def _compared_by_metrics(self) -> Self:
        for metric in self.comparison_primary:
            if metric not in COMPARED_METRICS:
                raise ValueError(
                    f"comparison_primary holds {metric!r}: expected one of "
                    f"{', '.join(COMPARED_METRICS)}"
                )
        return self

    @model_validator(mode="after")
    def _primary_outcomes_are_known(self) -> Self:
        gaps = (*COMPARED_METRICS[_N_SCORES:], "calibration_error_gap")
        for outcome in self.primary:
            metric, _, attribute = outcome.partition(" by ")
            if metric not in gaps or attribute not in self.attributes:
                raise ValueError(
                    f"primary holds {outcome!r}: expected a metric and an attribute such as "
                    f'"accuracy_gap by {self.attributes[0]}", of the metrics {", ".join(gaps)} and '
                    f"the attributes {', '.join(self.attributes)}"
                )
        return self

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
