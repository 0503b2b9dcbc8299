"""What tests of objectives share."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.mitigation.method import Method
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen
from fer_fairness.params.training import TrainingParameters

Gradient = Callable[..., np.ndarray]


@pytest.fixture
def gradient() -> Gradient:
    """The gradient of an objective's loss with respect to the logits, on the back end."""

    def found(made: Objective, logits: np.ndarray, targets: np.ndarray, **batch: Any) -> np.ndarray:
        import keras

        class Logits(keras.Model):  # type: ignore[misc]  # Keras has no types
            """Moves logits by one step of the rate 1: by their gradient."""

            def __init__(self) -> None:
                super().__init__()
                self.moved = self.add_weight(shape=logits.shape, initializer="zeros")
                made.build(self, n_features=0, seed=0)

            def call(self, batch: dict[str, Any]) -> Any:
                return batch["logits"] + self.moved

            def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
                return made.loss(Seen(x, y, y_pred))

        model = Logits()
        model.compile(optimizer=keras.optimizers.SGD(1.0))
        model.train_on_batch(batch | {"logits": logits}, targets)
        return -np.asarray(model.moved)

    return found


@pytest.fixture
def penalty() -> Callable[..., float]:
    """What a method with a `strength` of 1 adds to the plain loss of faces with some features."""

    def found(method: type[Method], training: TrainingSet, features: np.ndarray) -> float:
        params = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
        logits = np.zeros((len(training), training.targets.shape[1]), np.float32)
        losses = [
            method.model_validate({"strength": strength})
            .objective(training, params)
            .loss(Seen(training.columns, training.targets, logits, features))
            for strength in (0.0, 1.0)
        ]
        return float(losses[1]) - float(losses[0])

    return found
