from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.methods.ldam_drw import (
    LdamDrw,
    class_weights,
    margins,
    with_normalised_head,
)
from fer_fairness.modeling import TrainingSet, build_network, train
from fer_fairness.modeling.objective import Seen
from fer_fairness.modeling.training import TrainingData
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

COUNTS = np.array([160, 10, 30, 0])
SMALL = ArchitectureParameters(blocks=((4,), (6,)), image_side_px=16, l2=0.0)


def some_faces(n: int = 32) -> TrainingSet:
    generator = np.random.default_rng(0)
    return TrainingSet(
        generator.integers(0, 256, (n, 16, 16, 1)).astype(np.uint8),
        np.arange(n),
        np.eye(8, dtype=np.float32)[generator.choice(4, n, p=[0.7, 0.1, 0.1, 0.1])],
    )


def objective(params: TrainingParameters, **settings: Any) -> Any:
    import keras

    rows = np.repeat(np.eye(4, dtype=np.float32), COUNTS, axis=0)
    training = TrainingSet(np.zeros((200, 8, 8, 1), np.uint8), np.arange(200), rows)
    made = LdamDrw.model_validate(settings).objective(training, params)
    made.build(keras.Model(), n_features=0, seed=0)
    return made


def test_margins_and_weights_are_those_of_the_paper() -> None:
    found = margins(COUNTS.astype(float), 0.5)
    assert_allclose(found, [0.25, 0.5, 0.5 * (1 / 3) ** 0.25, 0.0])
    weights = class_weights(COUNTS.astype(float), 0.9)
    assert_allclose(weights[1] / weights[0], (1 - 0.9**160) / (1 - 0.9**10))
    assert_allclose(weights @ COUNTS / COUNTS.sum(), 1)
    assert_allclose(class_weights(COUNTS.astype(float), 0.0), 1)
    assert np.isfinite(class_weights(np.array([0.2, 5.0, 0.0]), 0.9999)).all()


votes = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(np.array)
cosines = st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(np.array)


@given(votes=votes, cosine=cosines)
def test_the_loss_is_the_mean_over_votes_of_the_loss_with_that_margin(
    votes: np.ndarray, cosine: np.ndarray
) -> None:
    votes = votes / votes.sum()
    made = objective(TrainingParameters(), reweighted_from=1.0)
    expected = 0.0
    for label in range(4):
        reduced = 30 * cosine
        reduced[label] -= 30 * margins(COUNTS.astype(float), 0.5)[label]
        expected += votes[label] * (np.logaddexp.reduce(reduced) - reduced[label])
    logits = (30 * cosine[None]).astype(np.float32)
    found = made.face_losses({}, votes[None].astype(np.float32), logits)
    assert_allclose(np.asarray(found), expected, rtol=1e-3, atol=1e-4)


def test_weights_begin_when_the_share_of_the_epochs_has_passed() -> None:
    params = TrainingParameters(max_epochs=5, steps_per_epoch=2, batch_size=1)
    made = objective(params, max_margin=0.0, beta=0.9, scale=None, reweighted_from=0.8)
    target, logits = np.eye(4, dtype=np.float32)[[1]], np.zeros((1, 4), np.float32)
    found = [float(made.loss(Seen({}, target, logits))) for _ in range(10)]
    weight = class_weights(COUNTS.astype(float), 0.9)[1]
    assert_allclose(found, np.log(4) * np.array([1] * 8 + [weight] * 2), rtol=1e-5)


def directions(model: Any, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of unit length and unit weights of a model with a normalised head."""
    import keras

    features = keras.Model(model.input, model.get_layer("unit_features").input).predict(
        images, verbose=0
    )
    kernel = model.get_layer("logits").kernel.numpy()
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(lengths, 1e-12), kernel / np.linalg.norm(kernel, axis=0)


def test_what_is_saved_gives_the_cosines_that_it_was_trained_by_as_logits(tmp_path: Path) -> None:
    import keras

    faces = some_faces()
    method = LdamDrw()
    before = build_network(SMALL, seed=0)
    fine_tuning = FineTuningParameters.model_validate(
        {
            "freezing": {"enabled": False},
            "training": {"max_epochs": 2, "batch_size": 8, "target_learning_rate": 0.01},
        }
    )
    model = method.start(before, fine_tuning, seed=0)
    kernel = before.get_layer("logits").kernel.numpy()
    images = faces.images[np.arange(len(faces))].astype(np.float32)
    assert_allclose(
        directions(model, images)[1], kernel / np.linalg.norm(kernel, axis=0), atol=1e-6
    )
    start = model.get_layer("logits").kernel.numpy()
    result = train(
        model,
        TrainingData(faces, faces),
        method.training_parameters(fine_tuning),
        seed=0,
        checkpoint_folder=None,
        description="Test",
        procedure=method,
    )
    result.model.save(tmp_path / "model.keras")
    saved = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    trained = saved.get_layer("logits").kernel.numpy()
    assert not np.allclose(trained, start)
    assert_allclose(np.linalg.norm(trained, axis=0), 1, rtol=1e-5)
    features, weights = directions(saved, images)
    assert_allclose(saved.predict(images, verbose=0), 30 * features @ weights, atol=1e-3)


def test_a_model_without_a_dense_head_is_refused_by_name() -> None:
    separable = build_network(
        ArchitectureParameters(form="separable", blocks=((4,), (6,)), image_side_px=16), seed=0
    )
    with pytest.raises(InvalidInputError, match=r"GlobalAveragePooling2D.*Start from a compact"):
        with_normalised_head(separable, 30.0)


def test_a_head_within_a_nested_model_is_refused() -> None:
    import keras

    inner = build_network(SMALL, seed=0)
    image = keras.Input((16, 16, 1))
    with pytest.raises(InvalidInputError, match=r"'logits' .* within a model nested"):
        with_normalised_head(keras.Model(image, inner(image)), 30.0)
