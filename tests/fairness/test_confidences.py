import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.confidences import check_probabilities, predicted_confidence

CLASSES = ("calm", "fear")
COLUMNS = ("p_calm", "p_fear")


def people(**columns: object) -> pd.DataFrame:
    table = {
        "predicted": ["calm", "fear", "fear"],
        "p_calm": [0.7, 0.4, 0.0],
        "p_fear": [0.3, 0.6, 1.0],
    }
    return pd.DataFrame(table | columns, index=[7, 7, 3])


def confidences(frame: pd.DataFrame, **options: tuple[str, ...]) -> list[float]:
    given = {"classes": CLASSES, "columns": COLUMNS} | options
    return [*map(float, predicted_confidence(frame, predicted=frame["predicted"], **given))]


def test_confidence_is_the_probability_of_what_was_predicted() -> None:
    assert confidences(people()) == [0.7, 0.6, 1.0]


def test_columns_go_with_the_classes_in_any_order() -> None:
    assert confidences(people(), classes=CLASSES[::-1], columns=COLUMNS[::-1]) == [0.7, 0.6, 1.0]


def test_nobody_has_no_confidence() -> None:
    assert confidences(people().iloc[:0]) == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            ("p_calm", "p_joy"),
            "lacks the column of probabilities 'p_joy'; it has predicted, p_calm",
        ),
        (("p_calm",), "1 columns of probabilities for the 2 classes calm, fear"),
    ],
)
def test_columns_that_do_not_match_the_classes_are_refused(
    columns: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        confidences(people(), columns=columns)


def test_a_predicted_class_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Row 2 has the predicted class 'joy', expected"):
        confidences(people(predicted=["calm", "fear", "joy"]))


def test_probabilities_of_a_softmax_are_accepted() -> None:
    logits = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    frame = pd.DataFrame(shares, columns=list("abcdefg"))
    check_probabilities(frame, list("abcdefg"))
    check_probabilities(frame.round(4), list("abcdefg"))
    assert_allclose(shares.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"p_calm": [0.7, np.nan, 0.0]}, "Row 1 has nan in the column 'p_calm'"),
        (
            {"p_calm": [70, 40, 0], "p_fear": [30, 60, 100]},
            r"Row 0 has 70 in .*\(3 rows .*not per cent",
        ),
        ({"p_calm": [0.7, 0.4, -0.1]}, r"-0\.1.*expected a probability from 0 to 1 \(1 rows"),
        ({"p_calm": ["high", "low", "no"]}, r"Row 0 has 'high' .* \(3 rows"),
        ({"p_fear": [0.3, 0.5, 0.5]}, r"probabilities of row 1 sum to 0\.9000, .*\(2 rows"),
        ({"p_fear": [np.inf, 0.6, 1.0]}, "Row 0 has inf"),
    ],
    ids=["missing", "per cent", "negative", "words", "sum", "infinite"],
)
def test_numbers_that_are_no_probabilities_are_refused(
    columns: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        check_probabilities(people(**columns), COLUMNS)
