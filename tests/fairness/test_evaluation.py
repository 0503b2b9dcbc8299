from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import (
    GAP_METRICS,
    Evaluation,
    compare,
    evaluate,
    predicted_confidence,
)
from fer_fairness.fairness.comparisons.of_two import COMPARISON_COLUMNS
from fer_fairness.fairness.gaps import GAP_COLUMNS
from fer_fairness.fairness.group_scores import GROUP_COLUMNS, OVERALL_COLUMNS
from fer_fairness.fairness.metrics import class_gap_metrics
from fer_fairness.fairness.metrics.gap_metrics import OVERALL_METRICS
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.fairness_reporting import EvaluationParameters

EMOTIONS = ("neutral", "happiness", "fear")
FEW_DRAWS = EvaluationParameters(n_bootstrap=300, n_permutations=500, n_power=60)
PROBABILITIES = tuple(f"probability_{emotion}" for emotion in EMOTIONS)


def fabricated(
    n: int = 900, *, harmed: str | None = None, by: float = 0.3, seed: int = 0
) -> pd.DataFrame:
    """People of whom the model recognises four in five, and fewer of the harmed group."""
    generator = np.random.default_rng(seed)
    emotion = generator.choice(EMOTIONS, n, p=[0.5, 0.35, 0.15])
    gender = generator.choice(["female", "male"], n)
    recognised = generator.random(n) < 0.8 - by * (gender == (harmed or ""))
    return pd.DataFrame(
        {
            "sample_id": [f"face-{number}" for number in range(n)],
            "emotion": emotion,
            "predicted_emotion": np.where(recognised, emotion, generator.choice(EMOTIONS, n)),
            "gender": gender,
            "race": generator.choice(["black", "white"], n),
        }
    )


def with_probabilities(frame: pd.DataFrame) -> pd.DataFrame:
    """The same people with confidences that tell how often the model is right, roughly."""
    confidence = np.random.default_rng(9).uniform(0.7, 0.95, len(frame))
    columns = {
        column: np.where(frame["predicted_emotion"] == emotion, confidence, (1 - confidence) / 2)
        for column, emotion in zip(PROBABILITIES, EMOTIONS, strict=True)
    }
    return frame.assign(**columns)


def confidence_of(frame: pd.DataFrame) -> Array:
    predicted = frame["predicted_emotion"]
    return predicted_confidence(frame, predicted=predicted, classes=EMOTIONS, columns=PROBABILITIES)


def evaluated(frame: pd.DataFrame, *attributes: str, **options: Any) -> Evaluation:
    chosen = {"emotions": EMOTIONS, "params": FEW_DRAWS, "seed": 0, **options}
    return evaluate(frame, attributes=attributes or ("gender",), **chosen)


def compared(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    return compare(
        first, second, attributes=["gender"], emotions=EMOTIONS, params=FEW_DRAWS, seed=0
    )


def rows_of(table: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def check_same_but_for_draws(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Shuffles are joint over all that is measured, so other draws are made beside other things."""
    first, second = (table.reset_index(drop=True) for table in (first, second))
    same = ["metric", "raw_value", "equal_treatment", "n_people", "n_faces", "left_out"]
    pd.testing.assert_frame_equal(first[same], second[same])
    assert_allclose(first["p_value"], second["p_value"], atol=0.1)
    assert_allclose(first["null_mean"], second["null_mean"], atol=0.02)


def test_tables_have_their_columns_and_rows() -> None:
    found = evaluated(fabricated(), "gender", "gender x race")
    assert tuple(found.overall) == OVERALL_COLUMNS
    assert tuple(found.groups) == GROUP_COLUMNS
    assert tuple(found.gaps) == GAP_COLUMNS
    assert tuple(found.confusion) == ("emotion", "predicted_emotion", "n_people", "n_faces")
    recalls = [f"recall_{emotion}" for emotion in EMOTIONS]
    averages = ["macro_f1", "theil_index"]
    assert list(found.overall["metric"]) == ["accuracy", "balanced_accuracy", *averages, *recalls]
    assert list(found.groups["metric"]) == (2 + 4) * ["accuracy", *averages, *recalls]
    metrics = [metric.name for metric in class_gap_metrics(EMOTIONS)]
    gaps = ["any_difference", *GAP_METRICS, *metrics]
    pairs = ["recall_difference"]
    assert list(found.gaps["metric"]) == [*gaps, *pairs, *gaps, *6 * pairs]
    n_rows = len(gaps)
    assert found.gaps["n_groups"].tolist() == [2] * (n_rows + 1) + [4] * (n_rows + 6)


def test_values_are_those_of_scikit_learn() -> None:
    frame = fabricated()
    found = evaluated(frame)
    true, predicted = frame["emotion"], frame["predicted_emotion"]
    overall = found.overall.set_index("metric")["value"]
    assert_allclose(overall["accuracy"], accuracy_score(true, predicted))
    assert_allclose(overall["balanced_accuracy"], balanced_accuracy_score(true, predicted))
    assert_allclose(overall["macro_f1"], f1_score(true, predicted, average="macro"))
    matrix = confusion_matrix(true, predicted, labels=list(EMOTIONS))
    assert found.confusion["n_people"].tolist() == matrix.ravel().tolist()
    women = frame[frame["gender"] == "female"]
    row = rows_of(found.groups, group="female", metric="accuracy").iloc[0]
    assert_allclose(row["value"], accuracy_score(women["emotion"], women["predicted_emotion"]))
    recall = rows_of(found.groups, group="female", metric="recall_fear").iloc[0]
    assert recall["n_people"] == (women["emotion"] == "fear").sum()


def test_every_score_lies_in_its_interval() -> None:
    frame = with_probabilities(fabricated(150))
    attributes = ("gender", "race", "gender x race")
    found = evaluated(frame, *attributes, confidence=confidence_of(frame))
    for table in (found.overall, found.groups):
        assert (table["ci_low"] <= table["value"] + 1e-12).all()
        assert (table["ci_high"] >= table["value"] - 1e-12).all()
    gaps = found.gaps[found.gaps["value"].notna()]
    assert (gaps["ci_low"] <= gaps["value"]).all()
    assert (gaps["value"] <= gaps["ci_high"]).all()


def test_calibration_is_measured_where_there_are_probabilities() -> None:
    frame = with_probabilities(fabricated())
    found = evaluated(frame, "gender", "race", confidence=confidence_of(frame))
    overall = rows_of(found.overall, metric="calibration_error").iloc[0]
    confidence = frame[list(PROBABILITIES)].max(axis=1)
    right = frame["emotion"] == frame["predicted_emotion"]
    bins = pd.qcut(confidence, 10, labels=False)
    expected = (right - confidence).groupby(bins).mean().abs().mean()
    assert_allclose(overall["value"], expected, atol=1e-12)
    assert overall["n_people"] == len(frame)
    assert len(rows_of(found.groups, metric="calibration_error")) == 4
    gap = rows_of(found.gaps, metric="calibration_error_gap").set_index("attribute")
    by_group = rows_of(found.groups, metric="calibration_error", attribute="race")["value"]
    assert_allclose(gap["raw_value"]["race"], by_group.max() - by_group.min())
    assert set(gap["family"]) == {"summary"}


def test_overconfidence_in_one_group_is_found_though_all_are_recognised_alike() -> None:
    frame = with_probabilities(fabricated(2000))
    women = frame["gender"] == "female"
    right = (frame["emotion"] == frame["predicted_emotion"]).to_numpy()
    shares = frame[list(PROBABILITIES)].to_numpy()
    surer = np.where(women.to_numpy()[:, np.newaxis], shares**4, shares)
    frame[list(PROBABILITIES)] = surer / surer.sum(axis=1, keepdims=True)
    gaps = evaluated(frame, confidence=confidence_of(frame)).gaps.set_index("metric")
    assert gaps.loc["calibration_error_gap", "verdict"] == "difference found"
    assert gaps.loc["accuracy_gap", "verdict"] != "difference found"
    assert abs(right[women].mean() - right[~women].mean()) < 0.05


def test_probabilities_change_nothing_else() -> None:
    frame = with_probabilities(fabricated(300))
    plain, with_them = evaluated(frame), evaluated(frame, confidence=confidence_of(frame))
    for name in ("overall", "groups"):
        table = getattr(with_them, name)
        rest = table[table["metric"] != "calibration_error"].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(plain, name), rest)
    rest = with_them.gaps[with_them.gaps["metric"] != "calibration_error_gap"]
    check_same_but_for_draws(plain.gaps, rest)


def test_small_groups_are_listed_and_left_out_of_gaps() -> None:
    frame = fabricated()
    frame.loc[:4, "race"] = "indian"
    found = evaluated(frame, "race")
    assert "indian" in set(found.groups["group"])
    assert set(found.gaps["left_out"]) == {"indian"}
    assert set(found.gaps["n_people"]) == {len(frame) - 5}
    assert set(found.gaps["smallest_group"]) <= {"black", "white"}


def test_missing_groups_are_counted() -> None:
    frame = fabricated()
    frame["gender"] = frame["gender"].where(frame.index >= 7, None)
    found = evaluated(frame)
    assert set(found.gaps["n_missing"]) == {7}
    assert found.overall.loc[0, "n_people"] == len(frame)
    nobody = frame.assign(gender=None)
    gaps = evaluated(nobody).gaps
    assert set(gaps["verdict"]) == {"too few people to say"}


def test_an_emotion_that_nobody_shows_is_not_measured() -> None:
    found = evaluated(fabricated(), emotions=(*EMOTIONS, "disgust"))
    row = rows_of(found.overall, metric="recall_disgust").iloc[0]
    assert np.isnan(row["value"])
    assert np.isnan(row["ci_low"])
    assert row["n_people"] == 0
    undefined = found.gaps[found.gaps["raw_value"].isna()].query("family != 'question'")
    assert set(undefined["verdict"]) == {"too few people to say"}
    assert undefined["metric"].str.endswith("disgust").all()


def test_an_attribute_is_measured_alike_whatever_else_is_asked() -> None:
    frame = fabricated()
    params = FEW_DRAWS.model_copy(update={"n_permutations": 4000})  # enough for both attributes
    alone, among = (
        rows_of(evaluated(frame, *names, params=params, seed=3).gaps, attribute="race")
        for names in (["race"], ["gender", "race"])
    )
    check_same_but_for_draws(alone, among)


def test_an_unknown_emotion_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="true class 'fear', expected one of neutral"):
        evaluated(fabricated(), emotions=EMOTIONS[:2])


def test_comparison_pairs_people_whatever_their_order() -> None:
    first, second = fabricated(harmed="female"), fabricated(harmed="female")
    better = second["gender"] == "female"
    second.loc[better, "predicted_emotion"] = second.loc[better, "emotion"]
    found = compared(first, second.sample(frac=1, random_state=0))
    assert tuple(found) == COMPARISON_COLUMNS
    overall = found[found["attribute"].isna()]
    assert list(overall["metric"]) == [metric.name for metric in OVERALL_METRICS]
    assert overall["difference"].iloc[0] == pytest.approx(
        (second["emotion"] == second["predicted_emotion"]).mean()
        - (first["emotion"] == first["predicted_emotion"]).mean()
    )
    assert overall["ci_low"].iloc[0] > 0
    assert len(found) == len(OVERALL_METRICS) + len(GAP_METRICS)
    assert not found["level_down"].any()


def test_a_gap_closed_by_harm_is_marked() -> None:
    first = fabricated(harmed="female")
    second = first.copy()
    spoiled = second.index[(second["gender"] == "male") & (second.index % 5 == 0)]
    second.loc[spoiled, "predicted_emotion"] = "fear"
    found = compared(first, second)
    gap = rows_of(found, metric="accuracy_gap").iloc[0]
    assert gap["difference"] < 0
    assert bool(gap["level_down"])


def test_comparison_of_groups_too_small_is_not_determined() -> None:
    frame = fabricated(40).assign(gender="female")
    found = compared(frame, frame)
    gaps = found[found["attribute"] == "gender"]
    assert gaps[["difference", "ci_low", "ci_high"]].isna().all(axis=None)
    assert not gaps["level_down"].any()


def test_comparison_needs_the_same_people_and_labels() -> None:
    frame = fabricated(40)
    with pytest.raises(
        InvalidInputError,
        match=r"first model and not in.* second model \(1 people",
    ):
        compared(frame, frame.iloc[1:])
    relabelled = frame.assign(emotion="fear", predicted_emotion="fear")
    with pytest.raises(InvalidInputError, match="first model and 'fear' in that of the second"):
        compared(frame, relabelled)


@pytest.mark.parametrize(
    "attributes",
    [["height"], ["gender x gender"], ["gender", "gender"], ["gender x height"], []],
)
def test_parameters_refuse_attributes_that_do_not_exist(attributes: list[str]) -> None:
    with pytest.raises(ValueError, match="attributes"):
        EvaluationParameters(attributes=tuple(attributes))
