"""The scale of inputs of a network by what it answers: to faces whose emotion is known, to any."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.class_order import Order, best_fit, recognises_more
from fer_fairness.foreign.pixel_values import InputScale, ScaleGuess, scale_words

_NEARLY_AS_WELL: Final = 0.8
_SATURATED: Final = 0.97
_A_GUESS: Final = "This is a guess: where its scale is known, give audit.input_scale."


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
    if is_saturated or second.information_nats >= _NEARLY_AS_WELL * best.information_nats:
        told = "; ".join(
            f"{scale}: {one.information_nats:.2f} nats, mean confidence {one.confidence:.0%}"
            for scale, one in found.items()
        )
        raise InvalidInputError(
            "Nothing in the model tells which scale of pixel values it takes, and its answers do "
            f"not tell it apart either ({told}). Give audit.input_scale."
        )
    return ranked[0]


def guess_by_answers(shares: Mapping[InputScale, np.ndarray]) -> ScaleGuess:
    """The scale of `scale_of_answers`, with a sentence on how it was found.

    Args:
        shares: What the model says of some images at each scale, as for `answers_at_scale`.

    Raises:
        InvalidInputError: As for `scale_of_answers`.
    """
    found = {scale: answers_at_scale(own) for scale, own in shares.items()}
    scale = scale_of_answers(found)
    others = ", ".join(f"{own} {found[own].information_nats:.2f}" for own in found if own != scale)
    return ScaleGuess(
        scale,
        f"The model was given {scale_words(scale)}: it tells images apart best then "
        f"({found[scale].information_nats:.2f} nats; {others}). {_A_GUESS}",
    )


def guess_by_labels(
    shares: Mapping[InputScale, np.ndarray],
    true: Sequence[str],
    orders: Sequence[Order],
    told: ScaleGuess | None,
) -> ScaleGuess | None:
    """The scale at which a model recognises more faces than at any other.

    At each scale its classes are in the order under which it recognises most. More is what a sign
    test tells from chance (`recognises_more`).

    Args:
        shares: What the model says of faces at each scale, shape `(n, classes)`.
        true: The emotion of each of these faces.
        orders: Orders that its classes may have; none where none is known.
        told: What the model itself tells of its scale, if it does.

    Returns:
        None where it recognises about as many at two scales and does not tell which is its own.

    Raises:
        InvalidInputError: It recognises more faces at another scale than the one that it tells.
    """
    if not orders:
        return told
    fits = {scale: best_fit(own, true, orders) for scale, own in shares.items()}
    best, second = sorted(fits, key=lambda scale: fits[scale].mean_recall, reverse=True)[:2]
    recalls = ", ".join(f"{scale} {fit.mean_recall:.0%}" for scale, fit in fits.items())
    if told is not None and best != told.scale and recognises_more(fits[best], fits[told.scale]):
        raise InvalidInputError(
            "Two signs disagree on the scale of pixel values that the model takes. "
            f"{told.reason} But of {len(true):,} validation faces it recognises more with "
            f"{scale_words(best)} (mean recall by scale: {recalls}). Give audit.input_scale."
        )
    if told is not None:
        return told
    if not recognises_more(fits[best], fits[second]):
        return None
    return ScaleGuess(
        best,
        f"The model was given {scale_words(best)}: so it recognises most of {len(true):,} faces "
        f"(mean recall by scale: {recalls}). {_A_GUESS}",
    )


def _entropy(shares: np.ndarray) -> np.ndarray:
    logarithms = np.log(np.where(shares > 0, shares, 1))
    return np.asarray(-(shares * logarithms).sum(axis=-1))
