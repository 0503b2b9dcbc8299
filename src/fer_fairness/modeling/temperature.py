"""Temperature scaling: logits divided by one number, so that probabilities mean what they say.

Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv 1706.04599, section 4.2. The most
probable class stays the same.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import log_softmax

from fer_fairness.modeling.inspection import linear_output_layer

if TYPE_CHECKING:
    import keras

LOG_TEMPERATURE_BOUNDS: Final = (-3.0, 3.0)


def fit_temperature(
    logits: np.ndarray,
    codes: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    towards: float = 1.0,
    strength: float = 0.0,
) -> tuple[float, float]:
    """The temperature that minimises the mean log loss, and that loss.

    Args:
        logits: float `(n, classes)`, n at least 1.
        codes: Position of each row's true class, int `(n,)`.
        weights: How much each row counts, `(n,)`, not all 0; None: all alike.
        towards: Temperature that the fit is drawn to.
        strength: How strongly: strength times the squared logarithm of the temperature over
            `towards` is added to the sum of the rows' losses, so that many rows overcome it.

    Returns:
        Temperature, between exp(-3) and exp(3), and the mean log loss in nats.
    """
    from scipy.optimize import minimize_scalar

    counted = np.ones(len(codes)) if weights is None else weights

    def mean_loss(log_temperature: float) -> float:
        likelihoods = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(np.average(likelihoods[np.arange(len(codes)), codes], weights=counted))

    def minimised(log_temperature: float) -> float:
        off = strength * (log_temperature - np.log(towards)) ** 2
        return mean_loss(log_temperature) + float(off / counted.sum())

    found = minimize_scalar(minimised, bounds=LOG_TEMPERATURE_BOUNDS, method="bounded")
    return float(np.exp(found.x)), mean_loss(found.x)


def check_can_be_scaled(model: "keras.Model") -> None:
    """Refuse a model whose logits are not proportional to the weights of one layer.

    Raises:
        InvalidInputError: Naming the layer, and what to do.
    """
    linear_output_layer(
        model, "its weights would be divided. Set training.temperature_scaling to false."
    )


def divide_logits(model: "keras.Model", temperature: float) -> None:
    """Divide all logits of `model`, in place, by dividing the weights of the layer that gives them.

    Raises:
        InvalidInputError: If there is no such layer (`inspection.linear_output_layer`).
    """
    layer = linear_output_layer(model, "its weights are divided.")
    for weights in layer.weights:
        # A separable convolution multiplies its two kernels: dividing one divides the result.
        if weights is not getattr(layer, "depthwise_kernel", None):
            weights.assign(weights / np.float32(temperature))
