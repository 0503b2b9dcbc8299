from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.errors import TrainingError
from fer_fairness.modeling import Objective, Procedure, TrainingSet, build_network
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.distillation import Teaching
from fer_fairness.modeling.graph import training_graph
from fer_fairness.modeling.objective import Seen
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import (
    DistillationParameters,
    OnlineAugmentationParameters,
    TrainingParameters,
)


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_the_loss_is_that_of_its_formula(toy: Callable[..., TrainingSet], weight: float) -> None:
    # Without dropout and changes, so that the model's outputs in training are known beforehand.
    plain = ArchitectureParameters(blocks=((4,),), image_side_px=8, spatial_dropout=0.0, l2=0.0)
    model = build_network(plain, seed=0)
    for layer in model.layers:  # batch normalisation in inference mode
        layer.trainable = layer.name == "logits"
    temperature, smoothing, tau = 3.0, 0.1, 0.7
    params = TrainingParameters(
        precision="float32",
        batch_size=16,
        label_smoothing=smoothing,
        logit_adjustment=tau,
        distillation=DistillationParameters(weight=weight, temperature=temperature),
    )
    part = toy(16)
    shares = np.linspace(1, 8, 8) / 36
    graph = training_graph(model, params, Objective(params, shares), seed=0)
    known = np.random.default_rng(0).normal(0, 2, (16, 8)).astype(np.float32)
    teaching = Teaching(known[None], has_views=False) if weight else None
    batches = TrainingBatches(part, params, Procedure(), seed=0, teaching=teaching)
    batch = next(batches.epoch(0))
    found = model.predict_on_batch(batch.inputs["images"].astype(np.float32)).astype(float)
    known = batch.inputs.get("teacher_logits", known).astype(float)

    def log_softmax(logits: np.ndarray) -> np.ndarray:
        return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)

    smoothed = batch.targets * (1 - smoothing) + smoothing / 8
    labelled = -(smoothed * log_softmax(found + tau * np.log(shares))).sum(axis=1)
    taught = np.exp(log_softmax(known / temperature))
    divergence = (
        taught * (log_softmax(known / temperature) - log_softmax(found / temperature))
    ).sum(axis=1)
    expected = ((1 - weight) * labelled + weight * temperature**2 * divergence).mean()
    logs = graph.train_on_batch(batch.inputs, batch.targets, return_dict=True)
    assert float(logs["loss"]) == pytest.approx(expected, rel=1e-5)
    plain_loss = -(batch.targets * log_softmax(found)).sum(axis=1).mean()
    assert float(logs["cross_entropy"]) == pytest.approx(plain_loss, rel=1e-5)
    right = (found.argmax(axis=1) == batch.targets.argmax(axis=1)).mean()
    assert float(logs["accuracy"]) == pytest.approx(right)


def test_the_cross_entropy_that_is_told_weighs_faces_as_the_loss_does(
    toy: Callable[..., TrainingSet],
) -> None:
    plain = ArchitectureParameters(blocks=((4,),), image_side_px=8, spatial_dropout=0.0, l2=0.0)
    model = build_network(plain, seed=0)
    for layer in model.layers:  # batch normalisation in inference mode
        layer.trainable = layer.name == "logits"
    params = TrainingParameters(precision="float32", batch_size=16)
    part = toy(16)
    graph = training_graph(model, params, Objective(params, np.full(8, 1 / 8)), seed=0)
    batch = next(TrainingBatches(part, params, Procedure(), seed=0).epoch(0))
    logits = model.predict_on_batch(batch.inputs["images"].astype(np.float32))
    of_faces = -(batch.targets * (logits - np.logaddexp.reduce(logits, 1, keepdims=True))).sum(1)
    weights = np.where(np.arange(16) % 3, 0, np.arange(16) + 0.5).astype(np.float32)
    logs = graph.train_on_batch(
        batch.inputs, batch.targets, sample_weight=weights, return_dict=True
    )
    expected = np.average(of_faces, weights=weights)
    assert abs(expected - of_faces.mean()) > 0.01
    assert float(logs["cross_entropy"]) == pytest.approx(expected, rel=1e-5)


def test_smoothing_spreads_targets_over_the_emotions_that_training_faces_show() -> None:
    params = TrainingParameters(label_smoothing=0.1)
    logits = np.array([[1.0, 0.0, 2.0]], np.float32)
    (found,) = Objective(params, np.array([0.7, 0.3, 0.0])).face_losses({}, np.eye(3)[:1], logits)
    log_shares = logits[0] - np.logaddexp.reduce(logits[0])
    assert float(found) == pytest.approx(-(0.95 * log_shares[0] + 0.05 * log_shares[1]), rel=1e-5)


@pytest.mark.parametrize("share_of_teachers", [None, 0.0, 0.3, 1.0])
def test_no_answer_has_a_smaller_loss_than_the_least(share_of_teachers: float | None) -> None:
    generator = np.random.default_rng(0)
    votes = generator.dirichlet(np.full(4, 0.5), 50).astype(np.float32)
    votes[:4] = np.eye(4)
    distillation = DistillationParameters(weight=share_of_teachers or 0.0, temperature=1.0)
    params = TrainingParameters(
        label_smoothing=0.0, logit_adjustment=0.0, distillation=distillation
    )
    made = Objective(params, np.full(4, 0.25))
    as_voted = np.log(np.maximum(votes, 1e-9))
    batch = {} if share_of_teachers is None else {"teacher_logits": as_voted}
    least = np.asarray(made.least_losses(batch, votes))
    np.testing.assert_allclose(least[:4], 0, atol=1e-6)
    best = np.asarray(made.face_losses(batch, votes, as_voted))
    np.testing.assert_allclose(least, best, atol=1e-5)
    for _ in range(20):
        other = as_voted + generator.normal(size=votes.shape).astype(np.float32)
        assert (np.asarray(made.face_losses(batch, votes, other)) >= least - 1e-5).all()


def test_a_teacher_that_is_the_model_teaches_it_nothing_where_both_see_the_same_views(
    toy: Callable[..., TrainingSet],
) -> None:
    plain = ArchitectureParameters(blocks=((4,),), image_side_px=8, spatial_dropout=0.0, l2=0.0)
    model, teacher = (build_network(plain, seed=0) for _ in range(2))
    for layer in model.layers:  # batch normalisation in inference mode
        layer.trainable = layer.name == "logits"
    params = TrainingParameters(
        batch_size=16,
        mixup_alpha=0.5,
        online_augmentation=OnlineAugmentationParameters(flip=True, shift_share=0.2),
        distillation=DistillationParameters(weight=1.0, temperature=1.0, same_views=True),
    )
    part = toy(16)
    objective = Objective(params, np.full(8, 1 / 8))
    (batch,) = TrainingBatches(part, params, Procedure(), seed=0).epoch(0)
    before = teacher.get_weights()

    def loss(*teachers: Any) -> float:
        graph = training_graph(model, params, objective, seed=0, teachers=teachers)
        assert len(graph.variables) == len(model.variables) + n_metrics
        logs = graph.train_on_batch(batch.inputs, batch.targets, return_dict=True)
        return float(logs["loss"])

    n_metrics = len(training_graph(model, params, objective, seed=0).variables)
    n_metrics -= len(model.variables)
    other = build_network(plain, seed=1)
    assert loss(teacher) == pytest.approx(0.0, abs=1e-5)
    assert loss(teacher, other) > 1e-3
    assert loss(other) > 1e-3
    for was, now in zip(before, teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_what_an_objective_builds_is_trained_and_kept_with_the_model(
    build: Callable[[], Any], toy: Callable[..., TrainingSet]
) -> None:
    class Watched(Objective):
        """A head on the features, and a count of the steps."""

        uses_features = True

        def build(self, graph: Any, *, n_features: int, seed: int) -> None:
            import keras

            assert (n_features, seed) == (8, 0)
            graph.head = keras.layers.Dense(2, kernel_initializer="ones")
            graph.head.build((None, n_features))
            self.head = graph.head
            self.steps = graph.add_weight(shape=(), initializer="zeros", trainable=False)

        def loss(self, seen: Seen) -> Any:
            from keras import ops

            self.steps.assign(self.steps + 1)
            return super().loss(seen) + ops.mean(self.head(seen.features) ** 2)

    params = TrainingParameters(batch_size=16)
    model = build()
    objective = Watched(params, np.full(8, 1 / 8))
    graph = training_graph(model, params, objective, seed=0)
    batches = TrainingBatches(toy(), params, Procedure(), seed=0)
    n_steps = 0
    for batch in batches.epoch(0):
        graph.train_on_batch(batch.inputs, batch.targets)
        n_steps += 1
    assert float(objective.steps.numpy()) == n_steps == 2
    assert not np.allclose(objective.head.kernel.numpy(), 1.0)
    kept = {id(variable) for variable in graph.variables}
    assert {id(v) for v in [*model.variables, *objective.head.variables, objective.steps]} <= kept


def states_of_dropout(model: Any, seed: int) -> list[list[int]]:
    from fer_fairness.modeling.inspection import leaf_layers

    params = TrainingParameters()
    training_graph(model, params, Objective(params, np.full(8, 1 / 8)), seed=seed)
    dropouts = [layer for layer in leaf_layers(model) if "Dropout" in type(layer).__name__]
    return [layer.seed_generator.state.numpy().tolist() for layer in dropouts]


def test_a_seed_decides_every_random_generator_those_of_nested_models_too(
    nested: Callable[[], Any],
) -> None:
    first, again, other = (states_of_dropout(nested(), seed) for seed in (5, 5, 6))
    assert first == again
    assert first[0] != first[1]
    assert all(one != two for one, two in zip(first, other, strict=True))


def test_seeds_of_the_projects_own_network_follow_the_order_of_its_layers(
    build: Callable[[], Any],
) -> None:
    found = [state[0] for state in states_of_dropout(build(), 5)]
    assert found == np.random.default_rng(5).integers(2**31, size=len(found)).tolist()


class WithHead(Objective):
    """Learns a head on the features, built or not."""

    uses_features = True
    is_built = True

    def build(self, graph: Any, *, n_features: int, seed: int) -> None:
        import keras

        initial = keras.initializers.GlorotUniform(seed)
        graph.head = keras.layers.Dense(2, kernel_initializer=initial, name="head")
        if self.is_built:
            graph.head.build((None, n_features))


@pytest.mark.parametrize("form", ["compact", "separable"])
def test_features_are_vectors_and_initial_weights_follow_the_seed(form: Any) -> None:
    params = TrainingParameters()
    model = build_network(
        ArchitectureParameters(form=form, blocks=((4,), (6,)), image_side_px=16), seed=0
    )
    objective = WithHead(params, np.full(8, 1 / 8))
    first, again, other = (
        training_graph(model, params, objective, seed=seed).head.kernel.numpy()
        for seed in (1, 1, 2)
    )
    assert first.ndim == 2
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_layer_that_was_not_built_is_named(build: Callable[[], Any]) -> None:
    params = TrainingParameters()
    objective = WithHead(params, np.full(8, 1 / 8))
    objective.is_built = False
    with pytest.raises(TrainingError, match=r"WithHead\.build made the layers head without"):
        training_graph(build(), params, objective, seed=0)
