from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling import (
    HISTORY_COLUMNS,
    TrainingSet,
    build_separable_cnn,
    predict_logits,
    train,
)
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.training import cross_entropy
from fer_fairness.params.modeling import ArchitectureParameters, TrainingParameters

Build = Callable[[], Any]
Toy = Callable[..., TrainingSet]


def run(
    model: Any,
    training: TrainingSet,
    validation: TrainingSet,
    params: TrainingParameters,
    *,
    folder: Path | None = None,
    seed: int = 0,
) -> Any:
    return train(
        model,
        training,
        validation,
        params,
        seed=seed,
        checkpoint_folder=folder,
        description="Training",
    )


def same(first: Any, second: Any) -> bool:
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_a_learnable_problem_is_learned(build: Build, toy: Toy, quick: TrainingParameters) -> None:
    params = quick.model_copy(update={"max_epochs": 12})
    history = run(build(), toy(64), toy(seed=1), params).history
    assert tuple(history.columns) == HISTORY_COLUMNS
    assert history["epoch"].tolist() == list(range(1, 13))
    assert history["loss"].iloc[-1] < 0.6 * history["loss"].iloc[0]
    assert history["validation_accuracy"].max() > 0.9


def test_result_is_the_epoch_of_the_lowest_validation_loss(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    # Validation targets are the opposite of the training targets: learning makes them worse.
    training, opposite = toy(), toy(seed=1)
    validation = TrainingSet(
        opposite.images, opposite.image_index, opposite.targets[:, [0, 3, 2, 1, 4, 5, 6, 7]].copy()
    )
    params = quick.model_copy(update={"max_epochs": 30, "early_stopping_patience": 3})
    result = run(build(), training, validation, params)
    history = result.history
    best = int(history["validation_loss"].argmin())
    assert len(history) == best + 1 + 3 < 30
    logits = predict_logits(
        result.model, validation.images, validation.image_index, batch_size=16, description="x"
    )
    losses = cross_entropy(logits.astype(np.float64), validation.targets)
    assert losses.mean() == pytest.approx(history["validation_loss"].min(), abs=1e-6)


def test_same_seed_gives_the_same_weights_and_another_seed_others(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    first, again, other = (
        run(build(), toy(), toy(seed=1), quick, seed=seed).model for seed in (0, 0, 1)
    )
    assert same(first, again)
    assert not same(first, other)


def test_learning_rates_of_the_history_are_those_of_the_schedule(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    params = quick.model_copy(update={"warmup_epochs": 2, "max_epochs": 4})
    history = run(build(), toy(), toy(seed=1), params).history
    assert history["learning_rate"].tolist() == pytest.approx([0.005, 0.0125, 0.02, 0.02])


def test_faces_of_weight_zero_teach_nothing(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    part = toy()
    weights = np.where(part.targets[:, 1] == 1, 1.0, 0.0).astype(np.float32)
    only_bright = TrainingSet(part.images, part.image_index, part.targets, weights)
    params = quick.model_copy(update={"max_epochs": 8})
    result = run(build(), only_bright, toy(seed=1), params)
    assert result.history["validation_accuracy"].iloc[-1] < 0.7
    unweighted = run(build(), part, toy(seed=1), params)
    assert unweighted.history["validation_accuracy"].iloc[-1] > 0.9


def test_options_of_the_optimiser_change_the_outcome(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    plain = quick.model_copy(update={"gradient_clip_norm": 0.1, "max_epochs": 1})
    changes: list[dict[str, Any]] = [
        {"optimizer": "adamw", "weight_decay": 0.1},
        {"label_smoothing": 0.1},
        {"gradient_clip_norm": None},
    ]
    unchanged = run(build(), toy(), toy(seed=1), plain).model
    for change in changes:
        changed = run(build(), toy(), toy(seed=1), plain.model_copy(update=change)).model
        assert not same(unchanged, changed), change


def test_loss_has_no_penalty_in_it(tiny: ArchitectureParameters, toy: Toy) -> None:
    model = build_separable_cnn(tiny.model_copy(update={"l2": 10.0}), seed=0)
    params = TrainingParameters(max_epochs=1)
    history = run(model, toy(), toy(seed=1), params).history
    assert history[["loss", "validation_loss"]].to_numpy().max() < 10.0


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        ("targets", "loss of batch 2 of 2 in epoch 3 is not a finite number"),
        ("images", "validation loss in epoch 3 is not a finite number"),
    ],
)
def test_divergence_names_where_it_was_and_keeps_the_checkpoint(
    build: Build,
    toy: Toy,
    quick: TrainingParameters,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damaged: str,
    message: str,
) -> None:
    epoch_of = TrainingBatches.epoch

    def with_damage(self: TrainingBatches, epoch: int) -> Any:
        for number, batch in enumerate(epoch_of(self, epoch)):
            if (epoch, number) == (2, 1):
                getattr(batch, damaged)[0] = np.nan
            yield batch

    monkeypatch.setattr(TrainingBatches, "epoch", with_damage)
    with pytest.raises(TrainingError, match=message):
        run(build(), toy(), toy(seed=1), quick, folder=tmp_path)
    with np.load(tmp_path / "checkpoint.npz") as archive:
        assert all(np.isfinite(archive[name]).all() for name in archive if name != "state")


@pytest.mark.parametrize("unfit", ["training", "validation"])
def test_sets_that_do_not_fit_the_model_are_refused(
    build: Build, toy: Toy, quick: TrainingParameters, unfit: str
) -> None:
    part = toy()
    seven = TrainingSet(part.images, part.image_index, part.targets[:, :7].copy())
    sets = {"training": part, "validation": part, unfit: seven}
    with pytest.raises(InvalidInputError, match=rf"the {unfit} set has targets of shape \(32, 7\)"):
        run(build(), sets["training"], sets["validation"], quick)


def test_cross_entropy_of_uniform_logits_is_the_logarithm_of_the_classes() -> None:
    targets = np.eye(8, dtype=np.float32)[:3]
    np.testing.assert_allclose(cross_entropy(np.full((3, 8), 700.0), targets), np.log(8))
