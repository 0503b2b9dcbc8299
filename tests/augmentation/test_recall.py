from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.augmentation import validation_recall
from fer_fairness.augmentation.recall import with_recall
from fer_fairness.errors import InvalidInputError

FacesBuilder = Callable[..., pd.DataFrame]

EMOTION_CELLS = pd.DataFrame({"emotion": ["neutral", "anger", "fear"]})
CELLS = EMOTION_CELLS.merge(pd.DataFrame({"gender": ["female", "male"]}), how="cross")


def measured(*rows: tuple[object, ...], by: tuple[str, ...] = ("emotion",)) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*by, "n_validation", "recall"])


def test_validation_faces_alone_are_counted(make_faces: FacesBuilder) -> None:
    faces = make_faces(
        ["train", "validation", "validation", "validation", "validation", "test"],
        ["fear", "fear", "fear", "anger", "fear", "fear"],
        gender=["male", "male", "male", "male", None, "male"],
    )
    predictions = pd.DataFrame(
        {
            "sample_id": [*faces["sample_id"], "face_of_another_set"],
            "emotion": [*faces["emotion"], "fear"],
            "predicted_emotion": ["anger", "fear", "anger", "anger", "fear", "anger", "anger"],
        }
    )
    table = validation_recall(faces, predictions, ["emotion", "gender"])
    assert table.to_dict("records") == [
        {"emotion": "anger", "gender": "male", "n_validation": 1, "recall": 1.0},
        {"emotion": "fear", "gender": "male", "n_validation": 2, "recall": 0.5},
        {"emotion": "fear", "gender": "unknown", "n_validation": 1, "recall": 1.0},
    ]


def test_predictions_of_two_models_together_are_refused(make_faces: FacesBuilder) -> None:
    faces = make_faces(["validation"] * 2, ["fear", "anger"])
    once = faces[["sample_id", "emotion"]].assign(predicted_emotion="fear")
    with pytest.raises(InvalidInputError, match="face_0 is predicted more than once"):
        validation_recall(faces, pd.concat([once, once]), ["emotion"])


def test_no_predictions_give_no_rows(make_faces: FacesBuilder) -> None:
    faces = make_faces(["train", "validation"], ["fear", "fear"])
    none = pd.DataFrame({"sample_id": [], "emotion": [], "predicted_emotion": []}, dtype=str)
    table = validation_recall(faces, none, ["emotion"])
    assert list(table.columns) == ["emotion", "n_validation", "recall"]
    assert table.empty


def test_recall_is_shrunken_by_the_documented_formula() -> None:
    recall = measured(
        ("neutral", "female", 60, 0.9),
        ("neutral", "male", 40, 0.9),
        ("anger", "female", 8, 0.5),
        ("anger", "male", 2, 0.0),
        by=("emotion", "gender"),
    )
    table = with_recall(CELLS, recall, ["emotion", "gender"], prior_faces=10)
    mean = (0.9 + 0.4) / 2
    neutral, anger = (90 + 10 * mean) / 110, (4 + 10 * mean) / 20
    expected = [
        (54 + 10 * neutral) / 70,
        (36 + 10 * neutral) / 50,
        (4 + 10 * anger) / 18,
        (0 + 10 * anger) / 12,
        mean,
        mean,
    ]
    assert table["recall_shrunken"].tolist() == pytest.approx(expected)
    assert table["n_validation"].tolist() == [60, 40, 8, 2, 0, 0]
    assert table["recall"].isna().tolist() == [False] * 4 + [True] * 2


def test_emotions_are_drawn_towards_their_mean_once() -> None:
    recall = measured(("neutral", 90, 1.0), ("fear", 10, 0.0))
    table = with_recall(EMOTION_CELLS, recall, ["emotion"], prior_faces=10)
    assert table["recall_shrunken"].tolist() == pytest.approx([95 / 100, 0.5, 5 / 20])


def test_cells_without_emotion_are_drawn_towards_all_faces() -> None:
    cells = pd.DataFrame({"gender": ["female", "male", "unknown"]})
    recall = measured(("female", 30, 0.8), ("male", 10, 0.4), by=("gender",))
    table = with_recall(cells, recall, ["gender"], prior_faces=10)
    assert table["recall_shrunken"].tolist() == pytest.approx([31 / 40, 11 / 20, 0.7])


def test_faces_of_unknown_gender_count_for_their_emotion() -> None:
    known = measured(("fear", "male", 5, 1.0), by=("emotion", "gender"))
    more = measured(("fear", "male", 5, 1.0), ("fear", None, 15, 0.0), by=("emotion", "gender"))
    alone, together = (
        with_recall(CELLS, recall, ["emotion", "gender"], prior_faces=5).iloc[-1]
        for recall in (known, more)
    )
    assert together["recall_shrunken"] < alone["recall_shrunken"] == 1.0


def test_without_prior_recall_is_taken_at_face_value() -> None:
    recall = measured(("neutral", 50, 0.8), ("fear", 1, 0.0))
    table = with_recall(EMOTION_CELLS, recall, ["emotion"], prior_faces=0)
    assert table["recall_shrunken"].tolist() == [0.8, 0.4, 0.0]


@pytest.mark.parametrize("recall", [None, measured(), measured(("fear", 0, np.nan))])
def test_nothing_measured_stays_unknown(recall: pd.DataFrame | None) -> None:
    table = with_recall(EMOTION_CELLS, recall, ["emotion"], prior_faces=10)
    assert table["n_validation"].tolist() == [0, 0, 0]
    assert table[["recall", "recall_shrunken"]].isna().all(axis=None)


@given(
    counts=st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1)), min_size=6, max_size=6),
    prior=st.floats(0, 100),
)
def test_shrunken_recall_lies_between_the_cells_own_and_the_extremes_of_all(
    counts: list[tuple[int, float]], prior: float
) -> None:
    shares = [round(n * share) / n if n else np.nan for n, share in counts]
    recall = CELLS.assign(n_validation=[n for n, _ in counts], recall=shares)
    table = with_recall(CELLS, recall, ["emotion", "gender"], prior_faces=prior)
    known = np.array(shares)[~np.isnan(shares)]
    if not known.size:
        assert table["recall_shrunken"].isna().all()
        return
    shrunken = table["recall_shrunken"]
    assert shrunken.between(known.min() - 1e-9, known.max() + 1e-9).all()


@pytest.mark.parametrize(
    ("recall", "message"),
    [
        (pd.DataFrame({"emotion": ["fear"], "recall": [0.5]}), r"lacks .*'n_validation'"),
        (measured(("male", 5, 0.5), by=("gender",)), r"lacks .*'emotion'"),
        (measured(("fear", 5, 0.2), ("fear", 5, 0.4)), "several rows for .*fear"),
        (measured(("fear", 5, 1.2)), "recall 1.2; expected recall from 0 to 1"),
        (measured(("fear", 5, np.nan)), "recall nan; expected recall from 0 to 1"),
        (measured(("fear", 0, 0.5)), "expected no recall for cells without validation"),
        (measured(("fear", -1, 0.5)), "n_validation -1.*expected a whole number"),
        (measured(("fear", 2.5, 0.5)), "n_validation 2.5.*expected a whole number"),
        (measured(("joy", 5, 0.5)), "names the emotion 'joy', which no .* face has"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(recall: pd.DataFrame, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        with_recall(EMOTION_CELLS, recall, ["emotion"], prior_faces=10)
