"""Gaps between groups: how wide, how sure, and whether chance alone would give as much."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.corrections import holm
from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference import (
    bootstrap_counts,
    permutation_counts,
    permutation_test,
    resampled,
    seed_for,
)
from fer_fairness.fairness.intervals import gap_interval
from fer_fairness.fairness.metrics import GAP_METRICS
from fer_fairness.params.fairness_reporting import EvaluationParameters

Verdict: TypeAlias = Literal["difference found", "no difference found", "too few people to say"]
Row: TypeAlias = dict[str, str | int | float]

GAP_COLUMNS: Final = (
    "attribute",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "null_mean",
    "null_95",
    "p_value",
    "p_value_adjusted",
    "n_people",
    "n_groups",
    "smallest_group",
    "smallest_group_size",
    "n_missing",
    "left_out",
    "verdict",
)

_TOO_FEW: Final = dict.fromkeys(
    ("value", "ci_low", "ci_high", "null_mean", "null_95", "p_value"), float("nan")
)


def gap_table(
    by_attribute: Mapping[str, GroupCounts], params: EvaluationParameters, *, seed: int
) -> pd.DataFrame:
    """Every gap metric between the groups of each attribute, with interval, p-value and verdict.

    Args:
        by_attribute: Counts by attribute.
        params: Number of draws, confidence, significance, smallest group.
        seed: Seed of all draws; each attribute draws on its own.

    Returns:
        `GAP_COLUMNS`. `left_out` names the groups too small to be compared, `null_95` is what 95
        shuffles of 100 do not pass (from above for gaps, from below for ratios), and
        `p_value_adjusted` is Holm's over all rows that have a p-value.

    Raises:
        InvalidInputError: If too few permutations are asked for to find anything.
    """
    _check_resolution(len(by_attribute), params)
    rows: list[Row] = []
    for attribute, counted in by_attribute.items():
        compared = counted.reaching(params.minimum_group_size)
        measured = _measured(compared, params, seed_for(seed, attribute))
        context = _context(counted, compared)
        rows += [{"attribute": attribute, **row, **context} for row in measured]
    table = pd.DataFrame(rows, columns=list(GAP_COLUMNS))
    table["p_value_adjusted"] = holm(table["p_value"].to_numpy(dtype=np.float64))
    table["verdict"] = [_verdict(p, params.significance) for p in table["p_value_adjusted"]]
    return table


def _measured(
    compared: GroupCounts, params: EvaluationParameters, seed: tuple[int, int]
) -> list[Row]:
    """Value, interval and test of each metric; all NaN with fewer than two groups."""
    if len(compared.groups) < 2:
        return [{"metric": name, **_TOO_FEW} for name in GAP_METRICS]
    generator = np.random.default_rng(seed)
    counts = compared.counts
    functions = [metric.function for metric in GAP_METRICS.values()]
    replicates = resampled(
        bootstrap_counts, counts, functions, n=params.n_bootstrap, seed=generator
    )
    nulls = resampled(
        permutation_counts, counts, functions, n=params.n_permutations, seed=generator
    )
    rows: list[Row] = []
    for metric, values, null in zip(GAP_METRICS.values(), replicates, nulls, strict=True):
        value = float(metric.function(counts))
        test = permutation_test(value, null, higher_is_worse=metric.higher_is_worse)
        interval = gap_interval(
            metric, counts, values, p_value=test.p_value, confidence=params.confidence
        )
        rows.append(
            {
                "metric": metric.name,
                "value": value,
                "ci_low": interval.low,
                "ci_high": interval.high,
                "null_mean": test.null_mean,
                "null_95": test.null_95,
                "p_value": test.p_value,
            }
        )
    return rows


def _context(counted: GroupCounts, compared: GroupCounts) -> Row:
    """Who was compared; where nothing could be, the smallest group is that of all groups."""
    sized = compared if len(compared.groups) >= 2 else counted
    smallest = int(np.argmin(sized.sizes)) if sized.groups else None
    left_out = [name for name in counted.groups if name not in compared.groups]
    return {
        "n_people": int(compared.sizes.sum()),
        "n_groups": len(compared.groups),
        "smallest_group": "" if smallest is None else sized.groups[smallest],
        "smallest_group_size": 0 if smallest is None else int(sized.sizes[smallest]),
        "n_missing": counted.n_missing,
        "left_out": ", ".join(left_out),
    }


def _verdict(p_value: float, significance: float) -> Verdict:
    if not np.isfinite(p_value):
        return "too few people to say"
    return "difference found" if p_value <= significance else "no difference found"


def _check_resolution(n_attributes: int, params: EvaluationParameters) -> None:
    """The smallest p-value possible, corrected for every test, must be able to reach the level."""
    n_tests = n_attributes * len(GAP_METRICS)
    needed = int(np.ceil(n_tests / params.significance)) - 1
    if params.n_permutations < needed:
        raise InvalidInputError(
            f"n_permutations is {params.n_permutations}: after the correction for {n_tests} tests "
            f"no difference could be found at significance {params.significance}, however wide. "
            f"Ask for at least {needed} permutations, or for fewer attributes."
        )
