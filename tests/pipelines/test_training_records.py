"""What the training nodes record of a model, from the baseline to a fine-tuned variant."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.modeling import build_network
from fer_fairness.modeling.fingerprints import weights_fingerprint
from fer_fairness.params.modeling import (
    ArchitectureParameters,
    FreezingParameters,
    RegularisationParameters,
)
from fer_fairness.params.training import TrainingParameters
from fer_fairness.pipeline_registry import register_pipelines
from fer_fairness.pipelines import template_nodes as nodes

ARCHITECTURE = ArchitectureParameters(blocks=((2, 2), (4,)), n_dense_blocks=1)
ONE_EPOCH = TrainingParameters(max_epochs=1, batch_size=4, warmup_epochs=0)


@pytest.fixture
def train(
    make_faces: Callable[..., pd.DataFrame], tmp_path: Path
) -> Callable[..., tuple[Any, dict[str, Any]]]:
    faces = make_faces(["train"] * 6 + ["validation"] * 2, ["neutral", "fear"] * 4)
    images = np.random.default_rng(0).integers(0, 255, (8, 48, 48, 1), dtype=np.uint8)

    def run(model: Any, training: TrainingParameters, name: str, **more: Any) -> Any:
        trained, _, record = nodes.train_model(
            model, faces, images, training, name, 3, str(tmp_path), **more
        )
        return trained, record

    return run


def test_a_fine_tuned_model_starts_from_the_fingerprint_of_the_baseline_as_it_was_saved(
    train: Callable[..., tuple[Any, dict[str, Any]]], tmp_path: Path
) -> None:
    import keras

    model = nodes.build_model(ARCHITECTURE, 3)
    baseline, of_baseline = train(model, ONE_EPOCH, "baseline", architecture=ARCHITECTURE)
    baseline.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    freezing, regularisation = FreezingParameters(n_trainable_layers=1), RegularisationParameters()
    ready = nodes.prepare_for_fine_tuning(loaded, freezing, regularisation, 3)
    tuned, of_tuned = train(
        ready,
        ONE_EPOCH,
        "tuned",
        teacher=loaded,
        freezing=freezing,
        regularisation=regularisation,
    )
    assert of_baseline["start_fingerprint"] is None, "random weights"
    assert of_tuned["start_fingerprint"] == of_baseline["fingerprint"]
    assert of_tuned["fingerprint"] == weights_fingerprint(tuned) != of_baseline["fingerprint"]
    assert of_tuned["n_weights"] == of_baseline["n_weights"] == baseline.count_params()
    assert 0 < of_tuned["n_trainable_weights"] < of_baseline["n_trainable_weights"]
    assert (of_tuned["variant"], of_tuned["seed"]) == ("tuned", 3)
    assert of_tuned["network"] == of_baseline["network"] == "compact_cnn"


def test_the_parameters_are_recorded_with_their_defaults_as_json(
    train: Callable[..., tuple[Any, dict[str, Any]]],
) -> None:
    model = nodes.build_model(ARCHITECTURE, 3)
    _, record = train(model, ONE_EPOCH, "baseline", architecture=ARCHITECTURE)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert list(record["parameters"]) == ["architecture", "training"]
    assert ArchitectureParameters.model_validate(record["parameters"]["architecture"]) == (
        ARCHITECTURE
    )
    assert TrainingParameters.model_validate(record["parameters"]["training"]) == ONE_EPOCH


def test_a_loaded_model_taken_as_it_is_starts_and_ends_with_its_own_weights(
    train: Callable[..., tuple[Any, dict[str, Any]]], tmp_path: Path
) -> None:
    build_network(ARCHITECTURE, seed=0).save(tmp_path / "own.keras")
    architecture = ArchitectureParameters(weights=str(tmp_path / "own.keras"))
    model = nodes.build_model(architecture, 3)
    none = TrainingParameters(max_epochs=0)
    _, record = train(model, none, "baseline", architecture=architecture)
    assert record["start_fingerprint"] == record["fingerprint"]
    assert record["start_fingerprint"] == weights_fingerprint(build_network(ARCHITECTURE, seed=0))


@pytest.mark.parametrize(
    ("node", "blocks"),
    [
        ("baseline.train", {"architecture"}),
        ("continued_training.train", {"freezing", "regularisation"}),
        ("reweighing.train", {"freezing", "regularisation", "reweighing"}),
        (
            "demographic_augmentation.train",
            {"freezing", "regularisation", "augmentation"},
        ),
        ("seed_1.emotion_augmentation.train", {"freezing", "regularisation", "augmentation"}),
    ],
)
def test_every_block_that_decides_what_is_trained_is_handed_over(
    node: str, blocks: set[str]
) -> None:
    found = next(n for n in register_pipelines([0, 1])["__default__"].nodes if n.name == node)
    space = f"params:{node.rpartition('.')[0].removeprefix('seed_1.')}."
    given = {name.removeprefix(space) for name in found.inputs if name.startswith(space)}
    assert given == blocks | {"training", "name"}
    assert found.outputs[-1] == f"{node.rpartition('.')[0]}.training_record"
