import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.confidences import predicted_confidence

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
