"""Rows of models that were trained on different datasets, each scored on all of them."""

from typing import ClassVar

from fer_fairness.fairness.group_names import listed_names
from fer_fairness.reporting.labels import attribute_label, evaluation_set_label, group_label
from fer_fairness.reporting.number_text import listed, p_equals, p_value
from fer_fairness.reporting.rows.scores import Estimate, JudgedTogether, OfMetric


class OfCrossed(OfMetric):
    """Something about a model on one set: of everybody, of one group, or between groups."""

    model: str
    evaluation_set: str
    attribute: str | None
    attribute_source: str | None
    group: str | None

    @property
    def set_label(self) -> str:
        """The set in words."""
        return evaluation_set_label(self.evaluation_set)

    @property
    def whose(self) -> str:
        """Whom it is about: "all faces", "black (perceived race)", "between groups of ..."."""
        if self.attribute is None:
            return "all faces"
        attribute = attribute_label(self.attribute)
        if self.group is None:
            return f"between groups of {attribute}"
        return f"{group_label(self.group)} ({attribute})"


class MatrixRow(Estimate, OfCrossed):
    """A quantity of one model on one set: `fairness.cross_dataset.matrix.MATRIX_COLUMNS`."""

    table: ClassVar[str] = "matrix"
    trained_on: str
    raw_value: float
    n_people: float

    @property
    def trained_label(self) -> str:
        """What the model was trained on, in words."""
        return trained_label(self.trained_on)

    @property
    def at_home(self) -> bool:
        """Whether the set is the one that the model was trained on."""
        return self.trained_on == self.evaluation_set


class ChangeBetweenSets(JudgedTogether, OfCrossed):
    """A quantity of one model on another set against its own: `BETWEEN_SETS_COLUMNS`."""

    table: ClassVar[str] = "between_sets"
    home: str
    outcome: str
    home_value: float
    value: float
    difference: float
    ci_low: float
    ci_high: float
    minimum_detectable: float
    n_emotions: float
    home_n_people: float
    n_people: float
    home_attribute_source: str | None

    @property
    def home_label(self) -> str:
        """The set that the model was trained on, in words."""
        return evaluation_set_label(self.home)

    @property
    def change(self) -> str:
        """From what to what, by how much, its interval and p."""
        return (
            f"{self.in_unit(self.home_value)} → {self.in_unit(self.value)}, "
            f"{self.amount(self.difference, sign=True)} "
            f"[{self.bounds(self.ci_low, self.ci_high)}], p {p_equals(self.p)}"
        )

    @property
    def p_text(self) -> str:
        """The corrected p-value as text."""
        return p_value(self.p)


class ChangeBetweenModels(JudgedTogether, OfMetric):
    """Another model against the one trained on a set, on the same faces: `CHANGE_COLUMNS`."""

    table: ClassVar[str] = "between_models"
    model: str
    evaluation_set: str
    attribute: str | None
    outcome: str
    baseline_value: float
    value: float
    difference: float
    ci_low: float
    ci_high: float
    n_people: float


def trained_label(trained_on: str) -> str:
    """The sets that a model was trained on, in words: "FER+ and RAF-DB"."""
    return listed([evaluation_set_label(name) for name in listed_names(trained_on)])
