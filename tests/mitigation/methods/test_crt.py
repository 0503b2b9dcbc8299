import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.mitigation import Given
from fer_fairness.mitigation.last_layer import last_layer
from fer_fairness.mitigation.methods.crt import Crt
from fer_fairness.modeling import build_network
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

IMAGES = np.zeros((40, 8, 8, 1), np.uint8)
NOTHING = Given(pd.DataFrame(), seed=0)
Faces = Callable[..., pd.DataFrame]


def shown(faces: pd.DataFrame, method: Crt) -> pd.Series:
    """How often each emotion is shown in many epochs."""
    training = method.training_set(faces, IMAGES, NOTHING).training_set(faces, IMAGES)
    generator = np.random.default_rng(0)
    rows = np.concatenate([method.order(training, generator) for _ in range(300)])
    return faces["emotion"].fillna("none").iloc[rows].value_counts(normalize=True)


def test_every_emotion_is_drawn_alike_and_faces_without_one_as_before(make_faces: Faces) -> None:
    faces = make_faces(["train"] * 40, ["anger"] + ["fear"] * 39)
    faces.loc[30:, "emotion"] = None  # as votes without majority
    found = shown(faces, Crt())
    assert found["anger"] == pytest.approx(found["fear"], rel=0.05)
    assert found["none"] == pytest.approx(0.25, rel=0.05)
    half = shown(faces, Crt(strength=0.5))
    assert half["fear"] / half["anger"] == pytest.approx(29**0.5, rel=0.1)


def test_the_last_layer_alone_is_trained_and_starts_anew() -> None:
    model = build_network(ArchitectureParameters(blocks=((4,), (4,)), image_side_px=16), seed=0)
    started = Crt().start(model, FineTuningParameters(), seed=1)
    assert {layer.rate for layer in started.layers if hasattr(layer, "rate")} == {0.0}
    assert len(started.trainable_weights) == len(last_layer(started).weights) == 2
    before, after = last_layer(model).get_weights(), last_layer(started).get_weights()
    assert not np.array_equal(before[0], after[0])
    assert not after[1].any()
    rest = len(model.get_weights()) - 2
    assert all(map(np.array_equal, model.get_weights()[:rest], started.get_weights()[:rest])), (
        "features are those of the starting model"
    )
    kept = Crt(anew=False).start(model, FineTuningParameters(), seed=1)
    assert all(map(np.array_equal, before, last_layer(kept).get_weights()))


def test_the_adjustment_of_the_loss_knows_that_emotions_are_drawn_alike(make_faces: Faces) -> None:
    faces = make_faces(["train"] * 40, ["anger"] + ["fear"] * 39)
    method = Crt()
    training = method.training_set(faces, IMAGES, NOTHING).training_set(faces, IMAGES)
    shares = method.shares_drawn(training)
    assert sorted(shares[shares > 0]) == pytest.approx([0.5, 0.5])
    assert Crt(strength=0).shares_drawn(training) == pytest.approx(training.class_shares())
    assert method.objective(training, TrainingParameters()).uses_features is False


def test_where_no_face_has_an_emotion_it_is_plain_training_of_the_last_layer(
    make_faces: Faces, caplog: pytest.LogCaptureFixture
) -> None:
    faces = make_faces(["train"] * 40, ["anger"] * 40).assign(emotion=None)
    method = Crt()
    with caplog.at_level(logging.INFO):
        training = method.training_set(faces, IMAGES, NOTHING).training_set(faces, IMAGES)
    assert "40 of 40 faces have none and are seen as in plain training" in caplog.text
    order = method.order(training, np.random.default_rng(0))
    assert order.tolist() == np.random.default_rng(0).permutation(40).tolist()
