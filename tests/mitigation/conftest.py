"""Small batches for the losses that see groups, their gradients, and fabricated predictions."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pytest

from fer_fairness.modeling import GROUP, WEIGHT, Objective, TrainingSet
from fer_fairness.modeling.objective import Seen
from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS, empty_table
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS

Members: TypeAlias = Sequence[Sequence[float]]
GroupTraining: TypeAlias = Callable[..., TrainingSet]
Step: TypeAlias = Callable[..., dict[str, np.ndarray]]
MakeScored = Callable[..., pd.DataFrame]


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
                loss = made.loss(Seen(x, y, y_pred["logits"], y_pred["features"], weight))
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


@pytest.fixture
def make_scored() -> MakeScored:
    """Makes a table of predictions with groups of gender, from true emotions and probabilities."""

    def make(
        true: Sequence[int] | np.ndarray,
        probabilities: np.ndarray,
        gender: Sequence[str | None] | np.ndarray,
        *,
        confidence: np.ndarray | float = np.nan,
    ) -> pd.DataFrame:
        names = np.array(EMOTIONS, dtype=object)
        full = np.zeros((len(probabilities), len(EMOTIONS)))
        full[:, : probabilities.shape[1]] = probabilities
        table = pd.DataFrame(full, columns=list(PROBABILITY_COLUMNS)).assign(
            sample_id=[f"face-{number}" for number in range(len(full))],
            variant="baseline",
            seed=0,
            emotion=names[np.asarray(true, dtype=int)],
            predicted_emotion=names[full.argmax(axis=1)],
        )
        table = PREDICTIONS_SCHEMA.validate(table[list(empty_table(PREDICTIONS_SCHEMA).columns)])
        for attribute in ATTRIBUTES:
            table[attribute] = None
            table[f"{attribute}_confidence"] = np.nan
        table["gender"] = np.asarray(gender, dtype=object)
        table["gender_confidence"] = confidence
        return table

    return make


@pytest.fixture
def make_predicted(make_scored: MakeScored) -> MakeScored:
    """Makes a table of predictions from true and predicted emotions, each of probability .9."""

    def make(
        true: Sequence[int] | np.ndarray,
        predicted: Sequence[int] | np.ndarray,
        gender: Sequence[str | None] | np.ndarray,
    ) -> pd.DataFrame:
        n = len(EMOTIONS)
        shares = np.full((len(predicted), n), 0.1 / (n - 1))
        shares[np.arange(len(predicted)), predicted] = 0.9
        return make_scored(true, shares, gender)

    return make
