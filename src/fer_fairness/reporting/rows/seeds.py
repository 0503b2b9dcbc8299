"""Rows over several training seeds."""

from fer_fairness.fairness.group_names import attribute_parts
from fer_fairness.reporting.labels import attribute_label, in_sentence
from fer_fairness.reporting.rows.scores import PREDICTED, Estimate, OfMetric, Scored


class OfPeople(OfMetric):
    """Something about a metric of all faces, or of an attribute as somebody labelled it."""

    attribute: str | None
    attribute_source: str | None

    @property
    def predicted(self) -> bool:
        """Whether a labeller named the groups."""
        return self.attribute_source == PREDICTED

    @property
    def of_one_attribute(self) -> bool:
        """Whether it is of all faces or of a single attribute, and not of an intersection."""
        return self.attribute is None or len(attribute_parts(self.attribute)) == 1

    @property
    def people(self) -> str:
        """Whom it is about, in words."""
        if self.attribute is None:
            return "all faces"
        return f"{attribute_label(self.attribute)}{' (predicted)' if self.predicted else ''}"

    @property
    def label(self) -> str:
        """The metric in a sentence, with its attribute where it is one between groups."""
        label = in_sentence(self.words.label)
        return label if self.attribute is None else f"{label} for {self.people}"


class OverSeeds(OfPeople, Scored):
    """Something in the mean over training seeds; of all faces where there is no attribute.

    With one seed it is of that. `seed_share` is the share of the variance of the mean that comes
    from seeds.
    """

    seed_share: float
    n_seeds: float
    n_people: float


class ScoreOverSeedsRow(Estimate, OverSeeds, table="scores_over_seeds"):
    """Mean of a score or gap over seeds; its interval holds the noise of seeds and of people.

    `value` is without what noise adds to a gap, `raw_value` as counted.
    """

    raw_value: float
    n_faces: float
    seed_standard_deviation: float
