import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.methods.bias_mimicking import BiasMimicking, mimicking_shares
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
GENERATOR = np.random.default_rng(0)
FEATURES = GENERATOR.normal(size=(6, 5)).astype(np.float32)
MEMBERS = [[1.0, 0], [1.0, 0], [1.0, 0], [0, 1.0], [0.5, 0.5], [0, 0]]
TARGETS = np.eye(3)[[0, 1, 1, 1, 0, 2]]


def network(*, use_bias: bool = True) -> Any:
    import keras

    inputs = keras.Input((5,))
    model = keras.Model(inputs, keras.layers.Dense(3, use_bias=use_bias)(inputs))
    model.set_weights([GENERATOR.normal(size=weights.shape) for weights in model.get_weights()])
    return model


def test_the_log_tells_of_which_emotions_a_task_has_no_face(
    group_training: GroupTraining, caplog: pytest.LogCaptureFixture
) -> None:
    # The second group shows the first emotion alone: its task lacks the other, whose task has it.
    members, targets = [[1, 0], [0, 1], [1, 0]], np.eye(3)[[0, 0, 1]]
    has_any = mimicking_shares(np.array([[1.0, 1, 0], [1, 0, 0]])).max(axis=0) > 0
    assert has_any[:2, :2].tolist() == [[True, True], [False, True]]
    with caplog.at_level(logging.INFO):
        BiasMimicking().objective(group_training(members, targets.tolist()), PARAMS)
    assert "1 of 2 times a task has no face of another emotion" in caplog.text


@given(st.data())
def test_tasks_have_as_many_faces_as_can_be_had_with_the_emotions_mix_of_groups(
    data: st.DataObject,
) -> None:
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(2, 4)))
    totals = data.draw(arrays(np.float64, shape, elements=st.integers(0, 50).map(float)))
    shares = mimicking_shares(totals)
    assert shares.min() >= 0
    assert shares.max() <= 1
    kept = totals[:, :, None] * shares
    for task, own in enumerate(totals.T):
        assert_allclose(kept[:, task, task], own)
        for other in set(range(shape[1])) - {task}:
            if not own.sum():
                assert not kept[:, other, task].any()
                continue
            mix = own / own.sum()
            # As in the paper: most faces x, x_g <= n_g, x_g = P(g | c) sum x.
            best = linprog(
                -np.ones(shape[0]),
                A_eq=np.eye(shape[0]) - mix[:, None],
                b_eq=np.zeros(shape[0]),
                bounds=[(0, n) for n in totals[:, other]],
            )
            assert_allclose(kept[:, other, task], np.array(best.x), atol=1e-6)


def test_each_task_leaves_out_other_faces() -> None:
    # A public bench unites the faces of all tasks, each of which keeps its own emotion: everybody.
    shares = mimicking_shares(np.array([[90.0, 10.0], [10.0, 90.0]]))
    assert_allclose(shares[:, 1, 0], [1, 10 / 9 / 90])
    assert_allclose(shares[:, 0, 1], [10 / 9 / 90, 1])


def test_nothing_is_kept_of_an_emotion_that_a_group_of_the_task_does_not_have() -> None:
    # The authors' code keeps one face of each group, which is not there.
    shares = mimicking_shares(np.array([[5.0, 3.0], [5.0, 0.0]]))
    assert_allclose(shares[:, 1, 0], 0)
    assert_allclose(shares[:, 0, 1], [1, 0])


@pytest.mark.parametrize("weight", [None, [2.0, 1.0, 0.5, 3.0, 1.0, 0.3]])
@pytest.mark.parametrize("strength", [1.0, 0.25])
def test_loss_and_gradients_are_those_of_tasks_last_layer_and_plain_training(
    group_training: GroupTraining, step: Step, weight: list[float] | None, strength: float
) -> None:
    training = group_training(MEMBERS, TARGETS.tolist(), weight)
    made: Any = BiasMimicking(strength=strength).objective(training, PARAMS)
    model = network()
    kernel, bias = model.get_weights()
    taken = step(made, training, FEATURES @ kernel + bias, FEATURES, model=model, rate=1e-3)
    weights, members = np.array(weight or [1.0] * 6), np.array(MEMBERS)
    known = members.sum(axis=1)
    said = FEATURES.astype(float) @ kernel + bias
    plain = cross_entropy(said, TARGETS)
    totals = np.einsum("n,ng,nc->gc", weights, members, TARGETS)
    is_in = np.einsum("n,ng,nc,gct->nt", weights, members, TARGETS, mimicking_shares(totals))
    binary = np.logaddexp(0, np.where(TARGETS > 0, -said, said))
    tasks = (is_in * binary).sum() / is_in.sum()
    expected = (weights * plain).mean() + strength * (weights * known).mean() * tasks
    assert float(taken["loss"]) == pytest.approx(expected, rel=1e-5)
    # Features learn from the tasks, and of the plain loss what is not the last layer's.
    errors = is_in * (1 / (1 + np.exp(-said)) - TARGETS) / is_in.sum()
    assert_allclose(
        taken["features"],
        strength * (weights * known).mean() * errors @ kernel.T,
        rtol=1e-2,
        atol=2e-4,
    )
    off = np.exp(said) / np.exp(said).sum(axis=1, keepdims=True) - TARGETS
    through = (weights * (1 - strength * known))[:, None] * off / 6
    assert_allclose(taken["logits"], through, rtol=1e-2, atol=2e-4)


def test_heads_start_as_the_models_last_layer_and_without_a_bias_at_zero(
    group_training: GroupTraining,
) -> None:
    import keras

    training = group_training(MEMBERS, TARGETS.tolist())
    made: Any = BiasMimicking().objective(training, PARAMS)
    graph = keras.Model()
    graph.model = network(use_bias=False)
    made.build(graph, n_features=5, seed=0)
    assert np.array_equal(made.heads.get_weights()[0], graph.model.get_weights()[0])
    assert not made.heads.get_weights()[1].any()


def test_a_model_without_a_dense_last_layer_is_refused(group_training: GroupTraining) -> None:
    import keras

    inputs = keras.Input((4, 4, 3))
    graph = keras.Model()
    graph.model = keras.Model(
        inputs, keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(3, 1)(inputs))
    )
    made: Any = BiasMimicking().objective(group_training(MEMBERS, TARGETS.tolist()), PARAMS)
    with pytest.raises(InvalidInputError, match="needs its features"):
        made.build(graph, n_features=3, seed=0)
