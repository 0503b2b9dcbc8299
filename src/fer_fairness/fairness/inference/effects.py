"""How far groups may differ, in all classes or in some, given what was counted.

The share of right answers of a group in a class is taken as that of everybody, plus an effect of
the group in all classes alike, plus one of the group in this class. Most effects may be none: each
kind comes from a mixture of a spike at zero and normal distributions of rising spread, so that what
is large is left almost as it is and what could be noise is drawn to zero (the adaptive shrinkage of
Stephens 2017, Biostatistics 18). A single factor for all effects would shrink the one emotion that
differs as much as the noise of those that do not. All unknowns are drawn by Gibbs sampling (Gelman
et al. 2013, Bayesian Data Analysis, section 11.1), with the binomial noise taken as normal.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.reductions import Array

_SPREADS: Final = np.array([0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32])
"""Standard deviations of the parts of a mixture, as shares of right answers; first the spike."""

_OF_GROUPS: Final = np.array([1.0, *[0.2] * 6])
_OF_CELLS: Final = np.array([15.0, *[0.1] * 6])
"""Dirichlet priors of the parts' weights: as if so many effects of each part had been seen. Effects
in single cells are many, and most of them none; chosen by `benchmarks/interval_coverage.py`."""

_PRIOR_PEOPLE: Final = 4.0
"""People with everybody's share added to a cell where its variance is estimated: a cell without
errors is not free of noise, and n people of it show (n - 1) / n of their variance."""

_CHAINS: Final = 25
_WARM_UP: Final = 15
_UNKNOWN: Final = 1e6
"""Variance of what nobody was there to show."""


@dataclass
class _Effects:
    """Effects of one kind and the weights of their mixture, in every chain.

    Attributes:
        prior: Of the weights, shape (parts,).
        weights: Shape (chains, parts).
        squares: Variance of the part that each effect comes from, shape (chains, ...).
    """

    prior: Array
    weights: Array
    squares: Array

    def choose_parts(self, seen: Array, variance: Array, generator: np.random.Generator) -> None:
        """Draw the part of each effect, then weights, given `seen` effects and their variance."""
        squares = _SPREADS**2
        total = variance[..., np.newaxis] + squares
        chains, parts = self.weights.shape
        weights = self.weights.reshape(chains, *(1,) * (seen.ndim - 1), parts)
        # Odds need no more than single precision, which halves the time of the exponentials.
        odds = ((seen**2)[..., np.newaxis]).astype(np.float32) * (-0.5 / total).astype(np.float32)
        odds += (np.log(weights) - 0.5 * np.log(total)).astype(np.float32)
        odds -= odds.max(axis=-1, keepdims=True)
        cumulative = np.exp(odds, out=odds).cumsum(axis=-1)
        at = generator.random(seen.shape, dtype=np.float32)[..., np.newaxis] * cumulative[..., -1:]
        part = (at > cumulative).sum(axis=-1)
        self.squares = squares[part]
        rows = part.reshape(chains, -1) + parts * np.arange(chains)[:, np.newaxis]
        occupied = np.bincount(rows.ravel(), minlength=chains * parts).reshape(chains, parts)
        drawn = generator.standard_gamma(self.prior + occupied) + 1e-12
        self.weights = drawn / drawn.sum(axis=-1, keepdims=True)

    def drawn(self, seen: Array, variance: Array, generator: np.random.Generator) -> Array:
        """Effects drawn of the parts chosen, shape (chains, ...)."""
        kept = self.squares / (self.squares + variance)
        noise = np.sqrt(kept * variance) * generator.standard_normal(seen.shape)
        return np.asarray(kept * seen + noise)


def drawn_effects(right: Array, people: Array, n: int, generator: np.random.Generator) -> Array:
    """By how much the share of right answers of each group and class may differ from the rest.

    Args:
        right: Right answers, shape (g, c); need not be whole numbers.
        people: People, shape (g, c).
        n: Number of draws.
        generator: Of the draws.

    Returns:
        Shape (n, g, c): effects of the group and of the group in the class together, relative to
            a level of the class that is free.
    """
    everybody = (right.sum(axis=0) + 0.5) / (people.sum(axis=0) + 1.0)
    known = people > 0
    share = np.where(known, right / np.where(known, people, 1.0), everybody)
    steadied = (right + _PRIOR_PEOPLE * everybody) / (people + _PRIOR_PEOPLE)
    spread = steadied * (1.0 - steadied)
    variance = np.where(known, spread / np.where(known, people, 1.0), _UNKNOWN)
    chains = min(_CHAINS, n)
    level = np.repeat(everybody[np.newaxis], chains, axis=0)
    groups = _started(_OF_GROUPS, (chains, len(people)))
    cells = _started(_OF_CELLS, (chains, *people.shape))
    drawn = []
    for step in range(_WARM_UP - (-n // chains)):
        # What is drawn of groups and levels leaves the cells' effects open: a loss in all classes
        # is then found as one, and not as so many of single cells.
        precision = 1.0 / (variance + cells.squares)
        in_group, in_class = precision.sum(axis=2), precision.sum(axis=1)
        of_group = ((share - level[:, np.newaxis]) * precision).sum(axis=2) / in_group
        groups.choose_parts(of_group, 1.0 / in_group, generator)
        of_groups = groups.drawn(of_group, 1.0 / in_group, generator)[..., np.newaxis]
        level = ((share - of_groups) * precision).sum(axis=1) / in_class
        level += generator.standard_normal(level.shape) / np.sqrt(in_class)
        left = share - level[:, np.newaxis] - of_groups
        cells.choose_parts(left, variance, generator)
        if step >= _WARM_UP:
            drawn.append(of_groups + cells.drawn(left, variance, generator))
    return np.concatenate(drawn)[:n]


def _started(prior: Array, shape: tuple[int, ...]) -> _Effects:
    weights = np.repeat((prior / prior.sum())[np.newaxis], shape[0], axis=0)
    return _Effects(prior, weights, np.zeros(shape))
