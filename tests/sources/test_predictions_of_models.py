"""Which columns are the predictions of several models."""

import pandas as pd
import pytest

from fer_fairness.sources.given_frame import table_of_frame
from fer_fairness.sources.predictions_of_models import columns_of_scores, predicted_columns

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


@pytest.mark.parametrize("true", [None, "nowhere"])
def test_without_true_classes_there_are_none(true: str | None) -> None:
    table = table_of_frame(pd.DataFrame({"pred_a": ["fear"], "pred_b": ["fear"]}))
    assert predicted_columns(table, true) == ()


def test_scores_of_whichever_model_are_told_by_their_names() -> None:
    names = ["prob_anger", "logit_fear", "softmax", "p_value", "score_card", "prediction"]
    table = table_of_frame(pd.DataFrame([[0.5] * len(names)], columns=names))
    assert columns_of_scores(table) == ("prob_anger", "logit_fear", "softmax")
