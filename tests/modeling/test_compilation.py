from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import TrainingSet, build_network
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.compilation import seed_dropout, training_graph
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
        batch_size=16,
        label_smoothing=smoothing,
        logit_adjustment=tau,
        distillation=DistillationParameters(weight=weight, temperature=temperature),
    )
    part = toy(16)
    shares = np.linspace(1, 8, 8) / 36
    graph = training_graph(model, params, class_shares=shares)
    known = np.random.default_rng(0).normal(0, 2, (16, 8)).astype(np.float32)
    batches = TrainingBatches(part, params, seed=0, teacher_logits=known if weight else None)
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


def test_inputs_are_those_that_the_batches_give(
    build: Callable[[], Any], toy: Callable[..., TrainingSet]
) -> None:
    params = TrainingParameters(
        batch_size=16,
        mixup_alpha=0.2,
        online_augmentation=OnlineAugmentationParameters(flip=True, contrast=0.1, erased_share=0.1),
        distillation=DistillationParameters(weight=0.5),
    )
    graph = training_graph(build(), params, class_shares=np.full(8, 1 / 8))
    part = toy()
    known = np.zeros((len(part), 8), np.float32)
    batch = next(TrainingBatches(part, params, seed=0, teacher_logits=known).epoch(0))
    assert set(graph.input) == set(batch.inputs)
    assert graph.input["images"].dtype == "uint8"


def test_a_seed_decides_every_random_generator_those_of_nested_models_too(
    nested: Callable[[], Any],
) -> None:
    def states(seed: int) -> list[list[int]]:
        model = nested()
        dropouts = [model.get_layer("backbone").layers[3], model.layers[-2]]
        seed_dropout(model, seed)
        return [layer.seed_generator.state.numpy().tolist() for layer in dropouts]

    first, again, other = states(5), states(5), states(6)
    assert first == again
    assert first[0] != first[1]
    assert all(one != two for one, two in zip(first, other, strict=True))


def test_seeds_of_the_projects_own_network_follow_the_order_of_its_layers(
    build: Callable[[], Any],
) -> None:
    model = build()
    seed_dropout(model, 5)
    found = [
        int(layer.seed_generator.state.numpy()[0])
        for layer in model.layers
        if "Dropout" in type(layer).__name__
    ]
    assert found == np.random.default_rng(5).integers(2**31, size=len(found)).tolist()
