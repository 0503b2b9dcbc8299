"""What frozen early layers make of unchanging images is computed once, and nothing else changes."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.mitigation.methods.cutmix import CutMix
from fer_fairness.mitigation.methods.mixstyle import MixStyle
from fer_fairness.modeling import (
    Objective,
    Procedure,
    TrainingData,
    TrainingSet,
    build_network,
    freeze_layers,
    frozen_front,
    predict_logits,
    train,
)
from fer_fairness.modeling.frozen_front import SplitTraining, split_training
from fer_fairness.params.modeling import ArchitectureParameters, FreezingParameters
from fer_fairness.params.training import (
    DistillationParameters,
    OnlineAugmentationParameters,
    TrainingParameters,
)

Toy = Callable[..., TrainingSet]
NETWORK = ArchitectureParameters(
    blocks=((4, 4), (6, 6, 6)),
    stem_width=3,
    n_dense_blocks=1,
    spatial_dropout=0.0,
    image_side_px=8,
)
PLAIN = TrainingParameters(
    batch_size=16,
    max_epochs=2,
    warmup_epochs=0,
    target_learning_rate=0.01,
    precision="float32",
    average_momentum=0.9,
)


def frozen(n_trainable_layers: int = 2, params: ArchitectureParameters = NETWORK) -> Any:
    model = build_network(params, seed=0)
    freeze_layers(model, FreezingParameters(n_trainable_layers=n_trainable_layers))
    return model


def split(model: Any, part: TrainingSet, params: TrainingParameters = PLAIN) -> Any:
    return split_by(Procedure(), model, part, params)


def split_by(procedure: Procedure, model: Any, part: TrainingSet, params: Any = PLAIN) -> Any:
    objective = procedure.objective(part, params)
    sets = (part, part)
    return split_training(model, sets, params, procedure, objective, folder=None, description="x")


@pytest.mark.parametrize(
    ("n_trainable_layers", "dropout"), [(1, 0.0), (2, 0.0), (3, 0.0), (3, 0.3), (4, 0.0), (6, 0.3)]
)
def test_the_weights_are_those_of_a_training_that_computes_every_layer(
    toy: Toy, n_trainable_layers: int, dropout: float, tmp_path: Path
) -> None:
    data = TrainingData(toy(40), toy(seed=1))
    network = NETWORK.model_copy(update={"spatial_dropout": dropout})
    kept, computed = (
        train(
            frozen(n_trainable_layers, network),
            data,
            PLAIN.model_copy(update={"keep_activations": keeps}),
            seed=3,
            checkpoint_folder=tmp_path,
            description="x",
        )
        for keeps in (True, False)
    )
    for mine, others in zip(kept.model.get_weights(), computed.model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, others, atol=1e-2)  # maps are float16
    assert kept.model.count_params() == frozen().count_params()
    loss = ["loss", "validation_loss"]
    np.testing.assert_allclose(kept.history[loss], computed.history[loss], atol=2e-3)
    moved = zip(frozen(n_trainable_layers).get_weights(), kept.model.get_weights(), strict=True)
    assert any(not np.allclose(old, new, atol=1e-4) for old, new in moved)


def test_front_and_rest_together_are_the_model(toy: Toy) -> None:
    model, part = frozen(3), toy(20)
    found: SplitTraining = split(model, part)
    assert {v.path.split("/")[0] for v in found.rest.trainable_variables} == {
        v.path.split("/")[0] for v in model.trainable_variables
    }
    maps = found.training.images[found.training.image_index]
    assert maps.dtype == np.float16
    logits = found.rest.predict_on_batch(maps.astype(np.float32))
    whole = model.predict_on_batch(part.images[part.image_index].astype(np.float32))
    np.testing.assert_allclose(logits, whole, atol=5e-3)


def test_a_sum_that_leads_around_a_layer_is_not_cut(toy: Toy) -> None:
    """The last convolution is added to its input: both come from the map that is kept."""
    model = frozen(2)
    found: SplitTraining = split(model, toy(20))
    names = [layer.name for layer in found.rest.layers]
    sums = [name for name in names if name.startswith("block_2") and "sum" in name]
    trained = {v.path.split("/")[0] for v in found.rest.trainable_variables}
    assert {"block_2_convolution_3", "block_2_normalisation_3"} <= trained
    assert len(sums) <= 1
    assert "block_2_convolution_2" not in names


def test_nothing_is_computed_for_a_training_that_had_ended(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> Any:
        data = TrainingData(toy(40), toy(seed=1))
        return train(frozen(), data, PLAIN, seed=3, checkpoint_folder=tmp_path, description="x")

    first = run()

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr(frozen_front, "inference_batches", refuse)
    for mine, others in zip(first.model.get_weights(), run().model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, others)


def maps_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("frozen_front_*.npy"))


def run_with(folder: Path, part: TrainingSet, *, seed: int = 3, model: Any = None) -> Any:
    model = model or frozen()
    data, own = TrainingData(part, part), folder / f"seed_{seed}_{len(maps_in(folder))}"
    found = train(model, data, PLAIN, seed=seed, checkpoint_folder=own, description="x")
    return found.model.get_weights()


def test_trainings_of_other_seeds_read_the_maps_that_are_there(toy: Toy, tmp_path: Path) -> None:
    run_with(tmp_path, toy(20))
    [path] = maps_in(tmp_path)
    alone = run_with(tmp_path / "elsewhere", toy(20), seed=4)
    np.save(path, np.load(path) * np.float16(0.5))
    shared = run_with(tmp_path, toy(20), seed=4)
    assert maps_in(tmp_path) == [path]
    assert any(not np.allclose(mine, others) for mine, others in zip(shared, alone, strict=True))


@pytest.mark.parametrize("changed", ["weights", "activation", "images"])
def test_other_layers_or_faces_have_maps_of_their_own(
    toy: Toy, tmp_path: Path, changed: str
) -> None:
    run_with(tmp_path, toy(20))
    model = frozen(params=NETWORK.model_copy(update={"activation": "leaky_relu"}))
    assert NETWORK.activation != "leaky_relu"
    if changed != "activation":
        model = frozen()
    if changed == "weights":
        model.set_weights([values + 1e-3 for values in model.get_weights()])
    run_with(tmp_path, toy(20, seed=9 if changed == "images" else 0), model=model)
    assert len(maps_in(tmp_path)) == 2


def test_a_damaged_file_of_maps_is_made_anew(toy: Toy, tmp_path: Path) -> None:
    first = run_with(tmp_path, toy(20))
    [path] = maps_in(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    for mine, others in zip(first, run_with(tmp_path, toy(20)), strict=True):
        np.testing.assert_array_equal(mine, others)
    assert path.read_bytes() == whole


def test_maps_that_were_longest_not_used_give_way(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_with(tmp_path, toy(20))
    [first] = maps_in(tmp_path)
    os.utime(first, (1, 1))
    monkeypatch.setattr(frozen_front, "_MOST_BYTES", int(2.5 * first.stat().st_size))
    run_with(tmp_path, toy(20, seed=1))
    [second] = set(maps_in(tmp_path)) - {first}
    run_with(tmp_path, toy(20))
    os.utime(second, (2, 2))
    run_with(tmp_path, toy(20, seed=2))
    assert first in maps_in(tmp_path)
    assert second not in maps_in(tmp_path)


@pytest.mark.parametrize(
    "changed",
    [
        {"keep_activations": False},
        {"online_augmentation": OnlineAugmentationParameters(flip=True)},
        {"mixup_alpha": 0.2},
        {"distillation": DistillationParameters(weight=0.5, same_views=True)},
    ],
    ids=["not wanted", "augmented", "mixed", "teachers see views"],
)
def test_images_that_change_are_computed_in_each_step(toy: Toy, changed: dict[str, Any]) -> None:
    assert split(frozen(), toy(20)) is not None
    assert split(frozen(), toy(20), PLAIN.model_copy(update=changed)) is None


class Looking(Objective):
    """An objective that is shown the images."""

    uses_images = True


def test_methods_that_mix_or_look_at_pixels_see_pixels(toy: Toy) -> None:
    part = toy(20)
    assert split_by(CutMix(probability=0.5), frozen(), part) is None
    assert split_by(CutMix(probability=0.0), frozen(), part) is not None
    assert split_by(MixStyle(), frozen(), part) is None
    objective = Looking(PLAIN, np.full(8, 1 / 8))
    looking = split_training(
        frozen(), (part, part), PLAIN, Procedure(), objective, folder=None, description="x"
    )
    assert looking is None


def test_a_model_that_trains_whole_is_not_split(toy: Toy) -> None:
    assert split(build_network(NETWORK, seed=0), toy(20)) is None
    assert split(frozen(99), toy(20)) is None


@pytest.mark.parametrize("kind", ["statistics", "noise", "dropout", "nested"])
def test_what_changes_from_step_to_step_is_in_no_front(toy: Toy, kind: str) -> None:
    """None of these has a weight that gradients move."""
    import keras
    from keras import layers

    made = {
        "statistics": layers.BatchNormalization(scale=False, center=False),
        "noise": layers.GaussianNoise(0.5),
        "dropout": layers.Dropout(0.5),
        "nested": keras.Sequential([keras.Input((8, 8, 3)), layers.GaussianNoise(0.5)]),
    }
    inputs = keras.Input((8, 8, 1))
    first = layers.Conv2D(3, 3, padding="same", name="first")
    maps = layers.Conv2D(3, 3, padding="same", name="second")(made[kind](first(inputs)))
    outputs = layers.Dense(8)(layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(inputs, outputs)
    for name in ("first", "second"):
        model.get_layer(name).trainable = False
    found: SplitTraining = split(model, toy(20))
    assert found.rest.input_shape == (None, 8, 8, 3)
    assert "second" in [layer.name for layer in found.rest.layers]


def test_maps_beyond_float16_are_refused_with_the_remedy(toy: Toy) -> None:
    model = frozen()
    layer = next(each for each in model.layers if each.weights)
    layer.set_weights([weights * 1e9 for weights in layer.get_weights()])
    for each in model.layers:
        if "normalisation" in each.name and not each.trainable:
            gamma, *others = each.get_weights()
            each.set_weights([gamma * 1e6, *others])
    found: SplitTraining = split(model, toy(20))
    with pytest.raises(TrainingError, match=r"float16: set training\.keep_activations to false"):
        found.training.images[np.arange(2)]


def test_too_many_maps_are_not_kept(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(frozen_front, "_MOST_BYTES", 100)
    assert split(frozen(), toy(20)) is None
    assert "is not kept: they are computed in each step" in caplog.text


def test_faces_that_stand_in_the_set_several_times_are_computed_once(toy: Toy) -> None:
    part = toy(6)
    index = np.array([5, 0, 5, 2])
    repeated = replace(part, image_index=index, targets=part.targets[index])
    found: SplitTraining = split(frozen(), repeated)
    assert len(found.training.images) == 3
    assert found.training.image_index.tolist() == [2, 0, 2, 1]


def test_dropout_in_front_of_what_trains_is_off_and_behind_it_stays() -> None:
    params = NETWORK.model_copy(update={"spatial_dropout": 0.3})
    first, *others = (each.rate for each in frozen(2, params).layers if hasattr(each, "rate"))
    assert first == 0.0
    assert set(others) == {0.3}
    model = build_network(params, seed=0)
    freeze_layers(model, FreezingParameters(enabled=False))
    assert {each.rate for each in model.layers if hasattr(each, "rate")} == {0.3}


def test_predictions_are_of_images_and_never_of_maps() -> None:
    with pytest.raises(InvalidInputError, match="expected uint8"):
        predict_logits(
            frozen(),
            np.zeros((2, 8, 8, 1), np.float16),
            np.arange(2),
            batch_size=2,
            description="x",
        )
