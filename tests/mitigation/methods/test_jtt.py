import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from fer_fairness.mitigation import Composition, Given
from fer_fairness.mitigation.methods.jtt import JustTrainTwice
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.params.training import TrainingParameters

IMAGES = np.arange(8, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8)
TRUE = ["fear", "fear", "fear", "anger", "anger", None, "fear", "anger"]
PREDICTED = ["fear", "anger", "fear", "anger", "fear", "fear", "anger", "fear"]


@pytest.fixture
def faces(make_faces: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Six training faces, of which two are predicted wrongly and one has no majority emotion."""
    made = make_faces(["train"] * 6 + ["validation"] * 2, TRUE)
    made.loc[5, ["target_fear", "target_anger"]] = 0.5
    return made


def told(faces: pd.DataFrame, predicted: list[str]) -> pd.DataFrame:
    """Predictions on faces that have a majority emotion, in another order than the faces."""
    table = faces[["sample_id", "emotion"]].assign(predicted_emotion=predicted)
    return table[faces["emotion"].notna()].iloc[::-1]


def composed(faces: pd.DataFrame, predicted: Any = PREDICTED, **settings: Any) -> Composition:
    given = Given(told(faces, predicted), seed=0)
    return JustTrainTwice.model_validate(settings).training_set(faces, IMAGES, given)


def test_errors_on_training_faces_are_repeated_and_nothing_else(
    faces: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        made = composed(faces, repeats=4)
    assert "gets 2 of 5 training faces wrong: these are shown 5 times" in caplog.text
    assert made.columns["sample_id"].tolist() == [f"face_{n}" for n in range(6)]
    training = made.training_set(faces, IMAGES)
    rows = JustTrainTwice().order(training, np.random.default_rng(0))
    assert np.bincount(rows).tolist() == [1, 5, 1, 1, 5, 1]
    again = JustTrainTwice().order(training, np.random.default_rng(1))
    assert rows.tolist() != again.tolist()


def test_an_epoch_is_as_long_as_without_copies(faces: pd.DataFrame) -> None:
    training = composed(faces, repeats=50).training_set(faces, IMAGES)
    params = TrainingParameters(batch_size=2)
    batches = TrainingBatches(training, params, JustTrainTwice(repeats=50), seed=0)
    assert len(batches) == 3
    seen = [
        batch.inputs["images"][:, 0, 0, 0] for epoch in range(40) for batch in batches.epoch(epoch)
    ]
    shares = np.bincount(np.concatenate(seen), minlength=6) / 240
    assert shares[[1, 4]].sum() == pytest.approx(102 / 106, abs=0.04)


def test_the_adjustment_of_the_loss_knows_how_often_emotions_are_shown(
    faces: pd.DataFrame,
) -> None:
    training = composed(faces, repeats=4).training_set(faces, IMAGES)
    made = JustTrainTwice(repeats=4).objective(training, TrainingParameters(logit_adjustment=1.0))
    # Fear: 1 + 5 + 1 + half of the face without majority; anger: 1 + 5 + that half; of 14.
    is_fear = training.targets[0]
    logits = np.zeros((1, 8), np.float32)
    found = np.asarray(made.face_losses({}, is_fear[None], logits))
    assert_allclose(found, -np.log(7.5 / 14), rtol=1e-4)


def test_a_model_without_errors_is_trained_plainly(
    faces: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    right = [emotion or "fear" for emotion in TRUE]
    with caplog.at_level(logging.INFO):
        made = composed(faces, right)
    assert "there are none, so that this is plain training" in caplog.text
    training = made.training_set(faces, IMAGES)
    rows = JustTrainTwice().order(training, np.random.default_rng(0))
    assert rows.tolist() == np.random.default_rng(0).permutation(6).tolist()
