"""Predictions of somebody's own in a table that holds a tool's answers as well."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.predictions.reading import PredictionFile, read_table

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
OWN = [*CLASSES, "happy"]
TOOLS = ["sad", *CLASSES]
N_FACES = len(OWN)
SHARES = np.where(np.array(TOOLS)[:, None] == CLASSES, 0.88, 0.02)
FACES = pd.DataFrame(
    {"image": [f"{n}.jpg" for n in range(N_FACES)], "label": OWN, "sex": ["f", "m"] * 4}
)

DEEPFACE = pd.DataFrame(SHARES, columns=[f"emotion.{name}" for name in CLASSES]).assign(
    dominant_emotion=TOOLS, dominant_gender=["Woman", "Man"] * 4
)
PY_FEAT = pd.DataFrame(SHARES, columns=CLASSES).rename(
    columns={"angry": "anger", "happy": "happiness", "sad": "sadness"}
)
FER = pd.DataFrame(SHARES, columns=CLASSES).assign(box="[1, 2, 3, 4]")
ANSWERS = {
    "DeepFace": DEEPFACE,
    "py-feat": PY_FEAT.assign(FaceScore=0.9, frame=0),
    "fer": FER,
}


def read(frame: pd.DataFrame, **columns: Any) -> PredictionFile:
    return read_table(table_of_frame(frame), PredictionColumns(**columns))


@pytest.mark.parametrize("name", ["y_pred", "Prediction", "predicted_emotion"])
@pytest.mark.parametrize("tool", ANSWERS)
def test_own_predictions_are_audited_beside_those_of_a_tool(tool: str, name: str) -> None:
    found = read(FACES.join(ANSWERS[tool]).assign(**{name: OWN}))

    assert found.frame["predicted_emotion"].tolist() == OWN
    assert found.probability_columns == ()
    assert any(
        f"what {tool} answered of emotions was left out" in note
        for note in cast("list[str]", found.reading["notes"])
    )


def test_own_predictions_beside_a_list_of_scores_that_agrees_with_another_column() -> None:
    classes = ["Anger", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise"]
    scores = np.where(np.arange(7) == np.arange(N_FACES)[:, None] % 7, 0.7, 0.05)
    seen = [classes[n % 7] for n in range(N_FACES)]
    frame = FACES.assign(emotion=seen, scores=list(scores), y_pred=OWN)
    found = read(frame)

    assert found.frame["predicted_emotion"].tolist() == OWN
    assert found.frame["emotion"].tolist() == OWN
    assert found.probability_columns == ()


def test_nobody_is_left_out_for_a_tool_that_is_not_audited() -> None:
    frame = FACES.join(DEEPFACE.astype(object)).assign(own=OWN, pred_own=OWN)
    frame.loc[::3, DEEPFACE.columns] = None

    for column in ("own", "pred_own"):
        found = read(frame, predicted=column)
        assert found.frame["predicted_emotion"].tolist() == OWN
    assert found.attributes == ("sex", "dominant_gender")
    assert found.frame["dominant_gender"].isna().sum() == 3


def test_the_tool_is_audited_where_it_is_asked_for() -> None:
    found = read(FACES.join(DEEPFACE).assign(y_pred=OWN), predicted="dominant_emotion")
    assert found.frame["predicted_emotion"].tolist() == TOOLS
    assert found.frame[list(found.probability_columns)].max(axis=1).tolist() == [0.88] * N_FACES

    found = read(FACES.join(FER).assign(y_pred=OWN), predicted="emotion of fer")
    assert found.frame["predicted_emotion"].tolist() == TOOLS


def test_the_pictures_of_a_tool_tell_own_predictions_apart_as_well() -> None:
    faces = FACES.drop(columns="image").assign(input=FACES["image"], y_pred=OWN)
    found = read(faces.join(PY_FEAT.assign(FaceScore=0.9)))
    assert found.frame["sample_id"].tolist() == FACES["image"].tolist()
