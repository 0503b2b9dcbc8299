from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import Objective, Procedure, TrainingSet, build_network
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.graph import seed_generators, training_graph
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import (
    DistillationParameters,
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
        batch_size=16,
        label_smoothing=smoothing,
        logit_adjustment=tau,
        distillation=DistillationParameters(weight=weight, temperature=temperature),
    )
    part = toy(16)
    shares = np.linspace(1, 8, 8) / 36
    graph = training_graph(model, params, Objective(params, shares))
    known = np.random.default_rng(0).normal(0, 2, (16, 8)).astype(np.float32)
    batches = TrainingBatches(
        part, params, Procedure(), seed=0, teacher_logits=known if weight else None
    )
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


def test_what_an_objective_builds_is_trained_and_kept_with_the_model(
    build: Callable[[], Any], toy: Callable[..., TrainingSet]
) -> None:
    class Watched(Objective):
        """A head on the features, and a count of the steps."""

        uses_features = True

        def build(self, graph: Any) -> None:
            import keras

            graph.head = keras.layers.Dense(2, kernel_initializer="ones")
            graph.head.build((None, 8))
            self.head = graph.head
            self.steps = graph.add_weight(shape=(), initializer="zeros", trainable=False)

        def loss(self, batch: Any, targets: Any, logits: Any, features: Any, weight: Any) -> Any:
            from keras import ops

            self.steps.assign(self.steps + 1)
            told = ops.mean(self.head(features) ** 2)
            return super().loss(batch, targets, logits, features, weight) + told

    params = TrainingParameters(batch_size=16)
    model = build()
    objective = Watched(params, np.full(8, 1 / 8))
    graph = training_graph(model, params, objective)
    batches = TrainingBatches(toy(), params, Procedure(), seed=0)
    n_steps = 0
    for batch in batches.epoch(0):
        graph.train_on_batch(batch.inputs, batch.targets)
        n_steps += 1
    assert float(objective.steps.numpy()) == n_steps == 2
    assert not np.allclose(objective.head.kernel.numpy(), 1.0)
    kept = {id(variable) for variable in graph.variables}
    assert {id(v) for v in [*model.variables, *objective.head.variables, objective.steps]} <= kept


def test_a_seed_decides_every_random_generator_those_of_nested_models_too(
    nested: Callable[[], Any],
) -> None:
    def states(seed: int) -> list[list[int]]:
        model = nested()
        dropouts = [model.get_layer("backbone").layers[3], model.layers[-2]]
        seed_generators(model, seed)
        return [layer.seed_generator.state.numpy().tolist() for layer in dropouts]

    first, again, other = states(5), states(5), states(6)
    assert first == again
    assert first[0] != first[1]
    assert all(one != two for one, two in zip(first, other, strict=True))


def test_seeds_of_the_projects_own_network_follow_the_order_of_its_layers(
    build: Callable[[], Any],
) -> None:
    model = build()
    seed_generators(model, 5)
    found = [
        int(layer.seed_generator.state.numpy()[0])
        for layer in model.layers
        if "Dropout" in type(layer).__name__
    ]
    assert found == np.random.default_rng(5).integers(2**31, size=len(found)).tolist()
