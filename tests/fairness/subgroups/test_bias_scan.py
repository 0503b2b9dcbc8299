import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import EVERYBODY
from fer_fairness.fairness.subgroups.bias_scan import SCAN_COLUMNS, bias_scan
from fer_fairness.fairness.subgroups.subset_scan import ErrorCells, Subgroups, best_subgroups
from fer_fairness.fairness.verdicts import Verdict

EMOTIONS = np.array(["anger", "fear", "happiness", "neutral"])
RECALL = np.array([0.7, 0.5, 0.95, 0.85])


def fabricated(n: int, *, seed: int = 0, planted: float = 0.0) -> pd.DataFrame:
    """People of whom women called black are given another emotion `planted` more often."""
    generator = np.random.default_rng(seed)
    emotion = generator.choice(4, n, p=[0.2, 0.1, 0.4, 0.3])
    gender = generator.choice(["female", "male"], n)
    race = generator.choice(["asian", "black", "indian", "white"], n, p=[0.1, 0.2, 0.1, 0.6])
    hit = (gender == "female") & (race == "black")
    right = generator.random(n) < RECALL[emotion] - planted * hit
    return pd.DataFrame(
        {
            "sample_id": [f"face {number}" for number in range(n)],
            "emotion": EMOTIONS[emotion],
            "predicted_emotion": np.where(right, EMOTIONS[emotion], EMOTIONS[(emotion + 1) % 4]),
            "gender": gender,
            "race": race,
        }
    )


def test_of_very_many_values_those_of_few_people_are_not_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = fabricated(600, planted=0.4)
    frame["city"] = [f"city {number % 100}" for number in range(600)]
    few = scan(frame, "gender", "race", "city", minimum_group_size=7)
    monkeypatch.setattr(sys.modules[bias_scan.__module__], "MANY_VALUES", 50)
    many = scan(frame, "gender", "race", "city", minimum_group_size=7)
    without = scan(frame, "gender", "race", minimum_group_size=7)
    assert "city" in few["subgroup"]
    assert many.to_dict() == without.to_dict()


def scan(frame: pd.DataFrame, *attributes: str, **options: float) -> pd.Series:
    chosen: dict[str, Any] = {"n_permutations": 99, "seed": 0, **options}
    found = bias_scan(frame, attributes=attributes or ("gender", "race"), **chosen)
    assert tuple(found) == SCAN_COLUMNS
    assert len(found) == 1
    return found.iloc[0]


def test_a_planted_subgroup_is_found() -> None:
    frame = fabricated(3_000, planted=0.2)
    found = scan(frame, n_permutations=999)
    assert found["subgroup"] == "gender: female; race: black"
    assert found["p_value"] <= 0.01
    assert found["verdict"] == Verdict.FOUND
    inside = frame[(frame["gender"] == "female") & (frame["race"] == "black")]
    wrong = frame["emotion"] != frame["predicted_emotion"]
    expected = wrong.groupby(frame["emotion"]).transform("mean")
    assert found["n_people"] == len(inside)
    assert found["observed_errors"] == wrong[inside.index].sum()
    assert found["expected_errors"] == pytest.approx(expected[inside.index].sum())


def test_where_nothing_is_planted_few_false_alarms_are_raised() -> None:
    p_values = np.array(
        [
            scan(fabricated(400, seed=seed), seed=seed, n_permutations=59)["p_value"]
            for seed in range(60)
        ]
    )
    # Of 60 audits 3 are expected; more than 9 happen once in 1,800 such simulations.
    assert np.count_nonzero(p_values <= 0.05) <= 9
    # 18, with a deviation of 3.5; p is 1 where no subgroup has a score above 0.
    assert 6 <= np.count_nonzero(p_values <= 0.3) <= 30


def test_what_an_emotion_makes_hard_is_no_finding() -> None:
    frame = fabricated(4_000)
    hard = frame["emotion"].isin(["fear", "anger"])
    frame["gender"] = np.where(hard, "female", frame["gender"])
    errors = (frame["emotion"] != frame["predicted_emotion"]).groupby(frame["gender"]).mean()
    assert errors["female"] > errors["male"] + 0.1
    assert scan(frame, "gender")["verdict"] == Verdict.NOT_FOUND


def test_people_without_a_value_are_in_no_subgroup_that_names_it() -> None:
    frame = fabricated(3_000, planted=0.3)
    nobody_knows = np.arange(len(frame)) % 3 == 0
    frame.loc[nobody_knows, "race"] = None
    found = scan(frame)
    assert found["subgroup"] == "gender: female; race: black"
    inside = (frame["gender"] == "female") & (frame["race"] == "black")
    assert found["n_people"] == inside.sum()
    in_name_only = scan(frame.assign(gender=None))
    assert in_name_only["subgroup"].startswith("race: ")


def test_one_attribute_is_enough() -> None:
    found = scan(fabricated(3_000, planted=0.3), "race")
    assert found["subgroup"] == "race: black"
    assert found["verdict"] == Verdict.FOUND


def test_an_intersection_counts_as_its_attributes() -> None:
    frame = fabricated(500, planted=0.2)
    pd.testing.assert_series_equal(scan(frame, "gender x race", "race"), scan(frame))


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("share_wrong", [0.0, 1.0])
def test_where_all_are_treated_alike_everybody_is_named(share_wrong: float, penalty: float) -> None:
    frame = fabricated(300)
    frame["predicted_emotion"] = "disgust" if share_wrong else frame["emotion"]
    found = scan(frame, penalty=penalty)
    assert found["subgroup"] == EVERYBODY
    assert found["n_people"] == 300
    assert found["observed_errors"] == found["expected_errors"] == 300 * share_wrong
    assert (found["score"], found["p_value"], found["verdict"]) == (0.0, 1.0, Verdict.NOT_FOUND)


@pytest.mark.parametrize("case", ["one value", "no value", "few people", "nobody"])
def test_where_nothing_can_be_compared_there_is_no_p_value(case: str) -> None:
    frame = fabricated(30)
    if case in ("one value", "no value"):
        frame = frame.assign(gender="female" if case == "one value" else None, race=None)
    found = scan(frame.head({"few people": 9, "nobody": 0}.get(case, 30)))
    assert np.isnan(found["p_value"])
    assert found["verdict"] == Verdict.TOO_FEW
    assert found["subgroup"] == EVERYBODY


def test_five_hundred_groups_are_searched() -> None:
    frame = fabricated(5_000)
    generator = np.random.default_rng(0)
    frame["country"] = [f"country {code:03d}" for code in generator.integers(0, 500, len(frame))]
    hit = (frame["country"] < "country 020") & (frame["gender"] == "female")
    frame.loc[hit, "predicted_emotion"] = "disgust"
    found = scan(frame, "gender", "country", n_permutations=19)
    assert found["subgroup"].startswith("gender: female; country: country 000 or country 001")
    assert found["p_value"] == pytest.approx(1 / 20)


def test_small_subgroups_are_passed_over() -> None:
    frame = fabricated(1_000)
    frame.loc[:8, "race"] = "pacific"
    frame.loc[:8, "predicted_emotion"] = "disgust"
    assert "pacific" in scan(frame, minimum_group_size=9)["subgroup"]
    assert scan(frame, minimum_group_size=300)["n_people"] >= 300


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[ErrorCells, np.ndarray]]:
    """What each scan hands to the search: the people, and errors observed and shuffled."""
    calls = []

    def spy(cells: ErrorCells, errors: np.ndarray, **options: Any) -> Subgroups:
        calls.append((cells, errors))
        return best_subgroups(cells, errors, **options)

    # By name: the package's attribute `bias_scan` is the function.
    monkeypatch.setattr(
        sys.modules["fer_fairness.fairness.subgroups.bias_scan"], "best_subgroups", spy
    )
    return calls


def test_the_cost_does_not_grow_with_people(
    searched: list[tuple[ErrorCells, np.ndarray]],
) -> None:
    for n in (500, 50_000):
        scan(fabricated(n), n_permutations=9)
    shapes = [(cells.codes.shape, cells.people.shape, errors.shape) for cells, errors in searched]
    assert shapes == [((8, 2), (8, 4), (10, 8))] * 2


def test_errors_are_shuffled_within_true_emotions(
    searched: list[tuple[ErrorCells, np.ndarray]],
) -> None:
    frame = fabricated(2_000)
    frame["gender"] = np.where(frame["emotion"] == "fear", "female", "male")
    frame["predicted_emotion"] = frame["emotion"].where(frame["emotion"] != "fear", "anger")
    scan(frame, "gender")
    _, errors = searched.pop()
    n_fear = (frame["emotion"] == "fear").sum()
    np.testing.assert_array_equal(errors, [[n_fear, 0]] * 100)

    scan(fabricated(2_000), n_permutations=999)
    cells, errors = searched.pop()
    shuffled = errors[1:]
    assert (shuffled.sum(axis=1) == errors[0].sum()).all()
    rates, people = cells.expected, cells.people
    spread = (people * rates * (1 - rates) * (1 - people / people.sum(axis=0))).sum(axis=1) ** 0.5
    np.testing.assert_allclose(shuffled.mean(axis=0), people @ rates, atol=5 * spread.max() / 31)
    np.testing.assert_allclose(shuffled.std(axis=0), spread, rtol=0.15)


def test_the_seed_decides() -> None:
    frame = fabricated(400, seed=1)
    shuffled = frame.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(scan(frame, seed=3), scan(shuffled, seed=3))
    assert len({scan(frame, seed=seed)["p_value"] for seed in range(4)}) > 1


def test_the_limit_of_significance_is_the_callers() -> None:
    frame = fabricated(400, seed=5)
    p_value = scan(frame)["p_value"]
    assert scan(frame, significance=p_value)["verdict"] == Verdict.FOUND
    assert scan(frame, significance=p_value - 0.001)["verdict"] == Verdict.NOT_FOUND


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"attributes": ["age"]}, "needs the column 'age', which the table lacks"),
        ({}, {"attributes": []}, "at least one attribute, found none"),
        ({}, {"n_permutations": 0}, "n_permutations 0 and penalty 1.0, expected at least 1"),
        ({}, {"penalty": -1.0}, "penalty -1.0, expected at least 1 and at least 0"),
        ({"sample_id": "same"}, {}, "'same' more than once"),
        ({"predicted_emotion": None}, {}, "Row 0 of the predictions has no emotion"),
    ],
)
def test_what_cannot_be_scanned_is_refused(
    change: dict[str, object], options: dict[str, object], message: str
) -> None:
    chosen = {"attributes": ["gender"], "n_permutations": 9, "seed": 0, **options}
    with pytest.raises(InvalidInputError, match=message):
        bias_scan(fabricated(50).assign(**change), **chosen)  # type: ignore[arg-type]
