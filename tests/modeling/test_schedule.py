from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fer_fairness.modeling.schedule import EarlyStopping, LearningRateSchedule
from fer_fairness.params.training import TrainingParameters

LOSSES = st.lists(st.integers(0, 12).map(float), max_size=60)


def rates(params: TrainingParameters, losses: list[float]) -> list[float]:
    schedule = LearningRateSchedule(params)
    used = []
    for loss in losses:
        used.append(schedule.learning_rate)
        schedule.observe(loss)
    return [*used, schedule.learning_rate]


def test_rates_epoch_by_epoch_against_values_by_hand() -> None:
    params = TrainingParameters(
        initial_learning_rate=1.0,
        target_learning_rate=3.0,
        warmup_epochs=4,
        learning_rate_patience=2,
        learning_rate_factor=0.5,
        min_learning_rate=0.5,
    )
    # Losses rise through the warm-up without effect; 0.9 is the last improvement.
    losses = [1.0, 2.0, 3.0, 4.0, 0.9, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    expected = [1.0, 1.5, 2.0, 2.5, 3.0, 3.0, 3.0, 1.5, 1.5, 0.75, 0.75, 0.5, 0.5, 0.5]
    assert rates(params, losses) == pytest.approx(expected)


@pytest.mark.parametrize("schedule", ["plateau", "cosine"])
def test_a_scale_multiplies_all_rates(schedule: str) -> None:
    params = TrainingParameters.model_validate(
        {
            "schedule": schedule,
            "warmup_epochs": 2,
            "learning_rate_patience": 1,
            "max_epochs": 9,
            "min_learning_rate": 1e-5,
        }
    )
    losses = [1.0, 0.9, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0]
    scaled = rates(params.model_copy(update={"learning_rate_scale": 3.0}), losses)
    assert scaled == pytest.approx([3.0 * rate for rate in rates(params, losses)])


def test_a_cosine_falls_from_the_target_after_the_warm_up_by_hand() -> None:
    params = TrainingParameters(
        schedule="cosine",
        initial_learning_rate=1.0,
        target_learning_rate=3.0,
        min_learning_rate=1.0,
        warmup_epochs=2,
        max_epochs=6,
    )
    # cos(0), cos(pi/4), cos(pi/2), cos(3 pi/4), cos(pi) over a height of 2, whatever the losses.
    falling = [3.0, 2.0 + 0.5**0.5, 2.0, 2.0 - 0.5**0.5, 1.0]
    assert rates(params, [1.0, 2.0, 3.0, 0.1, 5.0, 5.0]) == pytest.approx([1.0, 2.0, *falling])
    assert rates(params, [1.0] * 9)[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(("max_epochs", "warmup"), [(1, 0), (2, 1), (3, 1), (4, 2), (30, 2)])
def test_a_short_cosine_run_warms_up_for_half_of_its_epochs_at_most(
    max_epochs: int, warmup: int
) -> None:
    params = TrainingParameters(
        schedule="cosine",
        initial_learning_rate=1.0,
        target_learning_rate=3.0,
        warmup_epochs=2,
        max_epochs=max_epochs,
    )
    used = rates(params, [1.0] * max_epochs)
    assert used.index(3.0) == warmup
    assert used[-1] == pytest.approx(params.min_learning_rate)


def test_source_document_reaches_its_target_after_eight_epochs() -> None:
    used = rates(TrainingParameters(), [1.0 / epoch for epoch in range(1, 12)])
    assert used[0] == 1e-5
    assert used[4] == pytest.approx(2e-5)
    assert used[8:] == [3e-5] * 4


def test_without_warm_up_the_target_is_the_first_rate() -> None:
    assert rates(TrainingParameters(warmup_epochs=0), []) == [3e-5]


@given(LOSSES)
def test_rates_stay_within_bounds_and_only_fall_after_the_warm_up(losses: list[float]) -> None:
    params = TrainingParameters(learning_rate_patience=2, warmup_epochs=3)
    used = rates(params, losses)
    after = used[3:]
    assert all(later <= earlier for earlier, later in pairwise(after))
    assert all(params.min_learning_rate <= rate <= params.target_learning_rate for rate in used)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
@settings(deadline=None, max_examples=50)
@given(LOSSES, st.integers(1, 5))
def test_reductions_are_those_of_the_keras_callback(losses: list[float], patience: int) -> None:
    import keras

    params = TrainingParameters(
        warmup_epochs=0, learning_rate_patience=patience, min_learning_rate=1e-6
    )
    optimizer = keras.optimizers.SGD(params.target_learning_rate)
    callback = keras.callbacks.ReduceLROnPlateau(
        factor=0.5, patience=patience, min_delta=0.0, min_lr=1e-6
    )
    model = keras.Sequential()
    model.compile(optimizer=optimizer, loss="mse")
    callback.set_model(model)
    callback.on_train_begin()
    expected = [params.target_learning_rate]
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        expected.append(float(optimizer.learning_rate.numpy()))
    assert rates(params, losses) == pytest.approx(expected, rel=1e-5)


def test_stopping_waits_for_its_patience_and_starts_anew_with_each_best() -> None:
    stopping = EarlyStopping(TrainingParameters(early_stopping_patience=2))
    seen = [(stopping.observe(loss), stopping.should_stop) for loss in [3.0, 3.0, 2.0, 2.5, 2.0]]
    assert seen == [(True, False), (False, False), (True, False), (False, False), (False, True)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"initial_learning_rate": 1.0}, "warm-up only rises"),
        ({"min_learning_rate": 1.0}, "min_learning_rate"),
        ({"weight_decay": 0.1}, "needs optimizer adamw"),
        ({"optimizer": "sgd"}, "'adam' or 'adamw'"),
        ({"batch_size": 0}, "greater than or equal to 1"),
        ({"learning_rate_factor": 1.0}, "less than 1"),
    ],
)
def test_contradictory_parameters_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrainingParameters(**values)
