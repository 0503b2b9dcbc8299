"""Rows of the demographic labeller: how right it is, and what its errors do to figures."""

from typing import Final

from fer_fairness.reporting.labels import attribute_label, group_label
from fer_fairness.reporting.number_text import percent, thousands
from fer_fairness.reporting.rows.schema import Row
from fer_fairness.reporting.rows.scores import Estimate, OfAttribute, OfMetric

MAY_BE_ABSENT: Final = "may not be in these data"


class LabelNoiseAttributeRow(OfAttribute, table="label_noise_attributes"):
    """Of one predicted attribute who got no label, and why nothing is corrected, if so.

    `refusals` are the reasons in a few words, `refused` in sentences.
    """

    n_people: float
    n_abstained: float
    share_abstained: float
    n_held_out: float
    refusals: str
    refused: str

    @property
    def abstained(self) -> str:
        """How many people got no label: "241 of 3,153 people (7.6 %)"."""
        share = percent(self.share_abstained)
        return f"{thousands(self.n_abstained)} of {thousands(self.n_people)} people ({share})"


class LabelNoiseGroupRow(OfAttribute, table="label_noise_groups"):
    """How often a group is labelled rightly, and its people before and after correction.

    `n_by_error` are those whom errors alone would label so if nobody were of the group, expected
    and in 95 of 100 draws at most; missing of intersections.
    """

    group: str
    n_held_out: float
    labelled_rightly: float
    n_labelled: float
    n_by_error: float
    n_by_error_95: float
    n_corrected: float
    n_ci_low: float
    n_ci_high: float
    compared: bool

    @property
    def may_be_absent(self) -> bool:
        """Whether errors alone would label as many people so: nobody need be of the group."""
        return 0 < self.n_labelled <= self.n_by_error_95

    @property
    def label(self) -> str:
        """The group in words, marked where it may be absent."""
        return f"{group_label(self.group)}{f' ({MAY_BE_ABSENT})' if self.may_be_absent else ''}"


class LabelNoiseScoreRow(Estimate, OfAttribute, table="label_noise_scores"):
    """A score of one group, or its difference from everybody else, by one method."""

    group: str
    method: str

    @property
    def in_points(self) -> bool:
        """All are shares, and differences of shares."""
        return True


class LabelNoiseGapRow(OfMetric, OfAttribute, table="label_noise_gaps"):
    """A gap as labelled, and with label errors taken off; the interval is of the latter."""

    value: float
    corrected_value: float
    ci_low: float
    ci_high: float

    @property
    def corrected(self) -> str:
        """The corrected gap with its interval, without unit."""
        return self.with_interval(self.corrected_value, self.ci_low, self.ci_high)

    @property
    def corrected_amount(self) -> str:
        """The corrected gap with unit and interval: "9.6 points [5.1 to 14.2]"."""
        bounds = self.bounds(self.ci_low, self.ci_high)
        return f"{self.amount(self.corrected_value)} [{bounds}]"


class OfLabeller(Row):
    """Something about the labeller on held-out faces that look so, in one grouping."""

    condition: str
    attribute: str
    grouping: str

    @property
    def attribute_label(self) -> str:
        """The attribute in words."""
        return attribute_label(self.attribute)


class LabellerSummaryRow(OfLabeller, table="labeller_summary"):
    """Accuracy and calibration; `asked` marks the grouping that labels are given in."""

    asked: bool
    n_faces: float
    accuracy: float
    ci_low: float
    ci_high: float
    balanced_accuracy: float
    expected_calibration_error: float
    majority_share: float
    share_abstained: float
    accuracy_when_labelled: float


class LabellerConfusionRow(OfLabeller, table="labeller_confusion"):
    """How many held-out faces of one group were given another, or their own."""

    asked: bool
    true: str
    predicted: str
    n_faces: float


class LabellerRecallRow(OfLabeller, table="labeller_recalls"):
    """Recall of one group, of all its faces or of one stratum of another attribute."""

    group: str
    stratum_attribute: str | None
    stratum: str | None
    n_faces: float
    n_right: float
    recall: float
    ci_low: float
    ci_high: float
    most_frequent_mistake: str | None
    mistake_share: float


class LabellerReliabilityRow(OfLabeller, table="labeller_reliability"):
    """How often labels of one range of confidence are right."""

    confidence_low: float
    confidence_high: float
    mean_confidence: float
    accuracy: float
    ci_low: float
    ci_high: float
    n_faces: float


class LabellerSelectionRow(Row, table="labeller_selection"):
    """A classifier that was tried; log loss in nats."""

    condition: str
    attribute: str
    classifier: str
    settings: str
    log_loss: float
    accuracy: float
    chosen: bool


class AgreementRow(Row, table="agreement"):
    """How far predicted groups agree with annotated ones of the same dataset."""

    dataset: str
    attribute: str
    n_faces: float
    n_comparable: float
    agreement: float
    ci_low: float
    ci_high: float
    cohen_kappa: float


class AgreementCountRow(Row, table="agreement_counts"):
    """Faces by annotated and predicted group; predicted is None where there was no label."""

    dataset: str
    attribute: str
    annotated: str
    predicted: str | None
    n_faces: float
    comparable: bool
