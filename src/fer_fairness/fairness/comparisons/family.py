"""What several variants change against a reference, all of it corrected as one family of tests.

The best of twenty methods looks good by chance alone. So all variants, evaluation sets, attributes
and metrics of a comparison are corrected jointly (`step_down`), on draws in which the same people
weigh the same for every variant and seed; primary outcomes come first, and the others of a variant,
set and attribute behind them. The interval of each change is at the level that its test has left:
it excludes zero exactly where a difference is found, and is honest about the choice of the best.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.audience import Audience, measured_parts
from fer_fairness.fairness.comparisons.compared import Compared, compared
from fer_fairness.fairness.comparisons.joint_tests import joint_tests
from fer_fairness.fairness.comparisons.over_seeds import SEED_SCORE_COLUMNS
from fer_fairness.fairness.metrics import GAP_METRICS, OVERALL_METRICS
from fer_fairness.params.inference import InferenceParameters

PRIMARY: Final = ("balanced_accuracy", "worst_group_accuracy", "accuracy_gap")
"""Outcomes looked at first: mean recall of everybody, and of each attribute the other two."""

CHANGE_COLUMNS: Final = (
    "evaluation_set",
    "variant",
    "metric",
    "attribute",
    "outcome",
    "baseline_value",
    "value",
    "difference",
    "ci_low",
    "ci_high",
    "verdict",
    "p_value",
    "p_value_corrected",
    "uncorrected_ci_low",
    "uncorrected_ci_high",
    "minimum_detectable",
    "raw_difference",
    "seed_share",
    "level_down",
    "n_tested",
    "n_seeds",
    "n_people",
    "n_faces",
)


def changes(
    audiences: Sequence[Audience],
    *,
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> pd.DataFrame:
    """How variants differ from a reference on the same people, variant minus reference.

    Args:
        audiences: The evaluation sets, each with the same reference.
        params: Number of draws, confidence, significance, smallest group.
        seed: Seed of all draws.
        primary: Metrics that are tested first.

    Returns:
        `CHANGE_COLUMNS`, a row for each set, variant and metric: first those of all people together
        (attribute None), then the gaps of each attribute between its groups of sufficient size.

        - `baseline_value` and `value`: the reference's and the variant's, in the mean over seeds,
          without what noise adds to a gap; `difference` is the second minus the first,
          `raw_difference` that of the values as counted;
        - `ci_low` to `ci_high`: at the level that the test has left after correction; excludes
          zero exactly where `verdict` is "difference found"; `uncorrected_ci_low` and `_high` are
          for this row alone, at `params.confidence`;
        - `p_value`: against no difference, two-sided, for this row alone; `p_value_corrected` for
          all `n_tested` together, at most the significance where a difference is found, and 1
          where the primary outcomes of this set, variant and attribute found nothing;
        - `outcome`: "primary" or "secondary";
        - `minimum_detectable`: the smallest change that this test would have found in a share
          `params.power` of such comparisons, at the level that it was left; NaN where it was not
          tested, or no change could have been found whatever its size;
        - `seed_share`: share of the variance that more seeds would take off, 0 with one seed:
          intervals then hold for these trained models only;
        - `level_down`: marks a gap that closed because the group served best is served worse, and
          no group better.

        What is not defined is NaN, its verdict "too few people to say".

    Raises:
        InvalidInputError: If there is no metric of a primary outcome's name, a column is missing,
            an emotion unknown, seeds differ, or the tables are not about the same people with the
            same emotions.
    """
    return changes_and_scores(audiences, params=params, seed=seed, primary=primary)[0]


def changes_and_scores(
    audiences: Sequence[Audience],
    *,
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`changes`, and the scores over seeds of every variant that they are differences of.

    Args:
        audiences: As for `changes`.
        params: As for `changes`.
        seed: As for `changes`.
        primary: As for `changes`.

    Returns:
        `CHANGE_COLUMNS`, and `SEED_SCORE_COLUMNS` of `scores_over_seeds` with evaluation_set and
        variant.

    Raises:
        InvalidInputError: As for `changes`.
    """
    check_metrics(primary)
    found = [compared(one) for one in measured_parts(audiences, params, seed)]
    return changes_of(found, params=params, seed=seed, primary=primary), scores_of(found, params)


def changes_of(
    compared_parts: Sequence[Compared],
    *,
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> pd.DataFrame:
    """`changes` of parts that are measured.

    Args:
        compared_parts: All parts of all sets: they are one family.
        params: As for `changes`.
        seed: As for `changes`.
        primary: As for `changes`.
    """
    table = pd.DataFrame([row for one in compared_parts for row in one.rows()])
    if table.empty:
        return pd.DataFrame(columns=list(CHANGE_COLUMNS))
    table["outcome"] = np.where(table["metric"].isin(primary), "primary", "secondary")
    blocks = table.groupby(["evaluation_set", "variant", "attribute"], dropna=False).ngroup()
    tests = joint_tests(
        [one.means for one in compared_parts],
        [one.noise for one in compared_parts],
        (table["outcome"] == "primary").to_numpy(dtype=bool),
        np.asarray(blocks, dtype=np.int64),
        params,
        seed=seed,
    )
    # An interval ends where a difference of two values of the metric does.
    furthest = table["furthest"].to_numpy()[:, np.newaxis]
    ends = tests.filter(regex="ci_(low|high)$")
    tests[ends.columns] = np.clip(ends, -furthest, furthest)
    seen = tests["minimum_detectable"]
    tests["minimum_detectable"] = seen.where(seen <= furthest[:, 0])
    return _in_order(table.join(tests)[list(CHANGE_COLUMNS)])


def scores_of(compared_parts: Sequence[Compared], params: InferenceParameters) -> pd.DataFrame:
    """The scores over seeds of parts that are measured, as `changes_and_scores` gives them."""
    scores = pd.DataFrame(
        [row for one in compared_parts for row in one.scores(params.confidence)],
        columns=["evaluation_set", "variant", *SEED_SCORE_COLUMNS],
    )
    return _in_order(scores)


def check_metrics(names: Sequence[str]) -> None:
    """Refuse names of metrics that there are not.

    Raises:
        InvalidInputError: Naming the first unknown one, and those that there are.
    """
    known = [*(metric.name for metric in OVERALL_METRICS), *GAP_METRICS]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidInputError(
            f"There is no metric {unknown[0]!r} to compare first: there are {', '.join(known)}."
        )


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Set after set and variant after variant, in the order that they came in."""
    order = table.groupby(["evaluation_set", "variant"], sort=False).ngroup()
    by_set = table.groupby("evaluation_set", sort=False).ngroup()
    return table.iloc[np.lexsort((order, by_set))].reset_index(drop=True)
