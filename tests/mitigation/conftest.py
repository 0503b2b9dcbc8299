"""Small batches for the losses that see groups, and their gradients."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pytest

from fer_fairness.modeling import GROUP, WEIGHT, Objective, TrainingSet

Members: TypeAlias = Sequence[Sequence[float]]
GroupTraining: TypeAlias = Callable[..., TrainingSet]
Step: TypeAlias = Callable[..., dict[str, np.ndarray]]


@pytest.fixture(scope="session")
def group_training() -> GroupTraining:
    """Build a training set of faces with these memberships and targets."""

    def build(
        members: Members, targets: Sequence[Sequence[float]], weight: Sequence[float] | None = None
    ) -> TrainingSet:
        shares = np.array(members, np.float32)
        columns = {f"membership_{number}": shares[:, number] for number in range(shares.shape[1])}
        columns[GROUP] = np.where(shares.any(1), shares.argmax(1), -1).astype(np.int32)
        if weight is not None:
            columns[WEIGHT] = np.array(weight, np.float32)
        return TrainingSet(
            images=np.zeros((len(shares), 8, 8, 1), np.uint8),
            image_index=np.arange(len(shares)),
            targets=np.array(targets, np.float32),
            columns=columns,
        )

    return build


@pytest.fixture(scope="session")
def step() -> Step:
    """Take steps of gradient descent with rate 1 on logits and features of a training set.

    A `model` is the one that the objective finds in the graph. Gives the loss, gradients of
    `logits` and `features`, and the objective's variables afterwards.
    """

    def take(
        made: Objective,
        training: TrainingSet,
        logits: np.ndarray,
        features: np.ndarray | None = None,
        more: dict[str, np.ndarray] | None = None,
        rate: float = 1.0,
        model: Any = None,
    ) -> dict[str, np.ndarray]:
        import keras

        given = {"logits": logits, "features": logits if features is None else features}

        class Moved(keras.Model):  # type: ignore[misc]  # Keras has no types
            def __init__(self) -> None:
                super().__init__()
                self.moved = {
                    name: self.add_weight(shape=value.shape, initializer="zeros", name=name)
                    for name, value in given.items()
                }
                self.model = model
                made.build(self, n_features=given["features"].shape[1], seed=0)

            def call(self, batch: dict[str, Any]) -> Any:
                return {name: batch[name] + self.moved[name] for name in given}

            def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
                weight = training.columns.get(WEIGHT)
                loss = made.loss(x, y, y_pred["logits"], y_pred["features"], weight)
                # Keras warns of variables without a gradient.
                return loss + 0 * keras.ops.sum(y_pred["features"])

        moved = Moved()
        before = [np.array(variable) for variable in moved.variables]
        moved.compile(optimizer=keras.optimizers.SGD(rate))
        arrays = {name: value.astype(np.float32) for name, value in given.items()}
        batch = {**training.columns, **arrays, **(more or {})}
        loss = moved.train_on_batch(batch, training.targets)
        moves = {
            variable.path.rpartition("/")[2]: (old - np.array(variable)) / rate
            for variable, old in zip(moved.variables, before, strict=False)
        }
        return {"loss": np.asarray(loss), **moves}

    return take
