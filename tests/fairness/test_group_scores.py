"""Scores of very many groups, most of them of too few people to be compared."""

import numpy as np
import pandas as pd
import pytest

from fer_fairness.fairness import group_scores
from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.group_scores import group_table
from fer_fairness.fairness.metrics.calibration import calibration_counts
from fer_fairness.params.inference import InferenceParameters

PARAMS = InferenceParameters(n_bootstrap=200, minimum_group_size=10)
RESAMPLED = ["macro_f1", "theil_index", "calibration_error"]


def scores() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    true, predicted = rng.choice(["a", "b", "c"], (2, 200))
    groups = rng.choice(["big", "large", "s1", "s2", "s3"], 200, p=[0.6, 0.34, 0.02, 0.02, 0.02])
    answers = pd.Series(true), pd.Series(predicted)
    binned = calibration_counts(*answers, rng.random(200), groups, classes=("a", "b", "c"))
    counted = group_counts(*answers, groups, classes=("a", "b", "c"))
    return group_table({"g": counted}, PARAMS, seed=0, calibration={"g": binned})


def test_numbers_of_big_groups_are_the_same_among_very_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = scores()
    monkeypatch.setattr(group_scores, "MANY_GROUPS", 4)
    many = scores()
    is_big = few["group"].isin(["big", "large"])
    pd.testing.assert_frame_equal(few[is_big], many[is_big], check_exact=True)
    intervals = ["ci_low", "ci_high"]
    pd.testing.assert_frame_equal(few.drop(columns=intervals), many.drop(columns=intervals))
    resampled = few["metric"].isin(RESAMPLED)
    assert many.loc[~is_big & resampled, intervals].isna().all(axis=None)
    shares = ~is_big & ~resampled
    pd.testing.assert_frame_equal(few[shares], many[shares], check_exact=True)
