"""Learning rates and the end of training, decided from validation scores alone."""

import math
from dataclasses import dataclass

from fer_fairness.params.training import TrainingParameters


@dataclass
class Plateau:
    """Counts the epochs since the lowest loss.

    Attributes:
        best: Lowest loss seen.
        epochs_since_best: Epochs since then, or since the count was last set to zero.
    """

    best: float = math.inf
    epochs_since_best: int = 0

    def observe(self, loss: float) -> bool:
        """Take in one epoch's loss; True if it is the lowest so far."""
        if loss < self.best:
            self.best, self.epochs_since_best = loss, 0
            return True
        self.epochs_since_best += 1
        return False


class LearningRateSchedule:
    """Linear warm-up, then a plateau or cosine schedule; one rate an epoch.

    With W warm-up epochs (of the cosine schedule at most half of `max_epochs`), epoch e (from 0)
    has the rate `initial + (target - initial) * e / W` while e < W, so that epoch W is the first at
    the target. From then on

    - plateau: `learning_rate_patience` epochs without a new lowest loss multiply the rate by
      `learning_rate_factor`, down to `min_learning_rate`, and start the count anew. Losses of the
      warm-up set the mark to beat but never reduce the rate.
    - cosine: with E = `max_epochs`, `min + (target - min) * (1 + cos(pi (e - W) / (E - W))) / 2`
      (Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts).

    All of them times `learning_rate_scale`.

    Attributes:
        epochs: Epochs observed so far.
        learning_rate: Rate for the coming epoch.
    """

    def __init__(self, params: TrainingParameters) -> None:
        self._params = params
        self._initial, self._target, self._min = (
            rate * params.learning_rate_scale
            for rate in (
                params.initial_learning_rate,
                params.target_learning_rate,
                params.min_learning_rate,
            )
        )
        self._warmup_epochs = params.warmup_epochs
        if params.schedule == "cosine":
            self._warmup_epochs = min(params.warmup_epochs, params.max_epochs // 2)
        self._plateau = Plateau()
        self.epochs = 0
        self.learning_rate = self._warmup_rate()

    def observe(self, validation_loss: float) -> None:
        """Take in the validation loss of the epoch that ended and set the coming epoch's rate."""
        self._plateau.observe(validation_loss)
        self.epochs += 1
        if self.epochs <= self._warmup_epochs:
            self._plateau.epochs_since_best = 0
            self.learning_rate = self._warmup_rate()
        elif self._params.schedule == "cosine":
            self.learning_rate = self._cosine_rate()
        elif self._plateau.epochs_since_best >= self._params.learning_rate_patience:
            self._plateau.epochs_since_best = 0
            reduced = self.learning_rate * self._params.learning_rate_factor
            self.learning_rate = max(reduced, self._min)

    def _warmup_rate(self) -> float:
        if self.epochs >= self._warmup_epochs:
            return self._target
        share = self.epochs / self._warmup_epochs
        return self._initial + (self._target - self._initial) * share

    def _cosine_rate(self) -> float:
        n_epochs = self._params.max_epochs - self._warmup_epochs
        passed = min((self.epochs - self._warmup_epochs) / n_epochs, 1.0)
        return self._min + (self._target - self._min) * (1 + math.cos(math.pi * passed)) / 2


class EarlyStopping:
    """Says when no epoch has been better for `early_stopping_patience` epochs."""

    def __init__(self, params: TrainingParameters) -> None:
        self._patience = params.early_stopping_patience
        self._plateau = Plateau()

    @property
    def should_stop(self) -> bool:
        """Whether the patience is spent."""
        return self._plateau.epochs_since_best >= self._patience

    def observe(self, score: float) -> bool:
        """Take in one epoch's validation score, lower is better; True if it is the best so far."""
        return self._plateau.observe(score)
