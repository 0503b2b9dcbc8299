"""Rows of what variants change against the baseline."""

from fer_fairness.reporting.number_text import p_equals
from fer_fairness.reporting.rows.scores import Judged
from fer_fairness.reporting.rows.seeds import OverSeeds


class Change(Judged, OverSeeds):
    """A metric of one variant against that of the baseline, with its test.

    `baseline_value`, `value` and their `difference` are without what noise adds to a gap;
    `raw_difference` is as counted. The interval is at the level that is left after correction for
    all `n_tested` changes together; `uncorrected_ci_low` to `uncorrected_ci_high` is for this one
    alone. `outcome` is "primary" (tested first) or "secondary". `minimum_detectable` is the
    smallest change that the test would have found in 8 of 10 such comparisons, NaN where none.
    """

    outcome: str
    baseline_value: float
    value: float
    difference: float
    ci_low: float
    ci_high: float
    p_value_corrected: float
    uncorrected_ci_low: float
    uncorrected_ci_high: float
    minimum_detectable: float
    raw_difference: float
    level_down: bool
    n_tested: float
    n_faces: float

    @property
    def p(self) -> float:
        """The p-value after correction."""
        return self.p_value_corrected

    @property
    def primary(self) -> bool:
        """Whether it was tested first."""
        return self.outcome == "primary"

    @property
    def better(self) -> bool:
        """Whether it was found and is for the better: not where a gap closed by loss alone.

        Scores, and ratios between groups, are better where they rise; gaps where they fall.
        """
        rising = self.attribute is None or self.words.higher_is_more_equal
        return self.found and (self.difference > 0) == rising and not self.level_down

    @property
    def worse(self) -> bool:
        """Whether it was found and is not for the better."""
        return self.found and not self.better

    @property
    def from_to(self) -> str:
        """The baseline's value and the variant's, without unit: "8.1 → 5.1"."""
        return f"{self.in_unit(self.baseline_value)} → {self.in_unit(self.value)}"

    @property
    def measured(self) -> str:
        """The difference with its unit."""
        return self.amount(self.difference, sign=True)

    @property
    def shown_bounds(self) -> tuple[float, float]:
        """The interval that a figure draws: that of the test."""
        return self.ci_low, self.ci_high

    @property
    def interval(self) -> str:
        """The interval of the difference, without unit."""
        return self.bounds(self.ci_low, self.ci_high)

    @property
    def change(self) -> str:
        """From what to what, by how much, and the interval of that."""
        return f"{self.from_to}, {self.measured} [{self.interval}]"

    @property
    def told(self) -> str:
        """The change of what, with its p-value."""
        return f"{self.label} {self.change}, p {p_equals(self.p)}"


class ComparisonRow(Change, table="comparisons"):
    """A change of the model of the first training seed: intervals hold for that model only."""


class ComparisonOverSeedsRow(Change, table="comparisons_over_seeds"):
    """A change in the mean over training seeds; its interval holds the noise of seeds too."""


class AgainstControlRow(Change, table="changes_against_control"):
    """A change against the variant's control of a bench, in the mean over training seeds."""

    control: str


class WithOffsetsRow(Change, table="changes_with_offsets"):
    """As `AgainstControlRow`, of variants that were trained and their control, all with offsets."""

    control: str
