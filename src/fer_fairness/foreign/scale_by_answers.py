"""The scale of inputs of a network that keeps nothing of its training to be compared with."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.pixel_values import INPUT_SCALES, InputScale, ScaleGuess, scale_words

_NEARLY_AS_WELL: Final = 0.8
_SATURATED: Final = 0.97


class Answers(NamedTuple):
    """How a model answers at one scale.

    Attributes:
        information_nats: What an image tells of the answer: entropy of the mean answer minus the
            mean entropy of the answers. At a wrong scale a model says the same of every image, or
            is sure of nothing.
        confidence: Mean of the largest probability.
    """

    information_nats: float
    confidence: float


def answers_at_scale(shares: np.ndarray) -> Answers:
    """Sum up the answers of a model.

    Args:
        shares: Shape `(n, classes)`, rows summing to 1.
    """
    information = _entropy(shares.mean(axis=0)) - _entropy(shares).mean()
    return Answers(float(information), float(shares.max(axis=1).mean()))


def scale_of_answers(found: Mapping[InputScale, Answers]) -> InputScale:
    """The scale at which a model tells images apart best.

    Args:
        found: Answers by scale.

    Raises:
        InvalidInputError: Two scales fit about equally well, or the best one leaves a model almost
            always sure where another does not: a sign of values that are too large.
    """
    ranked = sorted(found, key=lambda scale: found[scale].information_nats, reverse=True)
    best, second = found[ranked[0]], found[ranked[1]]
    others_doubt = any(one.confidence <= _SATURATED for one in found.values())
    is_saturated = best.confidence > _SATURATED and others_doubt
    if is_saturated or second.information_nats > _NEARLY_AS_WELL * best.information_nats:
        told = "; ".join(
            f"{scale}: {one.information_nats:.2f} nats, mean confidence {one.confidence:.0%}"
            for scale, one in found.items()
        )
        raise InvalidInputError(
            "Nothing in the model tells which scale of pixel values it takes, and its answers do "
            f"not tell it apart either ({told}). Give audit.input_scale."
        )
    return ranked[0]


def guess_by_answers(ask: Callable[[InputScale], np.ndarray], *, colour: bool) -> ScaleGuess:
    """The scale of `scale_of_answers`, with a sentence on how it was found.

    Args:
        ask: What the model says of some images at a scale, as for `answers_at_scale`.
        colour: Whether the model takes colour images: others do not know ImageNet.

    Raises:
        InvalidInputError: As for `scale_of_answers`.
    """
    scales = [scale for scale in INPUT_SCALES if colour or scale != "imagenet"]
    found = {scale: answers_at_scale(ask(scale)) for scale in scales}
    scale = scale_of_answers(found)
    others = ", ".join(f"{own} {found[own].information_nats:.2f}" for own in scales if own != scale)
    return ScaleGuess(
        scale,
        f"The model was given {scale_words(scale)}: it tells images apart best then "
        f"({found[scale].information_nats:.2f} nats; {others}). This is a guess: where its scale "
        "is known, give audit.input_scale.",
    )


def _entropy(shares: np.ndarray) -> np.ndarray:
    logarithms = np.log(np.where(shares > 0, shares, 1))
    return np.asarray(-(shares * logarithms).sum(axis=-1))
