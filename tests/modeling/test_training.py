import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling import (
    HISTORY_COLUMNS,
    WEIGHT,
    TrainingData,
    TrainingSet,
    build_network,
    predict_logits,
    set_regularisation,
    train,
)
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.objective import Objective, cross_entropy
from fer_fairness.modeling.training import _tell_of_classes_to_learn
from fer_fairness.params.modeling import ArchitectureParameters, RegularisationParameters
from fer_fairness.params.training import (
    DistillationParameters,
    OnlineAugmentationParameters,
    TrainingParameters,
)
from fer_fairness.taxonomy import EMOTIONS

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
        TrainingData(training, validation),
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
    assert tuple(history.columns) == (*HISTORY_COLUMNS, "is_kept")
    assert history["epoch"].tolist() == list(range(1, 13))
    assert history["loss"].iloc[-1] < 0.6 * history["loss"].iloc[0]
    assert history["validation_accuracy"].max() > 0.9


def test_the_history_is_of_each_epoch_alone_whether_or_not_keras_resets_its_metrics(
    build: Build, toy: Toy, quick: TrainingParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    expected = run(build(), toy(64), toy(seed=1), quick).history
    of_this_keras = keras.Model.train_on_batch

    def as_before_3_15(graph: Any, *given: Any, **more: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(type(graph), "reset_metrics", lambda _: None)
            return of_this_keras(graph, *given, **more)

    monkeypatch.setattr(keras.Model, "train_on_batch", as_before_3_15)
    found = run(build(), toy(64), toy(seed=1), quick).history
    assert found["loss"].tolist() == expected["loss"].tolist()
    assert found["accuracy"].tolist() == expected["accuracy"].tolist()


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
    assert history.loc[history["is_kept"], "epoch"].tolist() == [best + 1]
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
    only_bright = TrainingSet(part.images, part.image_index, part.targets, {WEIGHT: weights})
    params = quick.model_copy(update={"max_epochs": 8})
    result = run(build(), only_bright, toy(seed=1), params)
    assert result.history["validation_accuracy"].iloc[-1] < 0.7
    unweighted = run(build(), part, toy(seed=1), params)
    assert unweighted.history["validation_accuracy"].iloc[-1] > 0.9


def test_options_of_the_optimiser_change_the_outcome(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    # Six steps: an average begins with the fourth.
    plain = quick.model_copy(update={"gradient_clip_norm": 0.1, "max_epochs": 3})
    changes: list[dict[str, Any]] = [
        {"optimizer": "adamw", "weight_decay": 0.1},
        {"label_smoothing": 0.1},
        {"gradient_clip_norm": None},
        {"mixup_alpha": 0.5},
        {"logit_adjustment": 1.0},
        {"average_momentum": 0.5},
        {"online_augmentation": OnlineAugmentationParameters(erased_share=0.5)},
    ]
    unchanged = run(build(), toy(), toy(seed=1), plain).model
    for change in changes:
        changed = run(build(), toy(), toy(seed=1), plain.model_copy(update=change)).model
        assert not same(unchanged, changed), change


def test_loss_has_no_penalty_in_it(tiny: ArchitectureParameters, toy: Toy) -> None:
    model = build_network(tiny.model_copy(update={"l2": 10.0}), seed=0)
    params = TrainingParameters(max_epochs=1)
    history = run(model, toy(), toy(seed=1), params).history
    assert history[["loss", "validation_loss"]].to_numpy().max() < 10.0


def test_a_loss_that_is_no_number_before_anything_was_learned_is_no_divergence(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    model = build()
    model.set_weights([np.full_like(values, np.nan) for values in model.get_weights()])
    with pytest.raises(TrainingError, match=r"the first batch, .* learning rate is not to blame"):
        run(model, toy(), toy(seed=1), quick)


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        ("targets", "loss of batch 2 of 2 in epoch 3 is not a finite number"),
        ("weights", "weight after the last batch in epoch 3 is not a finite number"),
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
    model = build()

    def with_damage(self: TrainingBatches, epoch: int) -> Any:
        for number, batch in enumerate(epoch_of(self, epoch)):
            if (epoch, number) == (2, 1) and damaged == "targets":
                batch.targets[0] = np.nan
            yield batch
        if epoch == 2 and damaged == "weights":
            model.set_weights([np.full_like(values, np.nan) for values in model.get_weights()])

    monkeypatch.setattr(TrainingBatches, "epoch", with_damage)
    with pytest.raises(TrainingError, match=message):
        run(model, toy(), toy(seed=1), quick, folder=tmp_path)
    (checkpoint,) = tmp_path.iterdir()
    with np.load(checkpoint) as archive:
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


@pytest.mark.parametrize(
    ("same_views", "n_views"), [(False, None), (True, None), (True, 3), (False, 3)]
)
def test_a_teacher_keeps_what_it_knew(
    build: Build, toy: Toy, quick: TrainingParameters, *, same_views: bool, n_views: int | None
) -> None:
    # The teacher can tell bright from dark; the new targets say nothing about it.
    teacher = run(build(), toy(64), toy(seed=1), quick.model_copy(update={"max_epochs": 12})).model
    known = predict(teacher, toy(seed=2))
    uninformative = replace(toy(), targets=np.full((32, 8), 1 / 8, np.float32))
    forgotten = {}
    for weight in (0.0, 0.9):
        student = build()
        student.set_weights(teacher.get_weights())
        distillation = DistillationParameters(weight=weight, same_views=same_views, n_views=n_views)
        params = quick.model_copy(update={"distillation": distillation})
        data = TrainingData(uninformative, uninformative, [teacher])
        train(
            student,
            data,
            params,
            seed=0,
            checkpoint_folder=None,
            description="x",
        )
        forgotten[weight] = np.abs(predict(student, toy(seed=2)) - known).mean()
    assert forgotten[0.9] < 0.8 * forgotten[0.0]
    assert np.array_equal(predict(teacher, toy(seed=2)), known), "the teacher does not learn"


def test_distillation_needs_a_teacher_of_the_same_shape(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    params = quick.model_copy(update={"distillation": DistillationParameters(weight=0.5)})
    with pytest.raises(InvalidInputError, match="there is no teacher"):
        run(build(), toy(), toy(), params)
    seven = build_network(
        ArchitectureParameters(blocks=((2,),), image_side_px=8), seed=0, n_outputs=7
    )
    with pytest.raises(InvalidInputError, match="takes and gives"):
        train(
            build(),
            TrainingData(toy(), toy(), [seven]),
            params,
            seed=0,
            checkpoint_folder=None,
            description="x",
        )


def trained_a_little(model: Any) -> Any:
    """Stands for a training: it moves the statistics of batch normalisation, if not much else."""
    model.set_weights([weights + np.float32(0.01) for weights in model.get_weights()])
    return model


def test_without_epochs_the_model_stays_as_it_is(
    build: Build, toy: Toy, quick: TrainingParameters, caplog: pytest.LogCaptureFixture
) -> None:
    model = build()
    before = model.get_weights()
    params = quick.model_copy(update={"max_epochs": 0})
    with caplog.at_level(logging.INFO, logger="fer_fairness"):
        result = run(model, toy(), toy(), params)
        (warned,) = caplog.records
        run(trained_a_little(build()), toy(), toy(), params)
    assert warned.levelname == "WARNING"
    assert "the weights of model 'compact_cnn' are random" in warned.message
    assert caplog.records[1].levelname == "INFO"
    assert "model 'compact_cnn' is taken as it is" in caplog.records[1].message
    assert all(map(np.array_equal, before, result.model.get_weights()))
    assert tuple(result.history.columns) == (*HISTORY_COLUMNS, "is_kept")
    assert len(result.history) == 0


def test_the_average_of_the_weights_is_what_is_validated_and_kept(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    params = quick.model_copy(update={"average_momentum": 0.9, "max_epochs": 6})
    validation = toy(seed=1)
    result = run(build(), toy(64), validation, params)
    logits = predict(result.model, validation)
    loss = cross_entropy(logits.astype(np.float64), validation.targets).mean()
    assert loss == pytest.approx(result.history["validation_loss"].min(), abs=1e-6)
    raw = run(build(), toy(64), validation, params.model_copy(update={"average_momentum": None}))
    assert result.history["loss"].tolist() == pytest.approx(raw.history["loss"].tolist())
    assert not same(result.model, raw.model)


def test_a_run_of_fewer_steps_than_the_average_needs_keeps_what_it_learned(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    params = quick.model_copy(update={"average_momentum": 0.9, "max_epochs": 1})
    averaged = run(build(), toy(32), toy(seed=1), params).model
    raw = run(
        build(), toy(32), toy(seed=1), params.model_copy(update={"average_momentum": None})
    ).model
    assert same(averaged, raw)
    assert not same(averaged, build())


def test_how_a_training_ended_is_told(
    build: Build, toy: Toy, quick: TrainingParameters, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="fer_fairness"):
        history = run(
            build(), toy(), toy(seed=1), quick.model_copy(update={"max_epochs": 2})
        ).history
    kept = history[history["is_kept"]].iloc[0]
    (told,) = [message for message in caplog.messages if "ended" in message]
    assert f"Training ended: epoch {kept['epoch']} of 2 is kept" in told
    assert f"validation loss {kept['validation_loss']:.3f}" in told
    assert f"mean recall {kept['validation_mean_recall']:.3f}" in told
    expected = sum(int(np.prod(weight.shape)) for weight in build().trainable_weights)
    assert f"{expected:,} trainable weights" in told
    assert "training faces a second" in told


def test_an_adjusted_model_predicts_the_rare_class_more_often(
    build: Build, quick: TrainingParameters
) -> None:
    # Noise images, nine of ten of class 1: all that can be learned is how rare class 3 is.
    noise = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1)).astype(np.uint8)
    targets = np.eye(8, dtype=np.float32)[np.where(np.arange(64) % 10 == 0, 3, 1)]
    part = TrainingSet(noise, np.arange(64), targets)
    params = quick.model_copy(update={"max_epochs": 15, "early_stopping_patience": 15})
    margins = [
        float(np.diff(predict(run(build(), part, part, one).model, part)[:, [1, 3]]).mean())
        for one in (params, params.model_copy(update={"logit_adjustment": 1.0}))
    ]
    assert margins[1] > margins[0] + 0.5


@pytest.mark.parametrize("chosen", ["validation_accuracy", "validation_mean_recall"])
def test_the_kept_epoch_is_that_of_the_best_chosen_score(
    build: Build, toy: Toy, quick: TrainingParameters, chosen: str
) -> None:
    validation = toy(seed=1)
    params = quick.model_copy(update={"selected_by": chosen, "max_epochs": 5})
    result = run(build(), toy(), validation, params)
    right = predict(result.model, validation).argmax(1) == validation.targets.argmax(1)
    score = (
        right.mean()
        if chosen == "validation_accuracy"
        else np.mean([right[validation.targets[:, label] == 1].mean() for label in (1, 3)])
    )
    assert score == pytest.approx(result.history[chosen].max())


def test_a_class_without_training_faces_is_named(
    build: Build, toy: Toy, quick: TrainingParameters, caplog: pytest.LogCaptureFixture
) -> None:
    validation = toy()
    with_fear = replace(validation, targets=np.roll(validation.targets, 3, axis=1))
    with caplog.at_level(logging.WARNING, logger="fer_fairness"):
        run(build(), toy(), validation, quick.model_copy(update={"max_epochs": 1}))
        assert caplog.text == ""
        run(build(), toy(), with_fear, quick.model_copy(update={"max_epochs": 1}))
    assert "No training face has a share of anger" in caplog.text
    assert "No training face has a share of fear" in caplog.text
    assert "neutral" not in caplog.text


def test_classes_that_no_face_has_are_told_without_a_warning(
    toy: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    part = toy()
    targets = np.full((32, 8), 1 / 7, np.float32)
    targets[:, EMOTIONS.index("contempt")] = 0
    labelled = replace(part, targets=targets)
    with caplog.at_level(logging.INFO, logger="fer_fairness"):
        data = TrainingData(labelled, labelled)
        _tell_of_classes_to_learn(data, Objective(TrainingParameters(), labelled.class_shares()))
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert "has a share of contempt: it is not learned here" in record.message


def predict(model: Any, part: TrainingSet) -> np.ndarray:
    return predict_logits(model, part.images, part.image_index, batch_size=16, description="x")


def test_the_history_has_the_mean_over_the_faces_of_an_epoch(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    # So small a rate changes nothing, and without dropout a frozen model's outputs are known.
    part = toy(40)
    model = set_regularisation(
        build(), RegularisationParameters(spatial_dropout=0.0, l2=0.0), seed=0
    )
    for layer in model.layers:
        layer.trainable = layer.name == "logits"
    params = quick.model_copy(
        update={
            "max_epochs": 1,
            "warmup_epochs": 0,
            "target_learning_rate": 1e-12,
            "online_augmentation": OnlineAugmentationParameters(),
            "precision": "float32",
        }
    )
    logits = predict(model, part)
    weighted = replace(part, columns={WEIGHT: np.linspace(0.1, 2, 40, dtype=np.float32)})
    row = run(model, weighted, part, params).history.iloc[0]
    losses = cross_entropy(logits.astype(np.float64), part.targets)
    expected = np.average(losses, weights=weighted.columns[WEIGHT])
    assert row["loss"] == pytest.approx(expected, rel=1e-4)
    assert row["accuracy"] == pytest.approx((logits.argmax(1) == part.targets.argmax(1)).mean())
