from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import audit, evaluate, gap_rows, predicted_confidence
from fer_fairness.fairness.audit import AUDIT_COLUMNS
from fer_fairness.fairness.given_columns import SimilarLabelsWarning
from fer_fairness.fairness.group_names import MergedGroupsWarning
from fer_fairness.fairness.testing.detectability import Detectable
from fer_fairness.fairness.testing.gap_tests import AttributeTests
from fer_fairness.params.inference import InferenceParameters

CLASSES = ("anger", "fear", "happiness")
DRAWS: dict[str, Any] = {"n_bootstrap": 100, "n_permutations": 100}
PROBABILITIES = [f"probability_{name}" for name in CLASSES]
NUMBERS = ["value", "ci_low", "ci_high", "uncorrected_ci_low", "raw_value", "p_value"]


def fabricated(n: int = 600, *, lost: float = 0.3, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    true = generator.choice(CLASSES, n, p=[0.3, 0.2, 0.5])
    gender = generator.choice(["female", "male"], n)
    right = generator.random(n) < 0.85 - lost * (gender == "female")
    predicted = np.where(right, true, generator.choice(CLASSES, n))
    sure = generator.uniform(0.6, 0.95, n)
    frame = pd.DataFrame(
        {
            "file": [f"face_{row}.png" for row in range(n)],
            "label": true,
            "prediction": predicted,
            "gender": gender,
            "race": generator.choice(["asian", "black", "white"], n),
        }
    )
    for column, name in zip(PROBABILITIES, CLASSES, strict=True):
        frame[column] = np.where(predicted == name, sure, (1 - sure) / 2)
    return frame


def audited(frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    chosen = {"y_true": "label", "y_pred": "prediction", "attributes": ["gender"], **DRAWS}
    return audit(frame, **(chosen | options))


def refused(frame: pd.DataFrame, message: str, **options: object) -> None:
    with pytest.raises(InvalidInputError, match=message):
        audited(frame, **options)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Leave the simulation of power out: `detectability` has its own tests, in a tenth the time."""

    def any_number(tests: AttributeTests, *_: object, **__: object) -> Detectable:
        return Detectable(0.1, np.full(tests.metrics.shape[1], 0.1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gap_rows, "detectable", any_number)
        yield


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return fabricated()


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
    assert list(found["attribute"].unique()) == ["gender", "gender x race"]
    assert list(found["n_groups"].unique()) == [2, 6]
    assert isinstance(found.index, pd.RangeIndex)


def test_values_are_those_of_the_evaluation(frame: pd.DataFrame) -> None:
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
    index: Callable[[pd.DataFrame], pd.DataFrame], frame: pd.DataFrame
) -> None:
    some = frame.assign(gender=frame["gender"].where(frame["file"] != "face_3.png", None))
    options = {"probabilities": PROBABILITIES, "sample_id": "file"}
    pd.testing.assert_frame_equal(audited(index(some), **options), audited(some, **options))


def test_the_order_of_the_people_does_not_matter(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(audited(frame.sample(frac=1, random_state=0)), audited(frame))


def test_the_callers_table_stays_as_it_is(frame: pd.DataFrame) -> None:
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


@pytest.mark.parametrize(
    "gender", ["female", None, np.nan], ids=["one group", "no group", "no number"]
)
def test_with_one_group_or_none_there_is_nothing_to_say(
    gender: str | float | None, frame: pd.DataFrame
) -> None:
    found = audited(frame.assign(gender=gender))
    assert set(found["verdict"]) == {"too few people to say"}
    assert found[NUMBERS].isna().all(axis=None)
    assert set(found["n_missing"]) == {0 if gender == "female" else len(frame)}


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
    probabilities: Sequence[str], frame: pd.DataFrame, table: pd.DataFrame
) -> None:
    found = audited(frame, probabilities=probabilities)
    expected = audited(frame, probabilities=PROBABILITIES)
    values = found.set_index("metric")["raw_value"]
    assert_allclose(values, expected.set_index("metric")["raw_value"][values.index])
    assert set(found["metric"]) - set(table["metric"]) == {"calibration_error_gap"}


def test_probabilities_of_numbered_classes_are_told_apart() -> None:
    people = fabricated(300)
    numbers = dict(zip(CLASSES, (1, 11, 21), strict=True))
    for column in ("label", "prediction"):
        people[column] = people[column].map(numbers)
    renamed = {old: f"p{numbers[name]}" for old, name in zip(PROBABILITIES, CLASSES, strict=True)}
    found = audited(people.rename(columns=renamed), probabilities=["p21", "p1", "p11"])
    expected = audited(fabricated(300), probabilities=PROBABILITIES)
    gaps = [
        rows.set_index("metric")["raw_value"]["calibration_error_gap"] for rows in (found, expected)
    ]
    assert_allclose(*gaps)


def test_probabilities_may_be_given_for_classes_that_nobody_shows(frame: pd.DataFrame) -> None:
    more = dict(zip(CLASSES, PROBABILITIES, strict=True)) | {"contempt": "none"}
    found = audited(frame.assign(none=0.0), probabilities=more).set_index("metric")
    assert found.loc["recall_gap_contempt", "verdict"] == "too few people to say"
    assert np.isfinite(found["value"]["calibration_error_gap"])


def test_a_column_that_could_be_of_two_classes_is_refused(frame: pd.DataFrame) -> None:
    more = frame.assign(probability_unhappiness=0.0)
    refused(
        more,
        "'probability_happiness' and 'probability_unhappiness' both end in the class 'happin",
        probabilities=[*PROBABILITIES, "probability_unhappiness"],
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability_fear": np.nan}, r"Row 0 has nan .* \(600 rows"),
        ({"probability_fear": 0.9}, r"The probabilities of row \d+ sum to 1\.\d+, expected 1"),
    ],
)
def test_probabilities_that_are_none_are_refused(
    change: dict[str, float], message: str, frame: pd.DataFrame
) -> None:
    refused(frame.assign(**change), message, probabilities=PROBABILITIES)


def test_per_cent_are_refused(frame: pd.DataFrame) -> None:
    in_per_cent = frame.assign(**(100 * frame[PROBABILITIES]))
    refused(in_per_cent, "Give shares, not per cent", probabilities=PROBABILITIES)


def test_one_missing_probability_is_refused_by_its_row(frame: pd.DataFrame) -> None:
    some = frame.copy()
    some.loc[7, "probability_fear"] = np.nan
    refused(some, r"Row 7 has nan .* \(1 rows", probabilities=PROBABILITIES)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (PROBABILITIES[:2], "no column of probabilities for the class 'happiness'"),
        ({"anger": "probability_anger"}, "no column of probabilities for the class 'fear'"),
        ([*PROBABILITIES[:2], "p_happiness"], "has no column 'p_happiness'"),
        ([], "no column of probabilities for the class 'anger'"),
    ],
    ids=["class lacking", "class lacking in the mapping", "column missing", "none"],
)
def test_probabilities_must_cover_every_class(
    probabilities: Sequence[str], message: str, frame: pd.DataFrame
) -> None:
    refused(frame, message, probabilities=probabilities)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_true": "truth"}, "no column 'truth'; it has file, label"),
        ({"y_pred": "guess"}, "no column 'guess'"),
        ({"sample_id": "id"}, "no column 'id'"),
        ({"attributes": "age"}, "no column 'age'"),
        ({"attributes": ["gender", "gender x age"]}, "no column 'age'"),
        ({"attributes": []}, "No attribute is named"),
    ],
)
def test_columns_that_are_missing_are_refused(
    options: dict[str, object], message: str, frame: pd.DataFrame
) -> None:
    refused(frame, message, **options)


def test_a_table_without_rows_is_refused(frame: pd.DataFrame) -> None:
    refused(frame.iloc[:0], "The table has no rows")


@pytest.mark.parametrize("column", ["label", "prediction"])
def test_missing_labels_are_refused_by_their_row(column: str, frame: pd.DataFrame) -> None:
    some = frame.set_axis(range(50, 50 + len(frame)))
    some.loc[[52, 60], column] = None
    refused(some, rf"Row 2 has no label in the column '{column}' \(2 rows")


@pytest.mark.parametrize(
    "renamed",
    [dict(zip(CLASSES, range(3), strict=True)), {name: f"un{name}" for name in CLASSES}],
    ids=["numbers", "words"],
)
def test_predictions_in_other_names_than_the_labels_are_refused(
    renamed: dict[str, Hashable], frame: pd.DataFrame
) -> None:
    other = frame.assign(prediction=frame["prediction"].map(renamed))
    refused(other, "No class is both true and predicted: 'label' has anger, fear, happiness, 'pr")


def test_people_listed_twice_are_refused(frame: pd.DataFrame) -> None:
    twice = pd.concat([frame, frame.iloc[:2]])
    message = r"'file' lists 'face_0\.png' more than once \(2 rows.*person='file' in place of"
    refused(twice, message, sample_id="file")
    assert set(audited(twice)["n_people"]) == {len(frame) + 2}  # without ids every row is somebody


def test_two_spellings_of_a_class_are_refused() -> None:
    frame = pd.DataFrame({"t": ["happy", "Happy"] * 20, "p": ["happy"] * 40, "g": ["x", "y"] * 20})
    with pytest.raises(InvalidInputError, match="'Happy' and 'happy' are one class"):
        audit(frame, y_true="t", y_pred="p", attributes="g")


def test_too_few_draws_are_refused_plainly() -> None:
    frame = pd.DataFrame({"t": ["a", "b"] * 20, "p": ["a"] * 40, "g": ["x", "y"] * 20})
    with pytest.raises(InvalidInputError, match="n_bootstrap is 10"):
        audit(frame, y_true="t", y_pred="p", attributes="g", n_bootstrap=10)


def test_an_intersection_may_be_written_as_in_the_report() -> None:
    frame = pd.DataFrame(
        {"t": ["a", "b"] * 40, "p": ["a"] * 80, "g": ["x", "y"] * 40, "h": ["u"] * 40 + ["v"] * 40}
    )
    written = "g \N{MULTIPLICATION SIGN} h"
    table = audit(frame, y_true="t", y_pred="p", attributes=[written], **DRAWS)
    assert set(table["attribute"]) == {"g x h"}


def test_equal_treatment_is_said_beside_the_value() -> None:
    generator = np.random.default_rng(0)
    labels, groups = (generator.choice(names, 600) for names in (["a", "b"], ["x", "y"]))
    frame = pd.DataFrame({"t": labels, "g": groups})
    frame["p"] = np.where(generator.random(600) < 0.8, frame["t"], "a")
    table = audit(frame, y_true="t", y_pred="p", attributes="g", **DRAWS).set_index("metric")
    assert table["equal_treatment"]["equal_opportunity_gap"] == pytest.approx(0.0)
    assert table["equal_treatment"]["xu_fairness"] == pytest.approx(1.0)
    assert 0.0 < table["minimum_detectable"]["accuracy_ratio"] < 0.3
    assert (table["n_permutations"][table["p_value"].notna()] >= 100).all()


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"sample_id": "x"}, {"attributes": "sample_id"}, "named 'sample_id'"),
        ({"p": " "}, {"attributes": "g"}, "Row 0 has a blank label"),
        ({}, {"attributes": "g", "probabilities": "p_a"}, "a column for each class"),
    ],
)
def test_what_would_be_misread_is_refused(
    changes: dict[str, str], arguments: dict[str, Any], message: str
) -> None:
    frame = pd.DataFrame({"t": ["a", "b"] * 20, "p": ["a"] * 40, "g": ["x", "y"] * 20, "h": "u"})
    with pytest.raises(InvalidInputError, match=message):
        audit(frame.assign(**changes), y_true="t", y_pred="p", **arguments)


def test_two_columns_of_one_name_are_refused() -> None:
    frame = pd.DataFrame([["a", "a", "x", "y"]] * 40, columns=["t", "p", "g", "g"])
    with pytest.raises(InvalidInputError, match="several columns named 'g'"):
        audit(frame, y_true="t", y_pred="p", attributes="g")


def test_blank_groups_are_missing() -> None:
    frame = pd.DataFrame({"t": ["a", "b"] * 30, "p": ["a"] * 60, "g": ["x", "y", " "] * 20})
    table = audit(frame, y_true="t", y_pred="p", attributes="g", **DRAWS)
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
    )
    gap = table[table["metric"] == "accuracy_gap"].iloc[0]
    assert gap["n_groups"] == 2
    assert gap["smallest_group"] in ('a x "b x c"', '"a x b" x c')
    assert gap["raw_value"] > 0.4


@pytest.mark.parametrize(
    ("values", "told"),
    [(["a", "a ", "b", "b"], "a"), ([1, "1", "2", "2"], "1"), ([True, "True", "f", "f"], "True")],
)
def test_values_that_become_one_group_are_told(values: list[object], told: str) -> None:
    frame = pd.DataFrame({"t": ["u", "v"] * 20, "p": ["u", "v"] * 20})
    frame["g"] = pd.Series(values * 10, dtype=object)
    with pytest.warns(MergedGroupsWarning, match=f"column 'g'.*one group: '{told}'"):
        audit(frame, attributes="g", **FEW)


def test_a_group_that_is_called_nan_is_not_one_that_is_missing() -> None:
    frame = pd.DataFrame({"t": ["u", "v"] * 30, "p": ["u", "v"] * 30})
    frame["g"] = pd.Series(["nan", "None", None] * 20, dtype=object)
    table = audit(
        frame, y_true="t", y_pred="p", attributes="g", n_bootstrap=100, n_permutations=100
    )
    assert table["n_missing"].unique().tolist() == [20]
    assert table["n_groups"].unique().tolist() == [2]


@pytest.mark.parametrize("column", ["label", "prediction"])
def test_a_class_in_one_column_that_is_spelt_nearly_like_another_is_warned_of(
    frame: pd.DataFrame, column: str
) -> None:
    labels = frame[column].astype(str).tolist()
    misspelt = frame.assign(**{column: [*labels[:3], f"{labels[3]}x", *labels[4:]]})
    with pytest.warns(SimilarLabelsWarning, match=rf"is in the column '{column}' only.*another"):
        audited(misspelt)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="are a str, expected a pandas DataFrame"):
        audit("file.csv", y_true="y", y_pred="p", attributes=["g"])  # type: ignore[arg-type]
