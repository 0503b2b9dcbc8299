from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import log_softmax, softmax

from fer_fairness.mitigation import Given
from fer_fairness.mitigation.methods.lff import LearningFromFailure
from fer_fairness.modeling import TrainingSet, build_network
from fer_fairness.modeling.graph import training_graph
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0, precision="float32")
N, SIDE = 6, 8
EMOTIONS = np.array([0, 0, 1, 1, 1, 2])
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (N, SIDE, SIDE, 1)).astype(np.uint8)
LOSSES = GENERATOR.uniform(0.1, 3, (3, 2, N))


def faces(targets: np.ndarray | None = None) -> TrainingSet:
    return TrainingSet(
        IMAGES,
        np.arange(N),
        np.eye(8, dtype=np.float32)[EMOTIONS] if targets is None else targets,
        columns={"face_number": np.arange(N).astype(np.float32)},
    )


def objective(**settings: Any) -> Any:
    return LearningFromFailure.model_validate(settings).objective(faces(), PARAMS)


def network() -> Any:
    architecture = ArchitectureParameters(
        blocks=((4,), (4,)), image_side_px=SIDE, spatial_dropout=0.0, l2=0.0
    )
    return build_network(architecture, seed=0)


def built(**settings: Any) -> Any:
    import keras

    made = objective(**settings)
    graph = keras.Model()
    graph.model = network()
    made.build(graph, n_features=0, seed=0)
    return made


def test_weights_follow_both_networks_averaged_losses_by_emotion() -> None:
    made = built(memory=0.6)
    means, shown = np.zeros((2, N)), np.zeros(N)
    # The fourth face is shown twice, the last one never.
    for rows, losses in (([0, 1, 2], LOSSES[0]), ([3, 1, 4], LOSSES[1]), ([3, 0, 2], LOSSES[2])):
        new = losses[:, rows]
        found = made.remembered(np.array(rows, np.float32), list(new.astype(np.float32)))
        kept = 0.6 * shown[rows]
        means[:, rows] = kept * means[:, rows] + (1 - kept) * new
        shown[rows] = 1
        largest = np.array([means[:, c == EMOTIONS].max(axis=1) for c in range(3)]).T
        b, m = means[:, rows] / largest[:, EMOTIONS[rows]]
        assert_allclose(found, b / (b + m), rtol=1e-5)
    for kept, expected in zip(made.losses, means, strict=True):
        assert_allclose(kept, expected, rtol=1e-5)


def test_the_easy_networks_loss_has_the_gradient_of_generalised_cross_entropy() -> None:
    logits = GENERATOR.normal(size=(N, 8)).astype(np.float32)
    targets = GENERATOR.dirichlet(np.ones(8), N)
    made = objective(q=0.7)
    found = np.asarray(made.generalised_cross_entropy(targets.astype(np.float32), logits))
    p = softmax(logits, axis=1)
    assert_allclose(found, -(targets * 0.7 * p**0.7 * np.log(p)).sum(axis=1), rtol=1e-4)
    # The gradient of (1 - p^q) / q, numerically, times q.
    moved = logits.astype(float)
    nudge = 1e-5
    for place in range(8):
        low, high = moved.copy(), moved.copy()
        low[:, place] -= nudge
        high[:, place] += nudge
        values = [(targets * (1 - softmax(one, axis=1) ** 0.7)).sum(axis=1) for one in (low, high)]
        slope = (values[1] - values[0]) / (2 * nudge)
        errors = (targets * 0.7 * p**0.7) * (p[:, [place]] - np.eye(8)[place])
        assert_allclose(errors.sum(axis=1), slope, atol=1e-6)


def test_back_ends_gradients_are_those_of_the_paper_and_stop_at_the_weights() -> None:
    import tensorflow as tf

    made = built(q=0.7)
    logits = tf.constant(GENERATOR.normal(size=(N, 8)).astype(np.float32))
    targets = faces().targets
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(made.generalised_cross_entropy(targets, logits))
    p = softmax(np.asarray(logits), axis=1)
    easiness = 0.7 * (targets * p).sum(axis=1, keepdims=True) ** 0.7
    assert_allclose(tape.gradient(total, logits), easiness * (p - targets), atol=1e-6)

    batch = {**faces().columns, "seen_images": IMAGES.astype(np.float32)}
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = made.loss(Seen(batch, targets, logits))
    errors = np.asarray(tape.gradient(loss, logits))
    said = np.asarray(made.easy(batch["seen_images"], training=True))
    both = [cross_entropy(each.astype(float), targets) for each in (said, np.asarray(logits))]
    largest = [[losses[c == EMOTIONS].max() for c in range(3)] for losses in both]
    b, m = (losses / np.array(top)[EMOTIONS] for losses, top in zip(both, largest, strict=True))
    factors = (b / (b + m))[:, None]
    assert_allclose(errors, factors * (p - targets) / N, rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_the_loss_is_the_weighted_one_of_the_model_and_that_of_its_copy(strength: float) -> None:
    model = network()
    said = np.asarray(model(IMAGES.astype(np.float32), training=True)).astype(float)
    made = objective(strength=strength, q=0.5)
    graph = training_graph(model, PARAMS, made, seed=0)
    batch = {"images": IMAGES, **faces().columns}
    targets = faces().targets
    loss = graph.train_on_batch(batch, targets, return_dict=True)["loss"]
    # Both say the same at first, so that all weights are one half.
    log_p = log_softmax(said, axis=1)
    easy = -(targets * 0.5 * np.exp(0.5 * log_p) * log_p).sum(axis=1)
    plain = cross_entropy(said, targets)
    assert loss == pytest.approx(((1 - strength / 2) * plain + easy).mean(), rel=1e-3)


def test_the_copy_is_trained_and_the_model_is_told_from_it() -> None:
    model = network()
    model.layers[2].trainable = False
    made = objective()
    graph = training_graph(model, PARAMS, made, seed=0)
    start = model.get_weights()
    for _ in range(3):
        graph.train_on_batch({"images": IMAGES, **faces().columns}, faces().targets)
    frozen, unmoved = (
        [np.array_equal(*pair) for pair in zip(one.get_weights(), start, strict=True)]
        for one in (made.easy, model)
    )
    assert frozen == unmoved
    assert any(frozen)
    assert not all(frozen)
    assert not np.array_equal(made.easy.get_weights()[-1], model.get_weights()[-1])
    assert np.asarray(made.shown).tolist() == [1.0] * N


def test_faces_are_numbered_as_they_are_trained_on(
    make_faces: Callable[..., pd.DataFrame],
) -> None:
    table = make_faces(["train", "validation", "train"], ["fear", "anger", None])
    composed = LearningFromFailure().training_set(table, IMAGES, Given(pd.DataFrame(), seed=0))
    assert composed.columns["face_number"].tolist() == list(range(len(composed.columns)))
