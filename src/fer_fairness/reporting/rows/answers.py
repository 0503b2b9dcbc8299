"""Rows of what is answered where a method leaves unsure faces unanswered."""

from fer_fairness.reporting.labels import capitalised, group_label
from fer_fairness.reporting.rows.scores import Counted, OfSource


class OfAnswers(OfSource, Counted):
    """Something about all faces, without attribute and group, or about one group."""

    group: str

    @property
    def label(self) -> str:
        """The group in words."""
        return capitalised(group_label(self.group)) if self.attribute else "All faces"


class AnswerRow(OfAnswers, table="answers"):
    """How many faces are answered, and how rightly: `fairness.answers.ANSWER_COLUMNS`."""

    n_answered: float
    coverage: float
    coverage_ci_low: float
    coverage_ci_high: float
    accuracy: float
    accuracy_ci_low: float
    accuracy_ci_high: float
    answered_accuracy: float
    answered_accuracy_ci_low: float
    answered_accuracy_ci_high: float


class AnswerCurveRow(OfAnswers, table="answer_curves"):
    """The same under one threshold for all: `fairness.answers.CURVE_COLUMNS`."""

    common_coverage: float
    n_answered: float
    coverage: float
    accuracy: float
    ci_low: float
    ci_high: float
