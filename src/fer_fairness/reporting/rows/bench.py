"""Rows of a bench of methods: ranks by outcome, and places on the front of two outcomes."""

from typing import TypeAlias

from fer_fairness.fairness.group_names import listed_names
from fer_fairness.reporting.labels import evaluation_set_label
from fer_fairness.reporting.number_text import listed, number
from fer_fairness.reporting.rows.scores import OfVariant, Scored
from fer_fairness.reporting.rows.seeds import OfPeople

Outcome: TypeAlias = tuple[str, str | None, str | None]
"""Metric, attribute and who labelled it."""


class OfOutcome(OfPeople):
    """Something about one outcome."""

    @property
    def outcome(self) -> Outcome:
        """What tells outcomes apart."""
        return self.metric, self.attribute, self.attribute_source


class OverSets(OfOutcome):
    """Something about one outcome on all evaluation sets that have it."""

    evaluation_sets: str

    @property
    def sets_label(self) -> str:
        """The sets in words."""
        return listed([evaluation_set_label(name) for name in listed_names(self.evaluation_sets)])


class RankRow(OverSets, OfVariant, table="ranks"):
    """The ranks of one variant; `fairness.comparisons.bench` tells what its numbers are."""

    is_control: bool
    value: float
    mean_rank: float
    rank_low: float
    rank_high: float
    not_told_apart: str

    @property
    def possible_ranks(self) -> str:
        """The ranks that it may have: "2 to 7", or "1"."""
        ends = [number(rank, digits=0) for rank in (self.rank_low, self.rank_high)]
        return " to ".join(dict.fromkeys(ends))

    @property
    def alike(self) -> tuple[str, ...]:
        """The other variants that it is not told apart from, by name."""
        return listed_names(self.not_told_apart)


class RankTestRow(OverSets, table="rank_tests"):
    """What is tested of the ranks of all variants in one outcome."""

    n_variants: float
    n_blocks: float
    n_seeds: float
    friedman_chi_square: float
    friedman_p_value: float
    iman_davenport_f: float
    iman_davenport_p_value: float
    critical_difference: float
    n_pairs: float
    n_told_apart: float


class FrontRow(OfOutcome, Scored, table="fronts"):
    """How probably nobody is both as accurate as one variant and as good in `metric`."""

    is_control: bool
    accuracy: float
    value: float
    probability: float
    on_front: bool
    n_seeds: float

    @property
    def probability_text(self) -> str:
        """The probability with two decimals: "0.92", "< 0.01", "> 0.99"."""
        if self.probability < 0.005:
            return "< 0.01"
        return "> 0.99" if self.probability >= 0.995 else f"{self.probability:.2f}"
