"""Rows of what models score: of all faces, within groups, between groups, against the baseline."""

import math
from typing import ClassVar, Final, TypeAlias

from fer_fairness.fairness.group_names import attribute_parts, listed_names
from fer_fairness.fairness.metrics.words import MetricWords, metric_words
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.labels import (
    attribute_label,
    evaluation_set_label,
    group_label,
    shortened,
    source_label,
    variant_label,
)
from fer_fairness.reporting.number_text import (
    MISSING,
    faces_of_people,
    interval,
    number,
    points,
    value_with_interval,
)
from fer_fairness.reporting.rows.schema import Row

QUESTION: Final = "question"
SUMMARY: Final = "summary"
BY_CLASS: Final = "by_class"
PAIRS: Final = "pairs"
"""Families of `gaps`: whether anyone is recognised differently, metrics over all emotions, metrics
of one emotion, differences between two groups."""

HEADLINE_METRICS: Final = ("accuracy_gap", "equal_opportunity_gap")
"""The two that the summary is written from: all faces alike, and all emotions alike."""

PREDICTED: Final = "predicted"
"""The `attribute_source` of groups that a labeller named."""

Key: TypeAlias = tuple[str, str, str]
"""Variant, evaluation set and attribute."""


class OfVariant(Row):
    """Something about one variant."""

    variant: str
    as_given: ClassVar[bool] = False
    """Whether somebody else named the variants, as audited models are: names stay as they are."""

    @property
    def variant_label(self) -> str:
        """The variant in words."""
        return shortened(self.variant) if self.as_given else variant_label(self.variant)


class Scored(OfVariant):
    """Something about one variant on one evaluation set."""

    evaluation_set: str

    @property
    def set_label(self) -> str:
        """The evaluation set in words."""
        return evaluation_set_label(self.evaluation_set)


class OfAttribute(Scored):
    """Something about the groups of one attribute."""

    attribute: str

    @property
    def of_one_attribute(self) -> bool:
        """Whether it is of a single attribute and not of an intersection."""
        return len(attribute_parts(self.attribute)) == 1

    @property
    def key(self) -> Key:
        """What label errors are known by."""
        return self.variant, self.evaluation_set, self.attribute

    @property
    def attribute_label(self) -> str:
        """The attribute in words."""
        return attribute_label(self.attribute)


class OfSource(OfAttribute):
    """Something about the groups of one attribute as somebody labelled them."""

    attribute_source: str

    @property
    def predicted(self) -> bool:
        """Whether a labeller named the groups."""
        return self.attribute_source == PREDICTED

    @property
    def people(self) -> tuple[str, str, str]:
        """Whom groups are made of: evaluation set, attribute and who labelled it."""
        return self.evaluation_set, self.attribute, self.attribute_source

    @property
    def source_label(self) -> str:
        """Who labelled the groups, in words."""
        return source_label(self.attribute_source)

    @property
    def groups_label(self) -> str:
        """The attribute and who labelled it, in words."""
        return f"{self.attribute_label} ({self.source_label})"


class OfMetric(Row):
    """Values of one metric, shown in its own unit: percentage points, or a plain number."""

    metric: str

    @property
    def words(self) -> MetricWords:
        """How the metric is named and read."""
        return metric_words(self.metric)

    @property
    def in_points(self) -> bool:
        """Whether differences read in percentage points."""
        return self.words.in_points

    def in_unit(self, value: float) -> str:
        """A value without its unit: 0.081 as "8.1" where in points."""
        return number(100 * value, digits=1) if self.in_points else number(value)

    def amount(self, value: float, *, sign: bool = False) -> str:
        """A value with its unit: "8.1 points", or "0.081"; a sign only before points."""
        return points(value, sign=sign) if self.in_points else number(value)

    def with_interval(self, value: float, low: float, high: float) -> str:
        """A value with its interval, without unit: "83.1 [81.8 to 84.4]"."""
        return value_with_interval(value, low, high, in_points=self.in_points)

    def bounds(self, low: float, high: float) -> str:
        """An interval without its unit: "5.1 to 14.2"."""
        scale, digits = (100.0, 1) if self.in_points else (1.0, 3)
        return interval(low, high, scale=scale, digits=digits)


class Estimate(OfMetric):
    """A value of a metric with its 95 % interval."""

    value: float
    ci_low: float
    ci_high: float

    @property
    def estimate(self) -> str:
        """Value and interval without unit; a dash where missing."""
        return self.with_interval(self.value, self.ci_low, self.ci_high)

    @property
    def interval(self) -> str:
        """The interval without unit."""
        return self.bounds(self.ci_low, self.ci_high)


class Judged(Row):
    """What a test said; a verdict never claims more than a p-value allows."""

    p_value: float
    verdict: Verdict

    @property
    def p(self) -> float:
        """The p-value that the verdict follows from."""
        return self.p_value

    @property
    def judgement(self) -> Verdict:
        """The verdict; without a p-value nothing can be said, whatever it is."""
        return self.verdict if math.isfinite(self.p) else Verdict.TOO_FEW

    @property
    def found(self) -> bool:
        """Whether a difference was found."""
        return self.judgement is Verdict.FOUND


class JudgedTogether(Judged):
    """What a test among many said: its verdict follows from the p-value corrected for all."""

    p_value_corrected: float

    @property
    def p(self) -> float:
        """The corrected p-value."""
        return self.p_value_corrected


class Counted(Row):
    """How many faces, of how many people; the same number where everybody has one."""

    n_people: float
    n_faces: float

    @property
    def size(self) -> str:
        """Both as text: "2,000 of 40 people", or "3,153" where everybody has one face."""
        return faces_of_people(self.n_faces, self.n_people)


class OverallRow(Estimate, Scored, Counted, table="overall"):
    """A score of one variant on all faces of a set."""


class GroupRow(Estimate, OfSource, Counted, table="groups"):
    """A score within one group."""

    group: str


class GapRow(JudgedTogether, Estimate, OfSource, Counted, table="gaps"):
    """One difference between groups; `fairness.gaps.gap_table` tells what its numbers are.

    `family` is one of those above. `value` and its interval, at the level of the verdict, have the
    noise taken off; `raw_value`, `null_mean` and `null_95` are as counted, and what shuffles of the
    groups give, on average and in 95 of 100. `group` and `other_group` are those of a pair, and
    `left_out` the groups too small to be compared.
    """

    family: str
    group: str
    other_group: str
    uncorrected_ci_low: float
    uncorrected_ci_high: float
    raw_value: float
    minimum_detectable: float
    equal_treatment: float
    null_mean: float
    null_95: float
    p_value_holm: float
    p_value_benjamini_hochberg: float
    n_groups: float
    smallest_group: str
    smallest_group_size: float
    n_missing: float
    left_out: str

    @property
    def of_one_emotion(self) -> bool:
        """Whether the metric is one of a single emotion."""
        return self.family == BY_CLASS

    @property
    def over_all_emotions(self) -> bool:
        """Whether the metric is one over all emotions."""
        return self.family == SUMMARY

    @property
    def of_a_pair(self) -> bool:
        """Whether it is a difference between two groups."""
        return self.family == PAIRS

    @property
    def question(self) -> bool:
        """Whether it is the question that all others of the attribute stand behind."""
        return self.family == QUESTION

    @property
    def headline(self) -> bool:
        """Whether the metric is one that the summary is written from."""
        return self.metric in HEADLINE_METRICS

    @property
    def alone(self) -> str:
        """The 95 % interval of this difference looked at alone, without unit."""
        return self.bounds(self.uncorrected_ci_low, self.uncorrected_ci_high)

    @property
    def equal_treatment_differs(self) -> bool:
        """Whether equal treatment shows as another value than the ideal, by the mix of emotions."""
        ideal = float(self.words.higher_is_more_equal)
        return self.in_unit(self.equal_treatment) not in (self.in_unit(ideal), MISSING)

    @property
    def detectable(self) -> float:
        """The value that would be found in 8 audits of 10; NaN where none."""
        more_equal = self.words.higher_is_more_equal
        beyond = self.minimum_detectable
        return self.equal_treatment + (-beyond if more_equal else beyond)

    @property
    def left_out_labels(self) -> list[str]:
        """The groups left out, in words."""
        return [group_label(name) for name in listed_names(self.left_out)]


class ConfusionRow(Scored, table="confusion"):
    """How many faces of one emotion were given another, or their own."""

    emotion: str
    predicted_emotion: str
    n_people: float
    n_faces: float
