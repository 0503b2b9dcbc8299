"""Shares of predictions that groups may have, given what was counted of them.

Two things are drawn apart: how often a group is right in a class (`effects`), and where its wrong
answers go. The second is the Dirichlet-multinomial model, with everybody's answers as its mean and
one concentration for all cells: infinite where no more differs than noise explains.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from fer_fairness.fairness.inference.effects import drawn_effects
from fer_fairness.fairness.metrics.reductions import Array

_CONCENTRATIONS: Final = np.array([4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0])
"""People that everybody's answers count for in each cell; infinitely many is as likely as all."""

_NONE: Final = 1e-12

Mask: TypeAlias = npt.NDArray[np.bool_]


def plausible_shares(counts: Array, right: Mask, n: int, generator: np.random.Generator) -> Array:
    """Draws of the shares of predictions of each group and class, given counts.

    The shares of everybody stay as counted in every draw: only differences between groups vary.

    Args:
        counts: Shape (g, c, k); need not be whole numbers.
        right: Which answers are right for which class, shape (c, k).
        n: Number of draws.
        generator: Of the draws.

    Returns:
        Shape (n, g, c, k); rows sum to 1.
    """
    people = counts.sum(axis=-1)
    are_right = np.where(right, counts, 0.0).sum(axis=-1)
    effects = drawn_effects(are_right, people, n, generator)
    everybody = np.asarray(people.sum(axis=0))
    level = np.where(everybody > 0, are_right.sum(axis=0) / np.maximum(everybody, _NONE), 0.5)
    share_right = np.clip(level + _centred(effects, people), 0.0, 1.0)[..., np.newaxis]
    rightly = _compositions(counts, right, n, generator)
    wrongly = _compositions(counts, ~right, n, generator)
    return np.asarray(share_right * rightly + (1.0 - share_right) * wrongly)


def _centred(draws: Array, people: Array) -> Array:
    """Draws (n, g, c, ...) without their mean over the people (g, c) of a class."""
    weights = people / np.maximum(people.sum(axis=0), _NONE)
    weights = weights.reshape(*weights.shape, *(1,) * (draws.ndim - 3))
    return np.asarray(draws - (draws * weights).sum(axis=1, keepdims=True))


def _compositions(counts: Array, part: Mask, n: int, generator: np.random.Generator) -> Array:
    """Where the answers of a part (right, or wrong) of each cell go, (n, g, c, k) or like it."""
    counted = np.where(part, counts, 0.0)
    total = counted.sum(axis=0)
    even = part / np.maximum(part.sum(axis=-1, keepdims=True), 1)
    mean = _normed(total, even)
    if part.sum(axis=-1).max() <= 1:
        return mean
    concentration = _drawn_concentrations(counted, mean, n, generator)
    varied = np.isfinite(concentration)
    drawn = np.repeat(mean[np.newaxis, np.newaxis], len(counts), axis=1)
    drawn = np.repeat(drawn, n, axis=0)
    if varied.any():
        prior = concentration[varied].reshape(-1, 1, 1, 1) * mean
        some = _normed(generator.standard_gamma(prior + counted), mean)
        some = mean + _centred(some - mean, counted.sum(axis=-1))
        drawn[varied] = _normed(np.maximum(some, 0.0), mean)
    return drawn


def _normed(values: Array, instead: Array) -> Array:
    """Rows brought to sum 1; rows of nothing become what stands `instead`."""
    total = values.sum(axis=-1, keepdims=True)
    return np.where(total > 0, values / np.where(total > 0, total, 1.0), instead)


def _drawn_concentrations(
    counted: Array, mean: Array, n: int, generator: np.random.Generator
) -> Array:
    """Concentrations drawn by their likelihood, shape (n,)."""
    known = np.where(mean > 0, mean, 1.0)
    spread = np.where(mean > 0, counted, 0.0)
    prior = _CONCENTRATIONS.reshape(-1, 1, 1, 1) * known
    of_cells = (gammaln(prior + spread) - gammaln(prior)).sum(axis=-1)
    alone = _CONCENTRATIONS.reshape(-1, 1, 1)
    of_cells += gammaln(alone) - gammaln(alone + spread.sum(axis=-1))
    finite = of_cells.sum(axis=(-1, -2))
    likelihood = np.append(finite, (spread * np.log(known)).sum())
    weights = np.exp(likelihood - likelihood.max())
    weights *= np.append(np.full(len(finite), 1.0 / len(finite)), 1.0)
    return generator.choice(np.append(_CONCENTRATIONS, np.inf), n, p=weights / weights.sum())
