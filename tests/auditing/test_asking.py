"""Audits asked for from Python: which columns, what is refused, whose values they are."""

from collections.abc import Callable, Hashable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.auditing.frames import CLASSES, DRAWS, PROBABILITIES, fabricated

from fer_fairness import audit
from fer_fairness.auditing.report import AUDIT_COLUMNS
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import evaluate, predicted_confidence
from fer_fairness.params.inference import InferenceParameters

NUMBERS = ["value", "ci_low", "ci_high", "uncorrected_ci_low", "raw_value", "p_value"]


def audited(frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    chosen = {"y_true": "label", "y_pred": "prediction", "attributes": ["gender"], **DRAWS}
    return audit(frame, **(chosen | options)).table


def refused(frame: pd.DataFrame, message: str, **options: object) -> None:
    with pytest.raises(InvalidInputError, match=message):
        audited(frame, **options)


@pytest.fixture(scope="module")
def table(frame: pd.DataFrame) -> pd.DataFrame:
    return audited(frame)


def shares_of(frame: pd.DataFrame, true: str, predicted: str) -> pd.Series:
    """By group: of those of a class the share given a class; NaN where nobody is of it."""
    of_class = frame[frame["label"] == true]
    hits = (of_class["prediction"] == predicted).groupby(of_class["race"]).mean()
    return hits.reindex(sorted(frame["race"].unique()))


def gap(values: pd.Series) -> float:
    return float(values.max() - values.min())


def expected_values(frame: pd.DataFrame) -> dict[str, float]:
    """Loops over classes and groups of a table of people, after reference/fairness.md."""
    recalls = {name: shares_of(frame, name, name) for name in CLASSES}
    column_sums = {
        name: sum(
            (shares_of(frame, true, name) for true in CLASSES),
            start=pd.Series(0.0, recalls[name].index),
        )
        for name in CLASSES
    }
    right = (frame["label"] == frame["prediction"]).groupby(frame["race"]).mean()
    means = pd.DataFrame(recalls).mean(axis=1)
    disparities = [
        sum(1 - recall / of_class.max() for recall in of_class) / (len(of_class) - 1)
        if of_class.max() > 0
        else 0.0
        for of_class in recalls.values()
    ]
    return {
        "equal_opportunity_gap": float(np.mean([gap(recalls[name]) for name in CLASSES])),
        "demographic_parity_gap": float(np.mean([gap(column_sums[name]) for name in CLASSES])),
        "equalized_odds_gap": float(
            np.mean([gap(shares_of(frame, *pair)) for pair in product(CLASSES, CLASSES)])
        ),
        "overall_disparity": float(np.mean(disparities)),
        "xu_fairness": float(means.min() / means.max()),
        "accuracy_gap": gap(right),
        "accuracy_ratio": float(right.min() / right.max()),
        "worst_group_accuracy": float(right.min()),
    }


@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_of_loops_over_the_people(seed: int) -> None:
    people = fabricated(90, seed=seed)
    found = audited(people, attributes="race").set_index("metric")["raw_value"]
    for name, value in expected_values(people).items():
        assert_allclose(found[name], value, atol=1e-12)


def test_columns_are_tidy_one_row_a_metric_and_attribute(frame: pd.DataFrame) -> None:
    found = audited(frame, attributes=["gender", "gender x race"])
    assert tuple(found) == AUDIT_COLUMNS
    assert not found.duplicated(["metric", "attribute", "group", "other_group"]).any()
    assert list(found["attribute"].unique()) == ["gender", "race", "gender x race"]
    assert list(found["n_groups"].unique()) == [2, 3, 6]
    assert isinstance(found.index, pd.RangeIndex)


def test_values_are_those_of_the_evaluation(sure: pd.DataFrame) -> None:
    frame = sure
    names = {"label": "emotion", "prediction": "predicted_emotion", "file": "sample_id"}
    confidence = predicted_confidence(
        frame, predicted=frame["prediction"], classes=CLASSES, columns=PROBABILITIES
    )
    gaps = evaluate(
        frame.rename(columns=names),
        attributes=["gender", "race"],
        emotions=CLASSES,
        params=InferenceParameters(**DRAWS),
        seed=4,
        confidence=confidence,
    ).gaps
    found = audited(
        frame, attributes=["gender", "race"], probabilities=PROBABILITIES, seed=4, sample_id="file"
    )
    pd.testing.assert_frame_equal(found, gaps[list(AUDIT_COLUMNS)])


def test_a_planted_difference_is_found(table: pd.DataFrame) -> None:
    row = table.set_index("metric").loc["accuracy_gap"]
    assert row["verdict"] == "difference found"
    assert row["ci_low"] < row["value"] < row["ci_high"]


def test_the_same_seed_gives_the_same_table(frame: pd.DataFrame, table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(audited(frame), table, check_exact=True)
    other = audited(frame, seed=1)
    pd.testing.assert_series_equal(other["raw_value"], table["raw_value"])
    assert not other["ci_high"].equals(table["ci_high"])


def test_an_attribute_may_be_given_alone(frame: pd.DataFrame, table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(audited(frame, attributes="gender"), table)


@pytest.mark.parametrize(
    "index",
    [
        lambda frame: frame.set_axis(range(1000, 1000 + len(frame))),
        lambda frame: frame.set_axis([0] * len(frame)),
        lambda frame: frame.set_axis([*range(len(frame))][::-1]),
        lambda frame: frame.set_index(["race", "file"], drop=False),
    ],
    ids=["from 1000", "all alike", "turned round", "of text"],
)
def test_the_index_does_not_matter(
    index: Callable[[pd.DataFrame], pd.DataFrame], sure: pd.DataFrame
) -> None:
    some = sure.assign(gender=sure["gender"].where(sure["file"] != "face_3.png", None))
    options = {"probabilities": PROBABILITIES, "sample_id": "file"}
    pd.testing.assert_frame_equal(audited(index(some), **options), audited(some, **options))


def test_the_order_of_the_people_does_not_matter(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(audited(frame.sample(frac=1, random_state=0)), audited(frame))


def test_the_callers_table_stays_as_it_is(sure: pd.DataFrame) -> None:
    frame = sure
    given = frame.set_axis(range(5, 5 + len(frame)))
    before = given.copy(deep=True)
    audited(given, probabilities=PROBABILITIES, attributes=["gender", "gender x race"])
    pd.testing.assert_frame_equal(given, before)


@pytest.mark.parametrize(
    ("true", "predicted"),
    [
        ("int64", "int64"),
        ("int64", "float64"),
        ("float32", "int8"),
        ("Int64", "float64"),
        ("str", "int64"),
        ("category", "Int64"),
    ],
)
def test_classes_may_be_numbers_in_any_storage(
    true: Any, predicted: Any, frame: pd.DataFrame, table: pd.DataFrame
) -> None:
    numbers = {name: place for place, name in enumerate(CLASSES)}
    numbered = frame.assign(
        label=frame["label"].map(numbers).astype(true),
        prediction=frame["prediction"].map(numbers).astype(predicted),
    )
    found = audited(numbered)
    assert_allclose(found[NUMBERS].astype(float), table[NUMBERS].astype(float))
    assert "recall_gap_0" in set(found["metric"])


@pytest.mark.parametrize("stored", ["int64", "float64", "Int64", "category", "bool", "string"])
def test_groups_may_be_numbers_in_any_storage(stored: Any, frame: pd.DataFrame) -> None:
    numbers = (frame["gender"] == "male").astype(int)
    found = audited(frame.assign(gender=numbers.astype(stored)))
    expected = audited(frame)
    assert_allclose(found["value"], expected["value"])
    assert set(found["smallest_group"]) <= {"0", "1", "False", "True"}


def test_a_number_without_end_is_a_group_like_any_other(frame: pd.DataFrame) -> None:
    found = audited(frame.assign(gender=np.where(frame["gender"] == "male", 1.0, np.inf)))
    assert set(found["n_groups"]) == {2}


def test_spaces_around_names_do_not_make_other_groups(
    frame: pd.DataFrame, table: pd.DataFrame
) -> None:
    spaced = frame.assign(gender=frame["gender"] + " ", prediction=" " + frame["prediction"])
    pd.testing.assert_frame_equal(audited(spaced), table)


@pytest.mark.parametrize("nobody", [None, np.nan, pd.NA])
def test_people_without_a_group_are_counted(nobody: Any, frame: pd.DataFrame) -> None:
    some = frame.assign(race=frame["race"].astype(object))
    some.loc[some.index % 10 == 0, "race"] = nobody
    found = audited(some, attributes=["race", "gender", "gender x race"])
    missing = found.groupby("attribute")["n_missing"].unique()
    assert {name: list(counts) for name, counts in missing.items()} == {
        "gender": [0],
        "gender x race": [60],
        "race": [60],
    }
    known = some[some["race"].notna()]
    alone = audited(known, attributes=["race"])
    assert_allclose(found[found["attribute"] == "race"]["raw_value"], alone["raw_value"])


def test_numbers_of_groups_with_gaps_between_are_whole_numbers(frame: pd.DataFrame) -> None:
    age = pd.Series(
        np.where(frame["race"] == "asian", np.nan, np.where(frame["race"] == "black", 2, 3))
    )
    found = audited(frame.assign(age=age), attributes="age")
    assert set(found["smallest_group"]) <= {"2", "3"}


def test_with_one_group_there_is_nothing_to_say(frame: pd.DataFrame) -> None:
    found = audited(frame.assign(gender="female"))
    assert set(found["verdict"]) == {"too few people to say"}
    assert found[NUMBERS].isna().all(axis=None)


@pytest.mark.parametrize("gender", [None, np.nan], ids=["no group", "no number"])
def test_with_no_group_at_all_nothing_is_compared(
    gender: float | None, frame: pd.DataFrame
) -> None:
    found = audit(frame.assign(gender=gender), attributes="gender", **DRAWS)
    assert found.table.empty
    assert "No gap between groups was computed" in repr(found)
    assert found.reading["n_without_group"] == {"gender": len(frame)}


def test_groups_that_are_too_small_are_named(frame: pd.DataFrame) -> None:
    some = frame.assign(gender=frame["gender"].where(frame.index >= 4, "other"))
    assert set(audited(some)["left_out"]) == {"other"}
    assert set(audited(some, minimum_group_size=4)["left_out"]) == {""}


def test_one_class_that_all_are_given_shows_no_difference(frame: pd.DataFrame) -> None:
    found = audited(frame.assign(label="fear", prediction="fear"))
    assert "difference found" not in set(found["verdict"])
    assert found.set_index("metric").loc["accuracy_gap", "value"] == 0.0


def test_a_model_that_always_says_the_same_is_measured(frame: pd.DataFrame) -> None:
    found = audited(frame.assign(prediction="fear")).set_index("metric")
    assert found.loc["equal_opportunity_gap", "raw_value"] == 0.0
    assert found.loc["equal_opportunity_gap", "value"] == pytest.approx(0.0, abs=1e-4)
    assert "difference found" not in set(found["verdict"])


def test_columns_may_have_names_of_their_own(frame: pd.DataFrame, table: pd.DataFrame) -> None:
    named = frame.rename(columns={"label": "predicted_emotion", "prediction": "emotion"})
    found = audited(named, y_true="predicted_emotion", y_pred="emotion")
    pd.testing.assert_frame_equal(found, table)


@pytest.mark.parametrize(
    "probabilities",
    [
        PROBABILITIES,
        PROBABILITIES[::-1],
        tuple(PROBABILITIES),
        dict(zip(CLASSES, PROBABILITIES, strict=True)),
    ],
    ids=["endings", "another order", "tuple", "mapping"],
)
def test_probabilities_are_named_by_ending_or_by_mapping(
    probabilities: Sequence[str], sure: pd.DataFrame, table: pd.DataFrame
) -> None:
    found = audited(sure, probabilities=probabilities)
    values = found.set_index("metric")["raw_value"]
    expected = audited(sure).set_index("metric")["raw_value"]
    assert_allclose(values, expected[values.index])
    assert set(found["metric"]) - set(table["metric"]) == {"calibration_error_gap"}


def test_probabilities_of_numbered_classes_are_named_by_a_mapping() -> None:
    people = fabricated(300)
    numbers = dict(zip(CLASSES, (1, 11, 21), strict=True))
    for column in ("label", "prediction"):
        people[column] = people[column].map(numbers)
    renamed = {old: f"p{numbers[name]}" for old, name in zip(PROBABILITIES, CLASSES, strict=True)}
    mapping = {str(number): f"p{number}" for number in (21, 1, 11)}
    found = audited(people.rename(columns=renamed), probabilities=mapping)
    gaps = [
        rows.set_index("metric")["raw_value"]["calibration_error_gap"]
        for rows in (found, audited(fabricated(300)))
    ]
    assert_allclose(*gaps)


def test_probabilities_of_classes_that_nobody_shows_are_left_out_with_a_note(
    sure: pd.DataFrame,
) -> None:
    more = dict(zip(CLASSES, PROBABILITIES, strict=True)) | {"contempt": "none"}
    found = audit(sure.assign(none=0.0), attributes="gender", probabilities=more, **DRAWS)
    assert any("'contempt' occurs neither as a true nor" in note for note in found.reading["notes"])
    assert np.isfinite(found.table.set_index("metric")["value"]["calibration_error_gap"])


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"anger": "nowhere"}, "there is no column 'nowhere'"),
        ({"anger": "probability_fear"}, "is a column 'probability_anger' already"),
        ({"anger": "probability_anger", "fear": "probability_fear"}, "'happiness' occurs but has"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(
    mapping: dict[str, str], message: str, sure: pd.DataFrame
) -> None:
    refused(sure, message, probabilities=mapping)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"probability_fear": np.nan},
            r"'probability_fear' holds .* in row 1 .*600 of 1,800 values",
        ),
        (
            {"probability_fear": 0.9},
            r"sum to 1\.\d+ in row 1 \(the first row is row 1\), expected 1",
        ),
    ],
)
def test_probabilities_that_are_none_are_refused(
    change: dict[str, float], message: str, sure: pd.DataFrame
) -> None:
    refused(sure.assign(**change), message, probabilities=PROBABILITIES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_true": "truth"}, "y_true names 'truth', which is no column. The columns are 'file', "),
        ({"y_pred": "guess"}, "y_pred names 'guess'"),
        ({"sample_id": "id"}, "sample_id names 'id'"),
        ({"attributes": "age"}, "attributes names 'age'"),
        ({"attributes": ["gender", "gender x age"]}, "attributes names 'age'"),
        ({"attributes": []}, "attributes.*at least 1"),
        ({"probabilities": ["p_anger", "p_fear"]}, "probabilities names 'p_anger'"),
        ({"n_bootstrap": 10}, "n_bootstrap is 10: .*greater than or equal to 100"),
        ({"attributes": "gender", "person": "gender"}, "gives two|names 'gender' twice|meaning"),
    ],
)
def test_what_is_no_column_or_no_setting_is_refused_in_the_words_of_the_caller(
    options: dict[str, object], message: str, frame: pd.DataFrame
) -> None:
    with pytest.raises(InvalidInputError, match=message) as refused_as:
        audited(frame, **options)
    assert "audit." not in str(refused_as.value)


def test_an_option_that_there_is_not_is_refused_with_the_one_meant(frame: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match=r"'attribute'.*Did you mean attributes\\?"):
        audit(frame, attribute="gender")  # type: ignore[call-arg]


@pytest.mark.parametrize("column", ["label", "prediction"])
def test_missing_labels_are_refused_by_their_rows(column: str, frame: pd.DataFrame) -> None:
    some = frame.set_axis(range(50, 50 + len(frame)))
    some.loc[[52, 60], column] = None
    refused(some, rf"'{column}'.*rows 3 and 11")


@pytest.mark.parametrize(
    "renamed",
    [dict(zip(CLASSES, range(3), strict=True)), {name: f"un{name}" for name in CLASSES}],
    ids=["numbers", "words"],
)
def test_predictions_in_other_names_than_the_labels_are_refused(
    renamed: dict[str, Hashable], frame: pd.DataFrame
) -> None:
    other = frame.assign(prediction=frame["prediction"].map(renamed))
    refused(other, "prediction")


def test_people_listed_twice_are_refused(frame: pd.DataFrame) -> None:
    twice = pd.concat([frame, frame.iloc[:2]])
    message = r"'face_0\.png' stands in column 'file' in rows 1 and 601.*person='file'"
    refused(twice, message, sample_id="file")
    found = audited(twice, sample_id="none")
    assert set(found["n_people"]) == {len(frame) + 2}, "without ids every row is somebody"


def test_two_spellings_of_a_class_are_refused() -> None:
    frame = pd.DataFrame({"t": ["happy", "Happy"] * 20, "p": ["happy"] * 40, "g": ["x", "y"] * 20})
    with pytest.raises(InvalidInputError, match=r"'Happy'.*'happy'|'happy'.*'Happy'"):
        audit(frame, y_true="t", y_pred="p", attributes="g")


def test_an_intersection_may_be_written_as_in_the_report() -> None:
    frame = pd.DataFrame(
        {"t": ["a", "b"] * 40, "p": ["a"] * 80, "g": ["x", "y"] * 40, "h": ["u"] * 40 + ["v"] * 40}
    )
    written = "g \N{MULTIPLICATION SIGN} h"
    table = audit(frame, y_true="t", y_pred="p", attributes=[written], **DRAWS).table
    assert set(table["attribute"]) == {"g", "h", "g x h"}, "it brings what it is made of"


def test_equal_treatment_is_said_beside_the_value() -> None:
    generator = np.random.default_rng(0)
    labels, groups = (generator.choice(names, 600) for names in (["a", "b"], ["x", "y"]))
    frame = pd.DataFrame({"t": labels, "g": groups})
    frame["p"] = np.where(generator.random(600) < 0.8, frame["t"], "a")
    found = audit(frame, y_true="t", y_pred="p", attributes="g", **DRAWS)
    table = found.table.set_index("metric")
    assert table["equal_treatment"]["equal_opportunity_gap"] == pytest.approx(0.0)
    assert table["equal_treatment"]["xu_fairness"] == pytest.approx(1.0)
    assert 0.0 < table["minimum_detectable"]["accuracy_ratio"] < 0.3
    assert (table["n_permutations"][table["p_value"].notna()] >= 100).all()


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"sample_id": "x"}, {"attributes": "sample_id"}, "called 'sample_id'"),
        ({"p": " "}, {"attributes": "g"}, "'p'"),
        ({}, {"attributes": "g", "probabilities": "h"}, "one number for each class"),
    ],
)
def test_what_would_be_misread_is_refused(
    changes: dict[str, str], arguments: dict[str, Any], message: str
) -> None:
    frame = pd.DataFrame({"t": ["a", "b"] * 20, "p": ["a"] * 40, "g": ["x", "y"] * 20, "h": "u"})
    with pytest.raises(InvalidInputError, match=message):
        audit(frame.assign(**changes), y_true="t", y_pred="p", **arguments)


def test_blank_groups_are_missing() -> None:
    frame = pd.DataFrame({"t": ["a", "b"] * 30, "p": ["a"] * 60, "g": ["x", "y", " "] * 20})
    table = audit(frame, y_true="t", y_pred="p", attributes="g", **DRAWS).table
    assert set(table["n_missing"]) == {20}


FEW: Any = {"y_true": "t", "y_pred": "p", "n_bootstrap": 100, "n_permutations": 100}


def test_groups_whose_names_hold_the_separator_are_not_merged() -> None:
    rng = np.random.default_rng(5)
    right = np.repeat([0.95, 0.35], 100)
    frame = pd.DataFrame({"t": rng.choice(["u", "v"], 200)})
    other = frame["t"].map({"u": "v", "v": "u"})
    frame["p"] = np.where(rng.random(200) < right, frame["t"], other)
    frame["gender"] = np.repeat(["a", "a x b"], 100)
    frame["race"] = np.repeat(["b x c", "c"], 100)
    table = audit(
        frame,
        y_true="t",
        y_pred="p",
        attributes="gender x race",
        n_bootstrap=100,
        n_permutations=100,
    ).table
    gaps = table[table["metric"] == "accuracy_gap"].set_index("attribute")
    gap = gaps.loc["gender x race"]
    assert gap["n_groups"] == 2
    assert gap["smallest_group"] in ('a x "b x c"', '"a x b" x c')
    assert gap["raw_value"] > 0.4


@pytest.mark.parametrize(
    ("values", "told"),
    [(["a", "a ", "b", "b"], "a"), ([1.0, "1", "2", "2"], "1"), ([True, "True", "f", "f"], "True")],
)
def test_values_that_become_one_group_are_told(values: list[object], told: str) -> None:
    frame = pd.DataFrame({"t": ["u", "v"] * 20, "p": ["u", "v"] * 20})
    frame["g"] = pd.Series(values * 10, dtype=object)
    found = audit(frame, attributes="g", **FEW)
    assert set(found.table["n_groups"]) == {2}
    if told != "True":
        assert any(f"are read as one group, '{told}'" in note for note in found.reading["notes"])
