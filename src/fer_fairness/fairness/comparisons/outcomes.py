"""Outcomes by which methods are ranked, over all sets that have them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.comparisons.audience import MeasuredPart
from fer_fairness.fairness.comparisons.measured import Measured
from fer_fairness.fairness.comparisons.over_seeds import Row
from fer_fairness.fairness.comparisons.ranking import (
    block_ranks,
    critical_difference,
    friedman,
    higher,
    possible_ranks,
)
from fer_fairness.fairness.group_names import LISTED, joined_names
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics.formulas import GapMetric
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

_OUTCOME_COLUMNS: Final = ("metric", "attribute", "attribute_source", "evaluation_sets")
RANK_COLUMNS: Final = (
    *_OUTCOME_COLUMNS,
    "variant",
    "is_control",
    "value",
    "mean_rank",
    "rank_low",
    "rank_high",
    "not_told_apart",
)
RANK_TEST_COLUMNS: Final = (
    *_OUTCOME_COLUMNS,
    "n_variants",
    "n_blocks",
    "n_seeds",
    "friedman_chi_square",
    "friedman_p_value",
    "iman_davenport_f",
    "iman_davenport_p_value",
    "critical_difference",
    "n_pairs",
    "n_told_apart",
)


@dataclass(frozen=True)
class Outcome:
    """One metric, of one attribute as one source labelled it, on the sets that have it.

    Attributes:
        metric: The metric.
        attribute: The attribute, None of everybody.
        source: Who labelled it.
        parts: On each set, of this metric alone.
    """

    metric: GapMetric
    attribute: str | None
    source: str | None
    parts: tuple[MeasuredPart, ...]

    def blocks(self) -> Array:
        """Values by set and seed, shape (blocks, variants)."""
        of_sets = [one.found.values[one.audience.models, 0] for one in self.parts]
        return np.concatenate(of_sets)

    def pooled(self) -> Measured:
        """The mean over sets for each model: people of different sets are different people."""
        found = [one.found for one in self.parts]
        n = min(one.draws.shape[1] for one in found)
        return Measured(
            raw=np.mean([one.raw for one in found], axis=0),
            values=np.mean([one.values for one in found], axis=0),
            draws=np.mean([one.draws[:, :n] for one in found], axis=0),
        )


def outcomes(kept: Sequence[MeasuredPart], primary: Sequence[str]) -> Iterator[Outcome]:
    """The primary outcomes, metric after metric; sets in which one is not defined are left out.

    Args:
        kept: Every part of every set.
        primary: The names of the metrics.
    """
    for name in primary:
        found: dict[tuple[str | None, str | None], list[MeasuredPart]] = {}
        for part in kept:
            one = part.of_metrics([name])
            if one.part.metrics and np.isfinite(one.found.values).all():
                found.setdefault((one.part.attribute, source_of(one)), []).append(one)
        for (attribute, source), parts in found.items():
            yield Outcome(parts[0].part.metrics[0], attribute, source, tuple(parts))


def source_of(one: MeasuredPart) -> str | None:
    """Who labelled the groups of a part; None of everybody, and where it is not known."""
    return None if one.part.attribute is None else one.audience.sources.get(one.part.attribute)


def ranked(
    outcome: Outcome, control: str, params: InferenceParameters, seed: int
) -> tuple[list[Row], Row]:
    """The ranks of all variants in one outcome.

    Args:
        outcome: The outcome.
        control: Which variant is the control.
        params: Significance.
        seed: Seed of the noise of seeds.

    Returns:
        Rows with `RANK_COLUMNS`, one a variant, and one with `RANK_TEST_COLUMNS`.
    """
    audience, blocks = outcome.parts[0].audience, outcome.blocks()
    names, n_blocks = audience.variants, len(blocks)
    falling = outcome.metric.higher_is_worse
    ranks = block_ranks(blocks, higher_is_better=not falling)
    what = f"pairs of {outcome.metric.name} by {outcome.attribute} {outcome.source}"
    above = higher(outcome.pooled(), audience.models, params, seed=seed_for(seed, what)[1])
    low, high = possible_ranks(above.T if falling else above)
    alike = ~(above | above.T | np.eye(len(names), dtype=bool))
    head: Row = {
        "metric": outcome.metric.name,
        "attribute": outcome.attribute,
        "attribute_source": outcome.source,
        "evaluation_sets": joined_names([one.audience.name for one in outcome.parts], LISTED),
    }
    rows: list[Row] = [
        {
            **head,
            "variant": name,
            "is_control": name == control,
            "value": float(blocks[:, place].mean()),
            "mean_rank": float(ranks[:, place].mean()),
            "rank_low": int(low[place]),
            "rank_high": int(high[place]),
            "not_told_apart": joined_names(
                [other for other, is_alike in zip(names, alike[place], strict=True) if is_alike],
                LISTED,
            ),
        }
        for place, name in enumerate(names)
    ]
    tested = friedman(ranks)
    return rows, {
        **head,
        "n_variants": len(names),
        "n_blocks": n_blocks,
        "n_seeds": len(audience.seeds),
        "friedman_chi_square": tested.chi_square,
        "friedman_p_value": tested.p_value,
        "iman_davenport_f": tested.f,
        "iman_davenport_p_value": tested.f_p_value,
        "critical_difference": critical_difference(len(names), n_blocks, params.significance),
        "n_pairs": len(names) * (len(names) - 1) // 2,
        "n_told_apart": int(above.sum()),
    }
