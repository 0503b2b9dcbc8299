"""Intervals of scores of few faces, and of very many groups."""

import numpy as np
import pandas as pd
import pytest

from fer_fairness.fairness import group_scores
from fer_fairness.fairness.counts import GroupCounts, group_counts
from fer_fairness.fairness.group_scores import group_table, overall_table
from fer_fairness.fairness.metrics.calibration import calibration_counts
from fer_fairness.fairness.metrics.group_metrics import balanced_accuracy, macro_f1, theil_index
from fer_fairness.fairness.people.counted_people import CountedPeople
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


SHARES = np.array([0.45, 0.2, 0.15, 0.1, 0.05, 0.05])
RECALLS = np.array([0.9, 0.8, 0.75, 0.6, 0.7, 0.5])
EMOTIONS = tuple("abcdef")


def overall(counts: np.ndarray) -> pd.DataFrame:
    table = GroupCounts(counts[np.newaxis], ("all",), EMOTIONS, 0)
    return overall_table(table, PARAMS, seed=0).set_index("metric")


def test_averages_cover_what_unseen_faces_come_to() -> None:
    mistakes = (1 - np.eye(6)) / 5
    cells = SHARES[:, None] * (np.diag(RECALLS) + (1 - RECALLS)[:, None] * mistakes)
    metrics = {"balanced_accuracy": balanced_accuracy, "macro_f1": macro_f1}
    metrics["theil_index"] = theil_index
    truth = pd.Series({name: float(f(cells[np.newaxis])[0]) for name, f in metrics.items()})
    generator = np.random.default_rng(7)
    for n in (20, 60):
        held = []
        for _ in range(120):
            found = overall(generator.multinomial(n, cells.ravel()).reshape(6, 6)).loc[truth.index]
            held.append(found["ci_low"].le(truth) & found["ci_high"].ge(truth))
        # Faces resampled within their emotion: .51 to .84 with 20 faces, .75 to .87 with 60.
        assert pd.concat(held, axis=1).mean(axis=1).min() >= 0.88


def test_all_of_a_few_faces_right_is_not_certainty() -> None:
    found = overall(np.diag([12, 5, 3, 1, 1, 1]))
    low = found["ci_low"].to_dict()
    assert low["balanced_accuracy"] == pytest.approx(low["accuracy"])
    assert 0.6 < low["macro_f1"] < low["accuracy"] < 0.9
    assert found["ci_high"].to_dict()["theil_index"] > 0.01


def test_one_face_has_averages_and_no_intervals_of_them() -> None:
    found = overall(np.diag([1, 0, 0, 0, 0, 0]))
    assert found.loc["accuracy", "ci_high"] == 1.0
    averages = found.loc[["balanced_accuracy", "macro_f1", "theil_index"]]
    assert averages["value"].notna().all()
    assert averages[["ci_low", "ci_high"]].isna().all(axis=None)


def calibration_interval(
    generator: np.random.Generator, person: np.ndarray, overconfidence: float
) -> tuple[float, float]:
    """Of faces whose people are recognised alike: more, or less, often than the model is sure."""
    sure = generator.uniform(0.5, 0.9, len(person))
    of_person = generator.choice([-0.1, 0.1], person.max() + 1)
    right = generator.random(len(person)) < sure - overconfidence + of_person[person]
    frame = pd.DataFrame({"emotion": "a", "predicted_emotion": np.where(right, "a", "b")})
    answers = frame["emotion"], frame["predicted_emotion"]
    together = pd.Series(["all"] * len(frame))
    counted = calibration_counts(*answers, sure, together, classes=("a", "b"))
    everybody = group_counts(*answers, together, classes=("a", "b"))
    several = None
    if len(np.unique(person)) < len(person):
        whole = CountedPeople(frame, pd.Series(person), ("a", "b"), sure)
        several = whole.of(together, everybody)
    table = overall_table(everybody, PARAMS, seed=0, calibration=counted, people=several)
    row = table[table["metric"] == "calibration_error"]
    return row["ci_low"].item(), row["ci_high"].item()


@pytest.mark.parametrize(("n_people", "n_faces"), [(20, 1), (400, 1), (30, 20)])
@pytest.mark.parametrize("overconfidence", [0.0, 0.05])
def test_calibration_errors_are_held(n_people: int, n_faces: int, overconfidence: float) -> None:
    generator = np.random.default_rng([n_people, n_faces])
    person = np.repeat(np.arange(n_people), n_faces)
    found = np.array([calibration_interval(generator, person, overconfidence) for _ in range(100)])
    held = (found[:, 0] <= overconfidence) & (overconfidence <= found[:, 1])
    # Of a calibrated model reflected intervals leave out 0 in half of the samples and more.
    assert held.mean() >= 0.9
