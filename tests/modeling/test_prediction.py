from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import (
    build_network,
    predict_features,
    predict_logits,
    predictions_table,
    probabilities,
)
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.tables import PREDICTIONS_SCHEMA
from fer_fairness.taxonomy import EMOTIONS, RAF_DB_EMOTIONS

LOGITS = arrays(np.float32, (4, 8), elements=st.floats(-1e4, 1e4, width=32))


@given(LOGITS, st.sets(st.sampled_from(EMOTIONS), min_size=1))
def test_probabilities_are_the_softmax_of_the_known_emotions_alone(
    logits: np.ndarray, emotions: set[str]
) -> None:
    shares = probabilities(logits, sorted(emotions))
    known = [emotion in emotions for emotion in EMOTIONS]
    assert (shares[:, np.logical_not(known)] == 0).all()
    expected = softmax(logits[:, known].astype(np.float64), axis=1)
    np.testing.assert_allclose(shares[:, known], expected, atol=1e-12)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


@given(LOGITS, st.floats(-100, 100))
def test_probabilities_do_not_change_with_a_constant_added(
    logits: np.ndarray, constant: float
) -> None:
    wide = logits.astype(np.float64)
    np.testing.assert_allclose(
        probabilities(wide + constant, EMOTIONS), probabilities(wide, EMOTIONS), atol=1e-9
    )


@pytest.mark.parametrize(
    ("logits", "emotions", "message"),
    [
        (np.zeros((2, 7)), EMOTIONS, r"shape \(2, 7\)"),
        (np.zeros((2, 8)), (), "each once"),
        (np.zeros((2, 8)), ("joy",), "joy"),
        (np.zeros((2, 8)), ("fear", "fear"), "each once"),
        (np.array([[0.0] * 8, [np.nan] * 8]), EMOTIONS, "row 1"),
    ],
)
def test_unusable_logits_and_emotions_are_refused(
    logits: np.ndarray, emotions: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        probabilities(logits, emotions)


def test_logits_come_in_the_order_of_the_index_whatever_the_batch_size(
    build: Callable[[], Any],
) -> None:
    model = build()
    images = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 1)).astype(np.uint8)
    index = np.array([6, 0, 3, 3, 5])
    logits = predict_logits(model, images, index, batch_size=2, description="Predicting")
    assert logits.dtype == np.float32
    np.testing.assert_allclose(
        logits, model.predict_on_batch(images[index].astype(np.float32)), atol=1e-5
    )


def test_nothing_to_predict_gives_no_rows(build: Callable[[], Any]) -> None:
    images = np.zeros((1, 8, 8, 1), np.uint8)
    index = np.arange(0)
    assert predict_logits(build(), images, index, batch_size=2, description="x").shape == (0, 8)


def test_images_of_another_size_are_refused(build: Callable[[], Any]) -> None:
    images = np.zeros((2, 9, 9, 1), np.uint8)
    with pytest.raises(InvalidInputError, match=r"takes images of shape \(8, 8, 1\), found \(9, 9"):
        predict_logits(build(), images, np.arange(2), batch_size=2, description="Predicting")


def faces(*emotions: str | None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": [f"face-{number}" for number in range(len(emotions))],
            "emotion": list(emotions),
            "excluded_reason": [None] * len(emotions),
        }
    )


def test_table_names_the_likeliest_emotion_and_is_valid() -> None:
    logits = np.zeros((2, 8), np.float32)
    logits[0, 7], logits[0, 2], logits[1, 4] = 9.0, 5.0, 1.0
    table = predictions_table(
        faces("surprise", "fear"), logits, variant="baseline", seed=4, emotions=RAF_DB_EMOTIONS
    )
    PREDICTIONS_SCHEMA.validate(table)
    assert table["predicted_emotion"].tolist() == ["surprise", "anger"]
    assert table["emotion"].tolist() == ["surprise", "fear"]
    assert table["probability_contempt"].tolist() == [0.0, 0.0]
    assert table["seed"].tolist() == [4, 4]


@pytest.mark.parametrize("emotion", ["contempt", None])
def test_a_face_that_cannot_be_scored_is_named(emotion: str | None) -> None:
    table = faces("fear", emotion)
    with pytest.raises(InvalidInputError, match="1 faces cannot be scored; the first is 'face-1'"):
        predictions_table(table, np.zeros((2, 8)), variant="v", seed=0, emotions=RAF_DB_EMOTIONS)


def test_faces_and_logits_must_be_as_many() -> None:
    with pytest.raises(InvalidInputError, match="1 faces but 2 rows"):
        predictions_table(faces("fear"), np.zeros((2, 8)), variant="v", seed=0, emotions=EMOTIONS)


def asked(model: Any, faces: np.ndarray, **views: Any) -> np.ndarray:
    rows = np.arange(len(faces))
    return predict_logits(model, faces, rows, batch_size=4, description="Predicting", **views)


def test_the_mean_over_shifts_is_that_of_the_moved_faces(build: Callable[[], Any]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1)).astype(np.uint8)
    model = build()
    moved = [images]
    for places in (np.arange(-2, 6).clip(0, 7), np.arange(2, 10).clip(0, 7)):
        moved += [images[:, places], images[:, :, places]]
    expected = np.mean([asked(model, faces) for faces in moved], axis=0)
    found = asked(model, images, average_shifted_px=2)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(found, asked(model, images))


def test_faces_are_not_moved_half_out_of_sight(build: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"average_shifted_px is 4, .*give 0 to 3"):
        asked(build(), np.zeros((2, 8, 8, 1), np.uint8), average_shifted_px=4)


def test_the_mean_with_the_mirrored_face_is_the_same_for_both(build: Callable[[], Any]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1)).astype(np.uint8)
    mirrored = np.ascontiguousarray(images[:, :, ::-1])
    model = build()
    once, other_way = (asked(model, faces) for faces in (images, mirrored))
    assert not np.allclose(once, other_way)
    for faces in (images, mirrored):
        np.testing.assert_allclose(
            asked(model, faces, average_mirrored=True), (once + other_way) / 2, rtol=1e-4, atol=1e-5
        )


def test_features_are_what_the_last_dense_layer_reads() -> None:
    model = build_network(ArchitectureParameters(blocks=((4,), (6,)), image_side_px=16), seed=0)
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 1)).astype(np.uint8)
    rows = np.array([4, 0, 2])
    features = predict_features(model, images, rows, batch_size=2)
    assert features.shape == (3, 6)
    kernel, bias = model.layers[-1].get_weights()
    logits = predict_logits(model, images, rows, batch_size=2, description="Logits")
    np.testing.assert_allclose(features @ kernel + bias, logits, rtol=1e-4, atol=1e-5)
