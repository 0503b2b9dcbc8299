import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.mitigation.post.test_aif360_calibrated_equalized_odds import scored

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.binary_datasets import GROUP, binary_datasets
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import
from fer_fairness.mitigation.post import reject_option
from fer_fairness.mitigation.post.reject_option import (
    RejectOption,
    RejectOptionRegions,
    best_region,
)
from fer_fairness.tables import PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

SHOWN = EMOTIONS[:4]


def fit(table: pd.DataFrame, **settings: Any) -> RejectOptionRegions:
    return RejectOptionRegions.model_validate(
        json.loads(json.dumps(RejectOption(**settings).fit(table)))
    )


def after(table: pd.DataFrame, rules: RejectOptionRegions) -> pd.DataFrame:
    return RejectOption().apply(table, rules.model_dump(mode="json"), seed=0)


def recalls(table: pd.DataFrame) -> pd.Series:
    right = table["emotion"] == table["predicted_emotion"]
    return right.groupby([table["emotion"], table["gender"]]).mean()


@pytest.mark.parametrize("seed", range(3))
def test_threshold_and_margin_are_those_that_aif360_chooses(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(seed)
    given = generator.random(300) < 0.4
    shows = generator.random(300) < np.where(given, 0.3, 0.4)
    scores = np.clip(generator.normal(0.35 + 0.2 * shows + 0.3 * (shows & ~given), 0.2), 0.0, 1.0)
    monkeypatch.setattr(reject_option, "_THRESHOLDS", np.linspace(0.01, 0.99, 15))
    monkeypatch.setattr(reject_option, "_N_MARGINS", 8)
    with quiet_aif360_import():
        from aif360.algorithms.postprocessing import RejectOptionClassification
    fitted = RejectOptionClassification(
        unprivileged_groups=[{GROUP: 0}],
        privileged_groups=[{GROUP: 1}],
        num_class_thresh=15,
        num_ROC_margin=8,
        metric_name="Equal opportunity difference",
    ).fit(*binary_datasets((~given).astype(np.int64), shows, scores > 0.5, scores))
    found = best_region(shows, scores, given, 0.05)
    assert found is not None
    assert found[1:] == pytest.approx((fitted.classification_threshold, fitted.ROC_margin))
    assert found[2] > 0


def test_an_emotion_that_one_side_is_recognised_worse_in_is_evened_out() -> None:
    def biased(seed: int) -> pd.DataFrame:
        table, men = scored(seed=seed), scored(seed=seed + 10).query("gender == 'male'")
        women = men[men["emotion"] != SHOWN[0]].assign(gender="female")
        kept = table[(table["gender"] == "male") | (table["emotion"] == SHOWN[0])]
        return pd.concat([kept, women], ignore_index=True)

    table = biased(1)
    found = table.assign(predicted_emotion=after(table, fit(biased(0)))["predicted_emotion"])
    before, now = (recalls(each).unstack().loc[SHOWN[0]] for each in (table, found))
    assert before["male"] - before["female"] > 0.3
    assert abs(now["male"] - now["female"]) < 0.15


def test_whoever_is_recognised_better_than_others_gives_way_in_each_emotion() -> None:
    """Women are recognised worse in three emotions, men in the fourth."""
    women, men = scored(), scored(seed=1)
    swapped = men.assign(gender=men["gender"].map({"female": "male", "male": "female"}))
    last = SHOWN[3]
    table = pd.concat([women[women["emotion"] != last], swapped[swapped["emotion"] == last]])
    rules = fit(table, privileged="male")
    sides = {name: region.given_to for name, region in rules.regions.items() if region.margin > 0}
    assert sides == dict.fromkeys(SHOWN[:3], "unprivileged") | {last: "privileged"}


def test_unknown_people_keep_their_prediction_and_what_nobody_knows_is_never_given() -> None:
    table, rules = scored(seed=1), fit(scored())
    unknown = np.arange(len(table)) < 1000
    table.loc[unknown, "gender"] = None
    found = after(table, rules)
    assert found["predicted_emotion"][unknown].equals(table["predicted_emotion"][unknown])
    assert not found["predicted_emotion"].equals(table["predicted_emotion"])
    assert set(found["predicted_emotion"]) <= set(SHOWN)
    probabilities = found[list(PROBABILITY_COLUMNS)].to_numpy()
    names = np.array(EMOTIONS, dtype=object)
    assert (found["predicted_emotion"] == names[probabilities.argmax(axis=1)]).all()


def test_an_emotion_that_one_side_never_shows_is_told_and_given_where_it_is_common() -> None:
    table = scored()
    table = table[(table["emotion"] != SHOWN[2]) | (table["gender"] == "male")]
    rules = fit(table)
    assert rules.untouched[SHOWN[2]] == "nobody on the unprivileged side shows it"
    region = rules.regions[SHOWN[2]]
    assert region.margin == 0
    assert region.threshold == pytest.approx((table["emotion"] == SHOWN[2]).mean())
    assert SHOWN[2] in set(after(table, rules)["predicted_emotion"])


def test_where_no_region_evens_out_the_emotion_is_told() -> None:
    shows = np.array([True] * 4 + [False] * 4)
    given = np.array([True, True, False, False] * 2)
    # Nobody of either side is told from the other by any threshold.
    scores = np.full(8, 0.5)
    scores[[2, 3]] = [0.0, 1.0]
    assert best_region(shows, scores, given, 0.0) is not None
    assert best_region(shows, scores[::-1].copy(), given, 0.0) is not None
    scores[:4] = [1.0, 1.0, 0.0, 0.0]
    assert best_region(shows, scores, given, 0.0) is None


@pytest.mark.parametrize("empty", [False, True])
def test_with_fewer_than_two_groups_predictions_are_kept(*, empty: bool) -> None:
    table = scored(500).assign(gender="female")
    rules = fit(table.iloc[:0] if empty else table)
    assert not rules.regions
    assert set(rules.untouched) == set(EMOTIONS)
    pd.testing.assert_frame_equal(
        after(table, rules)[["predicted_emotion"]], table[["predicted_emotion"]]
    )


def test_a_privileged_group_that_nobody_has_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="privileged is 'old'"):
        fit(scored(200), privileged="old")
