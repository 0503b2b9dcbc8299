"""The Pareto front of two outcomes, and how probably a method is on it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.comparisons.measured import Measured
from fer_fairness.fairness.inference.draws import Seed
from fer_fairness.fairness.metrics.reductions import Array

_ROUNDING: Final = 1e-6
"""Values this close are equal: draws are of single precision, and equal predictions can come to
sums that differ in the last bits. One face of 100,000 is more."""


def on_front(first: Array, second: Array) -> npt.NDArray[np.bool_]:
    """Which methods no other dominates: as good in both outcomes, and better in one.

    Equal methods do not dominate each other.

    Args:
        first: One outcome, higher is better, shape (..., methods).
        second: The other, higher is better, of the same shape.

    Returns:
        Shape (..., methods).
    """
    gains = [values[..., np.newaxis, :] - values[..., :, np.newaxis] for values in (first, second)]
    as_good = (gains[0] >= -_ROUNDING) & (gains[1] >= -_ROUNDING)
    better = (gains[0] > _ROUNDING) | (gains[1] > _ROUNDING)
    return np.asarray(~(as_good & better).any(axis=-1))


@dataclass(frozen=True)
class SeedDraws:
    """What `joint_draws` draws of training seeds.

    The same for all variants, which are trained with the same seeds.

    Attributes:
        weights: Of the seeds, normal, shape (n, seeds).
        luck: How small the variance that was seen came out by chance: uniform in (0, 1], shape
            (n,).
    """

    weights: Array
    luck: Array

    def tails(self, freedom: Array) -> Array:
        """Factors on normal draws that give them the tails of t, shape (n, ...).

        What a draw of few seeds may be off by is known as badly as their variance.

        Args:
            freedom: Degrees of freedom of the variances, shape (...); infinite: it is known.
        """
        known = ~np.isfinite(freedom)
        chance = self.luck.reshape(-1, *[1] * freedom.ndim)
        finite = np.where(known, 1.0, freedom)
        return np.where(known, 1.0, np.sqrt(finite / special.chdtri(finite, 1.0 - chance)))


def seed_draws(n: int, n_seeds: int, seed: Seed) -> SeedDraws:
    """Draw of training seeds `n` times."""
    generator = np.random.default_rng(seed)
    return SeedDraws(generator.standard_normal((n, n_seeds)), 1.0 - generator.random(n))


def joint_draws(found: Measured, models: Codes, of_seeds: SeedDraws, highest: Array) -> Array:
    """What all variants may come to for other people and other seeds, drawn together.

    Around each value without noise, with the variance that `SeedMeans` tells: the part of people
    varies as the same people weigh the same for every variant, that of seeds as the same seeds do.

    Args:
        found: What was measured.
        models: Place of each model, shape (seeds, variants).
        of_seeds: As many as `found` has draws.
        highest: The most that each metric can come to, shape (metrics,).

    Returns:
        Shape (n, variants, metrics), within what each metric can be.
    """
    means, of_people = found.means(models)
    values = found.values[models]
    deviations = values - values.mean(axis=0)
    length = np.sqrt((deviations**2).sum(axis=0))
    # Where seeds agree exactly their noise has no direction: all of it varies with the people.
    share = np.where(length > _ROUNDING, np.nan_to_num(means.seed_share), 0.0)
    directions = deviations / np.where(length > _ROUNDING, length, 1.0)
    by_seeds = np.tensordot(of_seeds.weights, directions, axes=1) * of_seeds.tails(means.freedom)
    noise = np.sqrt(1.0 - share) * of_people + np.sqrt(share) * by_seeds
    drawn = means.values + np.nan_to_num(means.errors) * noise
    return np.asarray(np.clip(drawn, 0.0, highest))
