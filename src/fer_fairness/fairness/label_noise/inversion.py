"""Counts of true groups from counts of labels, by inverting the labeller's confusion.

Let N[h, c, k] be the people labelled h of true class c who are given class k, and T[g, h] the
labeller's P(label h | true group g). If the labeller's errors are independent of the class and of
the emotion model's answer given the true group, then E N[., c, k] = T' n[., c, k] for every (c, k),
n being the counts by true group; so n = T'^-1 N estimates them without bias (Zhu et al. 2023,
arXiv 2210.03175, who invert the same matrix; the idea is that of Barron 1977, Biometrics 33). The
shares of the groups among people need not be those of the people whom the labeller was measured on.
"""

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.label_noise import LabelNoiseParameters

AnyCounts = npt.NDArray[np.int64 | np.float64]

_BEYOND_SAYING: Final = 1e4
"""A condition number above this is no more than a way of writing that there is no inverse."""

_NUDGE: Final = 1e-9
"""Keeps a drawn confusion that happens to be singular from stopping all draws."""


def inverse(shares: Array) -> Array:
    """The matrix that makes counts of true groups out of counts of labels, (..., g, h).

    Args:
        shares: P(label | true group), shape (..., g, h), g = h.
    """
    n_groups = shares.shape[-1]
    transposed = np.swapaxes(shares, -1, -2) + _NUDGE * np.eye(n_groups)
    return np.asarray(np.linalg.inv(transposed))


def by_true_group(labelled: AnyCounts, inverted: Array) -> Array:
    """Estimated counts by true group, (..., g, c, k); they may be below zero.

    Args:
        labelled: Counts by label, shape (..., h, c, k).
        inverted: What `inverse` gave, shape (..., g, h).
    """
    return np.asarray(np.einsum("...gh,...hck->...gck", inverted, labelled))


def possible(estimated: Array, everybody: AnyCounts) -> Array:
    """The nearest counts that can be: none below zero, and as many people as there are.

    Args:
        estimated: Counts by true group, shape (..., g, c, k).
        everybody: People of each class by what they are given, shape (..., c, k).

    Returns:
        float64, shape (..., g, c, k); summed over groups it is `everybody`.
    """
    positive = np.maximum(estimated, 0.0)
    total = positive.sum(axis=-3, keepdims=True)
    even = np.full_like(positive, 1.0 / positive.shape[-3])
    shares = np.where(total > 0, positive / np.where(total > 0, total, 1.0), even)
    return np.asarray(shares * np.expand_dims(everybody, -3))


def condition_number(confusion: LabelConfusion) -> float:
    """Ratio of the largest to the smallest singular value of P(label | true group)."""
    values = np.linalg.svd(confusion.shares, compute_uv=False)
    return float(values[0] / values[-1]) if values[-1] > 0 else float("inf")


class Refusal(StrEnum):
    """Why a confusion must not be inverted, in a few words."""

    TOO_FEW_HELD_OUT = "too few held-out faces"
    INDISTINCT = "labeller hardly tells groups apart"
    ONE_GROUP = "labeller knows one group only"
    NOBODY = "nobody was labelled"
    ONE_LABEL_A_PERSON = "people have one label for several faces"


def reasons_against(confusion: LabelConfusion, params: LabelNoiseParameters) -> dict[Refusal, str]:
    """Why the confusion must not be inverted, each in a sentence; none where it may be."""
    if len(confusion.groups) < 2:
        told = "The labeller knows one group only: there is nothing to compare."
        return {Refusal.ONE_GROUP: told}
    reasons = {}
    few = [
        f"{group} {faces}"
        for group, faces in zip(confusion.groups, confusion.faces.tolist(), strict=True)
        if faces < params.min_held_out_faces
    ]
    if few:
        reasons[Refusal.TOO_FEW_HELD_OUT] = (
            f"Too few held-out faces to know how the labeller errs: {', '.join(few)}; at least "
            f"{params.min_held_out_faces} of each group are needed."
        )
    condition = condition_number(confusion)
    if not condition <= params.max_condition_number:
        beyond = condition > _BEYOND_SAYING
        told = "without limit" if beyond else f"up to {condition:.0f} times"
        reasons[Refusal.INDISTINCT] = (
            f"The labeller hardly tells some of the groups apart: inverting its confusion would "
            f"magnify noise {told} (at most {params.max_condition_number:g} are allowed)."
        )
    return reasons


def drawn_confusions(confusion: LabelConfusion, n: int, generator: np.random.Generator) -> Array:
    """P(label or none | true group) as it may be given what was measured, (n, g, h + 1).

    Each row is drawn from the posterior of a multinomial share under a prior of one person, spread
    evenly over the labels that the group may be given (Perks 1947, Journal of the Institute of
    Actuaries 73): an error that few held-out people did not show may still happen. Intervals of the
    number of people cover the truth in .93 to .98 of cases (two and four groups of 30 to 300
    held-out faces, errors of 2 to 30 %); without the prior they do in .77 to .96.
    """
    parameters = _posterior(confusion)
    weights = generator.standard_gamma(parameters, size=(n, *parameters.shape))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def mean_confusion(confusion: LabelConfusion) -> Array:
    """What `drawn_confusions` are on average, (g, h + 1)."""
    parameters = _posterior(confusion)
    return np.asarray(parameters / parameters.sum(axis=-1, keepdims=True))


def _posterior(confusion: LabelConfusion) -> Array:
    """Held-out people and the prior's one, (g, h + 1)."""
    prior = confusion.possible / confusion.possible.sum(axis=-1, keepdims=True)
    return np.asarray(confusion.counts + prior)


def drawn_labels(people: Counts, shares: Array, generator: np.random.Generator) -> Counts:
    """Label people at random: counts by label, int64 (n, h, c, k), those without one left out.

    Args:
        people: Whole numbers of people by true group, shape (n, g, c, k).
        shares: P(label or none | true group), shape (n, g, h + 1).
        generator: Source of randomness.
    """
    rows = shares[:, :, np.newaxis, np.newaxis, :]
    labels = generator.multinomial(people, rows).sum(axis=1)
    return np.asarray(np.moveaxis(labels[..., :-1], -1, 1))
