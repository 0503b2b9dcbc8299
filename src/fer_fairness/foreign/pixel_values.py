"""What pixel values 0 to 255 become before another model sees them."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from fer_fairness.errors import InvalidInputError

InputScale = Literal["0-1", "0-255", "-1-1", "imagenet"]


@dataclass(frozen=True)
class Standardisation:
    """A mean taken off scaled pixel values, which are then divided by a standard deviation.

    Attributes:
        mean: One number, or one a channel.
        standard_deviation: As many.
    """

    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]

    def of(self, values: np.ndarray) -> np.ndarray:
        """The standardised values; one channel takes the mean over the numbers of three."""
        mean, deviation = (
            np.array(numbers, dtype=np.float32) for numbers in (self.mean, self.standard_deviation)
        )
        if values.shape[-1] == 1:
            mean, deviation = mean.mean(), deviation.mean()
        return np.asarray((values - mean) / deviation)


@dataclass(frozen=True)
class ScaleGuess:
    """The scale a model seems to expect, and a sentence that says why."""

    scale: InputScale
    reason: str


_SCALES: Final[dict[InputScale, tuple[float, float]]] = {
    "0-1": (1 / 255, 0.0),
    "0-255": (1.0, 0.0),
    "-1-1": (2 / 255, -1.0),
}
PLAIN_SCALES: Final[tuple[InputScale, ...]] = tuple(_SCALES)
"""Pixel values divided by 255, left, or put between -1 and 1."""

INPUT_SCALES: Final[tuple[InputScale, ...]] = (*PLAIN_SCALES, "imagenet")
"""These, and divided by 255 and standardised by the mean and deviation of ImageNet's channels."""

_IMAGENET: Final = Standardisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_SMALLEST_DEVIATION: Final = 1e-6
_FAR: Final = 4.0
"""Such as a mean of 2, or a deviation of a seventh: no standardisation of faces comes to it."""


def scaled(
    values: np.ndarray, scale: InputScale, standardisation: Standardisation | None = None
) -> np.ndarray:
    """Pixel values in a scale.

    Args:
        values: float32 from 0 to 255, the channels last.
        scale: What 0 to 255 becomes.
        standardisation: What is done then.
    """
    if scale == "imagenet":
        return _IMAGENET.of(values / np.float32(255))
    factor, offset = _SCALES[scale]
    result = np.asarray(values * np.float32(factor) + np.float32(offset))
    return result if standardisation is None else standardisation.of(result)


def scale_words(scale: InputScale) -> str:
    """What the model is given, as a phrase."""
    return {
        "0-1": "pixel values divided by 255",
        "0-255": "pixel values 0 to 255",
        "-1-1": "pixel values scaled to -1 to 1",
        "imagenet": "pixel values standardised as for ImageNet",
    }[scale]


def scale_of_standardisation(values: np.ndarray, given: Standardisation) -> ScaleGuess:
    """Of which values a mean and deviation are: under which faces come nearest to 0 and 1.

    Args:
        values: float32 from 0 to 255 of some faces, shape `(n, height, width, channels)`.
        given: The mean and deviation.

    Returns:
        "0-1" or "0-255", and a sentence on what faces come to, which warns where that is far from 0
        and 1.

    Raises:
        InvalidInputError: Both fit about equally well.
    """
    moments = {
        scale: _moments(scaled(values, scale, given)) for scale in PLAIN_SCALES if scale != "-1-1"
    }
    distances = {scale: mean**2 + np.log(sd) ** 2 for scale, (mean, sd) in moments.items()}
    best, second = sorted(distances, key=lambda scale: distances[scale])
    told = "; ".join(
        f"{scale}: mean {mean:.2g}, deviation {sd:.2g}" for scale, (mean, sd) in moments.items()
    )
    if distances[second] < 2 * distances[best]:
        raise InvalidInputError(
            "audit.input_mean and audit.input_standard_deviation may be of pixel values 0 to 1 or "
            f"0 to 255: the faces come about equally near to mean 0 and deviation 1 ({told}). Give "
            "audit.input_scale."
        )
    reason = (
        f"The model was given {scale_words(best)}, standardised by the mean and deviation "
        f"configured: so the faces come nearest to mean 0 and deviation 1 ({told})."
    )
    if distances[best] > _FAR:
        reason += " They are still far from it: check both numbers."
    return ScaleGuess(best, reason)


def _moments(values: np.ndarray) -> tuple[float, float]:
    return float(values.mean()), max(float(values.std()), _SMALLEST_DEVIATION)
