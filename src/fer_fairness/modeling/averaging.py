"""An exponential average of a model's weights over the steps of its training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import keras

STEPS_BETWEEN: Final = 4
"""Weights enter the average at every fourth step: copying them at each costs a few percent."""


class WeightAverage:
    """Exponential moving average of all weights, statistics of batch normalisation included.

    At a step t the average would keep d = min(momentum, (t + 1) / (t + 10)) of itself and take the
    rest from the weights; at every fourth step it keeps d ** 4. The second term lets it forget the
    initial weights quickly (`num_updates` of TensorFlow's ExponentialMovingAverage). Weights that
    are whole numbers, such as counters, are copied. Before the fourth step nothing has been taken
    in: a run, or a first epoch, of fewer steps has no average yet.

    Attributes:
        values: The average, arrays in the order of `model.get_weights()`.
    """

    def __init__(self, weights: Sequence[np.ndarray], momentum: float) -> None:
        """Begin with copies of `weights`."""
        self._momentum = momentum
        self.values = [np.array(value) for value in weights]

    def has_begun(self, n_steps: int) -> bool:
        """Whether any weights but the initial ones are in the average after so many steps."""
        return n_steps >= STEPS_BETWEEN

    def observe(self, model: "keras.Model", step: int) -> None:
        """Take in the weights of `model` after `step`, counted from 1 over the whole run."""
        if step % STEPS_BETWEEN:
            return
        kept = min(self._momentum, (step + 1) / (step + 10)) ** STEPS_BETWEEN
        for average, value in zip(self.values, model.get_weights(), strict=True):
            if np.issubdtype(average.dtype, np.floating):
                average *= kept
                average += (1 - kept) * value
            else:
                average[...] = value
