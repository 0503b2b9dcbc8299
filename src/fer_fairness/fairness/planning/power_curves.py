"""Power over the number of faces, for the gap that was asked for and for some around it."""

from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression
from scipy.special import ndtr, ndtri

from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.planning.planned_power import PlannedAudit

_GAPS: Final = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
"""Gaps that power is told for beside the one that was asked for."""

_APART: Final = 1.3
"""Factor between these at least."""

_STEPS: Final = 13
"""Numbers of faces that power is told for."""


def power_curves(audit: PlannedAudit, gap: float, n_faces: int, *, seed: int) -> pd.DataFrame:
    """Power for several gaps and numbers of faces, the noise of the draws evened out.

    Args:
        audit: What is planned.
        gap: The gap of the plan.
        n_faces: Its number of faces.
        seed: Seed of all draws.

    Returns:
        One row a gap and number: gap, n_faces, n_faces_of_group (of the harmed one), power.
    """
    gaps = _gaps_around(gap, audit.params.largest_gap)
    numbers = _numbers_around(audit, n_faces, gap / np.array(gaps))
    n_draws = max(audit.params.n_draws // 2, 1)
    found = np.array(
        [[audit.power(n, other, seed=seed, n_draws=n_draws) for n in numbers] for other in gaps]
    )
    smooth = np.stack([_smooth(np.log(numbers), shares, n_draws) for shares in found])
    return pd.DataFrame(
        {
            "gap": np.repeat(gaps, len(numbers)),
            "n_faces": np.tile(numbers, len(gaps)),
            "n_faces_of_group": [audit.faces_by_group(n)[audit.harmed] for n in numbers]
            * len(gaps),
            # No wider gap is found less often, and none less often than by chance.
            "power": np.maximum.accumulate(np.maximum(smooth, audit.level), axis=0).ravel(),
        }
    )


def _gaps_around(gap: float, largest: float) -> list[float]:
    """The gap, one below and two above it, rising."""
    below = [other for other in _GAPS if other * _APART <= gap]
    above: list[float] = []
    for other in (other for other in _GAPS if other < largest):
        if other >= _APART * max([gap, *above]):
            above.append(other)
    return [*below[-1:], gap, *above[:2]]


def _numbers_around(audit: PlannedAudit, n_faces: int, ratios: Array) -> list[int]:
    """Numbers of faces from where the widest gap is seldom found to where the smallest mostly is.

    Args:
        audit: What is planned.
        n_faces: Faces at which the gap is found.
        ratios: That gap over each that is shown.
    """
    low = max(n_faces * ratios.min() ** 2 / 5, audit.fewest_faces)
    high = max(n_faces * ratios.max() ** 2 * 2, 4 * low)
    return sorted({round(n) for n in np.geomspace(low, high, _STEPS)})


def _smooth(places: Array, found: Array, n_draws: int) -> Array:
    """A rising cubic through the normal quantiles of the shares, weighed by their precision."""
    shares = np.clip(found, 0.5 / n_draws, 1.0 - 0.5 / n_draws)
    quantiles = ndtri(shares)
    density = np.exp(-0.5 * quantiles**2)
    weights = density / np.sqrt(shares * (1.0 - shares))
    centred = places - places.mean()
    curve = np.polyval(np.polyfit(centred, quantiles, min(3, len(places) - 1), w=weights), centred)
    return np.asarray(isotonic_regression(ndtr(curve)).x)
