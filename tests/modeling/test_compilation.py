from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import TrainingSet, build_network
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.compilation import training_graph
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import (
    DistillationParameters,
    OnlineAugmentationParameters,
    TrainingParameters,
)


def test_a_teacher_is_asked_in_inference_mode_while_the_model_trains(
    tiny: ArchitectureParameters, toy: Callable[..., TrainingSet]
) -> None:
    dropping = tiny.model_copy(update={"spatial_dropout": 0.5})
    model, teacher = (build_network(dropping, seed=seed) for seed in (0, 1))
    params = TrainingParameters(batch_size=16, distillation=DistillationParameters(weight=0.5))
    part = toy(16)
    graph = training_graph(model, params, class_shares=part.class_shares(), teacher=teacher)
    batch = next(TrainingBatches(part, params, seed=0).epoch(0))
    known = teacher.predict_on_batch(batch.inputs["images"].astype(np.float32))
    outputs = np.asarray(graph(batch.inputs, training=True))
    np.testing.assert_allclose(outputs[:, 8:], known, rtol=1e-5, atol=1e-6)
    graph.train_on_batch(batch.inputs, batch.targets)
    outputs = np.asarray(graph(batch.inputs, training=True))
    np.testing.assert_allclose(outputs[:, 8:], known, rtol=1e-5, atol=1e-6)
    assert all("teacher" not in variable.path for variable in graph.trainable_variables)


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_the_loss_is_that_of_its_formula(toy: Callable[..., TrainingSet], weight: float) -> None:
    # Without dropout and changes, so that the model's outputs in training are known beforehand.
    plain = ArchitectureParameters(blocks=((4,),), image_side_px=8, spatial_dropout=0.0, l2=0.0)
    model, teacher = (build_network(plain, seed=seed) for seed in (0, 1))
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
    graph = training_graph(model, params, class_shares=shares, teacher=teacher)
    batch = next(TrainingBatches(part, params, seed=0).epoch(0))
    images = batch.inputs["images"].astype(np.float32)
    found, known = (net.predict_on_batch(images).astype(float) for net in (model, teacher))

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
    )
    graph = training_graph(build(), params, class_shares=np.full(8, 1 / 8))
    batch = next(TrainingBatches(toy(), params, seed=0).epoch(0))
    assert set(graph.input) == set(batch.inputs)
    assert graph.input["images"].dtype == "uint8"
