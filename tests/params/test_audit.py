from typing import Any

import pytest
from pydantic import ValidationError

from fer_fairness.params.audit import AuditParameters, PredictionColumns


def test_everything_is_guessed_by_default() -> None:
    given = AuditParameters()

    columns = given.columns.model_dump(exclude={"several_faces", "groups", "age_cuts"})
    assert set(columns.values()) == {None}
    assert (given.predictions, given.model, given.dataset) == (None, None, "fer_plus")


def test_a_yaml_key_true_which_is_a_boolean_there_names_the_true_column() -> None:
    columns = PredictionColumns.model_validate({True: "label", "logits": ["a", "b"]})

    assert columns.true == "label"
    assert columns.logits == ("a", "b")
    assert PredictionColumns.model_validate({"logits": "numbers"}).logits == "numbers"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"probabilities": "p", "logits": "l"}, "both given"),
        ({"true": "label", "predicted": "label"}, "columns names 'label' twice"),
        ({"sample_id": "id", "attributes": ["id"]}, "columns names 'id' twice"),
        ({"probabilities": ["p", "p"]}, "columns names 'p' twice"),
        ({"class_names": ["sad", "sad "]}, "class_names names 'sad' twice"),
        ({"attributes": []}, "at least 1 item"),
        ({"predicted": "a;"}, "predicted is .*expected one column, or several"),
        ({"predicted": "a;a"}, "columns names 'a' twice"),
        ({"label": "y"}, "Extra inputs"),
    ],
)
def test_columns_that_contradict_one_another_are_refused(
    columns: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        PredictionColumns.model_validate(columns)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"predictions": "a.csv", "model": "b.keras"}, "audit one of them"),
        ({"intersections": ["gender"]}, "expected different attributes joined"),
        ({"intersections": ["gender x gender"]}, "expected different attributes joined"),
        ({"intersections": ["gender x "]}, "expected different attributes joined"),
        ({"intersections": ["a x b", "a x b"]}, "intersections names 'a x b' twice"),
        ({"max_groups": 1}, "greater than or equal to 2"),
        ({"name": "mine", "columns": {"predicted": "a;b"}}, "name is of one model, .* names 2"),
        ({"columns": {"predicted": "a;b", "logits": "l"}}, "logits is of one model"),
    ],
)
def test_an_impossible_audit_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AuditParameters.model_validate(given)


def test_lists_may_be_given_as_text_parted_by_semicolons() -> None:
    columns = PredictionColumns.model_validate(
        {"attributes": "gender; race", "probabilities": "p_a;p_b", "class_names": "a;b"}
    )
    assert columns.attributes == ("gender", "race")
    assert columns.probabilities == ("p_a", "p_b")
    assert columns.class_names == ("a", "b")
    assert PredictionColumns(logits="one_column_of_lists").logits == "one_column_of_lists"
    assert PredictionColumns(sample_id="none").sample_id == ""
    assert AuditParameters.model_validate({"intersections": "a x b"}).intersections == ("a x b",)
    assert AuditParameters.model_validate({"name": 5}).name == "5"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"input_mean": 0.5}, "give both"),
        ({"input_mean": [0.5, 0.4, 0.3], "input_standard_deviation": 0.2}, "give both, as many"),
        ({"input_mean": "0.5;0.5", "input_standard_deviation": "1;1"}, "1 or 3 numbers"),
        ({"input_mean": 0.5, "input_standard_deviation": 0.0}, "above 0"),
        (
            {"input_mean": 0.5, "input_standard_deviation": 1.0, "input_scale": "imagenet"},
            "standardises by itself",
        ),
    ],
)
def test_a_mean_and_deviation_that_cannot_be_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        AuditParameters.model_validate(given)


def test_a_mean_and_deviation_are_numbers_or_lists_parted_by_semicolons() -> None:
    given = {"input_mean": "0.48;0.45;0.4", "input_standard_deviation": "0.2;0.2;0.2"}
    assert AuditParameters.model_validate(given).input_mean == (0.48, 0.45, 0.4)


def test_the_home_of_whoever_types_it_is_expanded_where_no_shell_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    read = AuditParameters.model_validate({"model": "~/m.onnx", "labels": "~/a.csv;b.csv"})
    assert read.model == "/home/ada/m.onnx"
    assert read.labels == ("/home/ada/a.csv", "b.csv")
