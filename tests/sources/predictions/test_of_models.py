"""Which columns are the predictions of several models."""

import numpy as np
import pandas as pd
import pytest

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.predictions.of_models import (
    columns_of_scores,
    of_one_model,
    predicted_columns,
    with_first_answers,
    with_largest,
)

CLASSES = np.array(["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"])
TRUE = {"label": ["anger", "fear", "fear"]}


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"pred_a": ["fear"] * 3, "pred_b": ["anger"] * 3}, ("pred_a", "pred_b")),
        ({"a_prediction": ["fear"] * 3, "Y-Pred b": ["anger"] * 3}, ("a_prediction", "Y-Pred b")),
        ({"y_pred": ["fear"] * 3, "y_pred_2": ["anger"] * 3}, ("y_pred", "y_pred_2")),
        ({"pred_a": ["fear"] * 3, "predicted_gender": ["male"] * 3}, ("pred_a",)),
        ({"pred_a": ["fear"] * 3, "pred_score": [0.1, 0.5, 0.2]}, ("pred_a",)),
        ({"spread": ["fear"] * 3, "predator": ["fear"] * 3}, ()),
    ],
)
def test_predictions_are_told_by_their_name_and_by_the_classes_that_they_hold(
    columns: dict[str, list[object]], found: tuple[str, ...]
) -> None:
    assert predicted_columns(table_of_frame(pd.DataFrame({**TRUE, **columns})), None) == found


def test_codes_are_classes_as_well() -> None:
    frame = pd.DataFrame({"y_true": [0, 1], "pred_a": [1.0, 0.0], "pred_b": [0, 0]})
    assert predicted_columns(table_of_frame(frame), None) == ("pred_a", "pred_b")


def test_scores_that_are_exactly_a_code_in_one_row_are_no_predictions() -> None:
    frame = pd.DataFrame({"y_true": [0, 1], "y_pred": [1, 0], "pred_0": [1.0, 0.25]})
    assert predicted_columns(table_of_frame(frame), None) == ("y_pred",)
    sure = pd.DataFrame({"label": [0, 1], "prediction": [1, 0], "pred_confidence": [1.0, 1.0]})
    assert predicted_columns(table_of_frame(sure), None) == ("prediction",)


@pytest.mark.parametrize("name", ["gender_pred", "pred_race", "predicted_perceived_gender"])
def test_a_column_named_after_an_attribute_is_a_labellers_and_no_model(name: str) -> None:
    frame = pd.DataFrame({"y_true": [0, 1, 2], "pred": [0, 1, 1], name: [0, 1, 1]})
    assert predicted_columns(table_of_frame(frame), None) == ("pred",)
    balanced = table_of_frame(frame.rename(columns={name: "pred_race_balanced"}))
    assert predicted_columns(balanced, None) == ("pred", "pred_race_balanced")


RANKED = [
    ("pred_1", "pred_2", "pred_3"),
    ("y_pred", "second_prediction", "third_prediction"),
    ("pred_top1", "pred_top2", "pred_top3"),
    ("prediction", "prediction_2nd", "prediction_3rd"),
]


@pytest.mark.parametrize("names", RANKED)
def test_a_models_next_best_answers_are_no_models_and_told(names: tuple[str, ...]) -> None:
    best = np.arange(60) % 7
    answers = {name: CLASSES[(best + place) % 7] for place, name in enumerate(names)}
    table = table_of_frame(pd.DataFrame({"label": CLASSES[best], **answers}))

    assert predicted_columns(table, None) == names[:1]
    found, columns = with_first_answers(table, PredictionColumns())
    assert found.names == ("label", names[0])
    assert columns.predicted == names[0]
    assert "further answers of the same model" in found.notes[-1]
    given = PredictionColumns(predicted=names[1])
    assert with_first_answers(table, given) == (table, given)


@pytest.mark.parametrize("names", RANKED)
def test_numbered_models_agree_with_one_another(names: tuple[str, ...]) -> None:
    best = np.arange(60) % 7
    weak = np.where(np.arange(60) % 2, best, (best + 1) % 7)
    answers = dict(zip(names, (CLASSES[best], CLASSES[weak], CLASSES[weak]), strict=True))
    table = table_of_frame(pd.DataFrame({"label": CLASSES[best], **answers}))

    assert predicted_columns(table, None) == names
    assert with_first_answers(table, PredictionColumns())[0] is table


@pytest.mark.parametrize("true", [None, "nowhere"])
def test_without_true_classes_there_are_none(true: str | None) -> None:
    table = table_of_frame(pd.DataFrame({"pred_a": ["fear"], "pred_b": ["fear"]}))
    assert predicted_columns(table, true) == ()


def test_scores_of_whichever_model_are_told_by_their_names() -> None:
    names = ["prob_anger", "logit_fear", "softmax", "p_value", "score_card", "prediction"]
    table = table_of_frame(pd.DataFrame([[0.5] * len(names)], columns=names))
    assert columns_of_scores(table) == ("prob_anger", "logit_fear", "softmax")


@pytest.mark.parametrize("named", [["0", "1", "2"], ["anger", "fear", "sadness"]])
def test_one_hot_columns_are_one_model_whose_class_has_the_one(named: list[str]) -> None:
    columns = {
        f"pred_{name}": [float(row == i) for row in (2, 0, 0, 1)] for i, name in enumerate(named)
    }
    table = table_of_frame(pd.DataFrame({"label": [0, 1, 2, 1], **columns}))

    assert predicted_columns(table, None) == ()
    found, read = with_largest(table, PredictionColumns())
    assert found.data.column(read.predicted).to_pylist() == [named[i] for i in (2, 0, 0, 1)]
    assert "No column names the predicted class" in found.notes[-1]


@pytest.mark.parametrize("prefix", ["prob_", "Logit."])
def test_the_class_of_the_largest_number_is_predicted_where_nothing_else_is(prefix: str) -> None:
    frame = pd.DataFrame({f"{prefix}Fear": [0.1, 0.9], f"{prefix}Anger": [0.9, 0.1], "p_value": 7})
    found, read = with_largest(table_of_frame(frame), PredictionColumns())
    assert found.data.column(read.predicted).to_pylist() == ["Anger", "Fear"]

    named = table_of_frame(frame.assign(prediction="Fear"))
    assert with_largest(named, PredictionColumns()) == (named, PredictionColumns())


def test_scores_of_nobody_knows_which_model_are_left_out_and_told() -> None:
    frame = pd.DataFrame({**TRUE, "pred_a": "fear", "pred_b": "anger", "prob_fear": 0.5})
    found = of_one_model(table_of_frame(frame), "pred_a", ["pred_a", "pred_b"])
    assert found.names == ("label", "pred_a")
    assert "'prob_fear' were left out" in found.notes[-1]
