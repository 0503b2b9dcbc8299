"""The smallest difference that the verdicts would have found, given who was there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri

from fer_fairness.fairness.inference.differences import Differences
from fer_fairness.fairness.inference.draws import Seed
from fer_fairness.fairness.inference.gap_intervals import distance, drawn_values
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

_STEPS: Final = (1.0, 1.75, 2.5, 3.25, 4.0, 5.0, 6.5, 9.0, 13.0, 20.0, 30.0)
"""Planted losses of recall, as multiples of the standard error of the group's accuracy."""

_WIDER: Final = 1.6
"""Factor between the steps after these, up to the loss of everything: metrics that a loss in all
classes alike hardly moves need many people and a large loss."""

_ROUNDING: Final = 1e-12


@dataclass(frozen=True)
class Family:
    """Tests that are corrected together.

    Attributes:
        places: Which of the metrics belong to it.
        n_tests: Tests of the family in all attributes together.
    """

    places: tuple[int, ...]
    n_tests: int


def minimum_detectable(
    differences: Differences,
    metrics: Sequence[GapMetric],
    nulls: Sequence[Array],
    families: Sequence[Family],
    params: InferenceParameters,
    *,
    seed: Seed,
) -> Array:
    """How far beyond equal treatment each metric must be for its verdict, with the given power.

    The group with the fewest people is served worse than all others by the same loss of recall in
    every class (as far as the class has recall to lose); tables are drawn at rising losses, tested
    and corrected as measured ones are, with the tests of all other attributes finding nothing.
    The loss that is found in a share `params.power` of the tables is the one; the result is by how
    much the metric, without noise, is further from its ideal under it than under equal treatment
    (where groups show other emotions, equal treatment itself gives a gap). With another group, or
    in some classes only, other losses are found; the fewest people make for the least power. With
    fewer than some ten people in that group the result is rough, most often too small.

    Args:
        differences: People and shares of the measured counts.
        metrics: The metrics.
        nulls: Their values on shuffled counts, each of shape (draws,).
        families: The families that the metrics belong to. Those after the first are looked at only
            where the first found something.
        params: Significance, power, tables drawn at each loss, memory.
        seed: Seed or generator.

    Returns:
        Shape (metrics,); NaN where no loss would be found so often.
    """
    group = differences.smallest_group
    losses = _losses(differences, group)
    planted = [differences.planted(group, loss) for loss in losses]
    draw = _Drawing(differences, metrics, params)
    seeds = np.random.default_rng(seed).spawn(2 * len(losses) + 1)
    alike = draw.values(differences.alike(differences.shares(0.0)), seeds[-1])
    found = np.empty((len(losses), len(metrics)))
    for step, shares in enumerate(planted):
        values = draw.values(shares, seeds[2 * step])
        alike_here = draw.values(differences.alike(shares), seeds[2 * step + 1])
        p_values = _p_values(metrics, values, _moved(nulls, alike, alike_here))
        found[step] = _found(p_values, families, params.significance).mean(axis=0)
        if (found[step] >= params.power).all():
            found[step + 1 :] = 1.0
            break
    expected = values_of(metrics, np.stack([differences.expected(shares) for shares in planted]))
    alike_values = values_of(metrics, differences.expected(differences.shares(0.0)))
    return np.array(
        [
            _crossing(found[:, place], losses, distance(metric, expected[place]), params.power)
            - float(distance(metric, alike_values[place]))
            for place, metric in enumerate(metrics)
        ]
    )


@dataclass(frozen=True)
class _Drawing:
    """Draws of all metrics at given shares."""

    differences: Differences
    metrics: Sequence[GapMetric]
    params: InferenceParameters

    def values(self, shares: Array, seed: Seed) -> list[Array]:
        return drawn_values(
            self.differences,
            shares,
            self.metrics,
            n=self.params.n_power,
            seed=seed,
            cells_at_once=self.params.cells_at_once,
        )


def _moved(nulls: Sequence[Array], before: Sequence[Array], after: Sequence[Array]) -> list[Array]:
    """Shuffles of the measured counts, moved to where those of planted counts would lie.

    What is planted lowers everybody's recall, and by that changes what shuffles give; mean and
    spread of that change are seen in draws with all groups alike, before planting and after.
    """
    moved = []
    for null, first, second in zip(nulls, before, after, strict=True):
        kept = [part[np.isfinite(part)] for part in (first, second)]
        if min(part.size for part in kept) < 2 or kept[0].std() == 0:
            moved.append(null)
            continue
        stretch = kept[1].std() / kept[0].std()
        moved.append(kept[1].mean() + stretch * (null - kept[0].mean()))
    return moved


def _losses(differences: Differences, group: int) -> Array:
    error = differences.standard_error(group)
    steps = list(_STEPS)
    while steps[-1] * error < 1.0:
        steps.append(_WIDER * steps[-1])
    return np.unique(np.minimum(np.asarray(steps) * error, 1.0))


def _p_values(
    metrics: Sequence[GapMetric], values: Sequence[Array], nulls: Sequence[Array]
) -> Array:
    """Permutation p-values of drawn values, shape (draws, metrics); NaN where undefined."""
    columns = []
    for metric, drawn, null in zip(metrics, values, nulls, strict=True):
        ranked = np.sort(distance(metric, null[np.isfinite(null)]))
        below = np.searchsorted(ranked, distance(metric, drawn) - _ROUNDING)
        p = (1.0 + ranked.size - below) / (ranked.size + 1.0)
        columns.append(np.where(np.isfinite(drawn) & (ranked.size > 0), p, np.nan))
    return np.stack(columns, axis=-1)


def _found(p_values: Array, families: Sequence[Family], significance: float) -> Array:
    """Which tests survive Holm's correction within their family, shape (draws, metrics)."""
    found = np.zeros(p_values.shape, dtype=bool)
    for number, family in enumerate(families):
        places = list(family.places)
        corrected = _holm_rows(p_values[:, places], family.n_tests)
        found[:, places] = corrected <= significance
        if number:
            first = list(families[0].places)
            found[:, places] &= found[:, first].any(axis=1, keepdims=True)
    return found


def _holm_rows(p_values: Array, n_tests: int) -> Array:
    """Holm's corrected p-values of each row, all other tests of the family having p = 1."""
    order = np.argsort(p_values, axis=1)
    ascending = np.take_along_axis(p_values, order, axis=1)
    factors = n_tests - np.arange(p_values.shape[1])
    stepped = np.maximum.accumulate(ascending * factors, axis=1)
    corrected = np.empty_like(stepped)
    np.put_along_axis(corrected, order, stepped, axis=1)
    return corrected


def _crossing(found: Array, losses: Array, distances: Array, power: float) -> float:
    """The distance at the loss where the share found reaches `power`; NaN where it never does."""
    share = np.maximum.accumulate(found)
    if not share[-1] >= power:
        return float("nan")
    after = int(np.argmax(share >= power))
    if after == 0:
        return float(distances[0])
    # Power rises like a normal distribution function, so between two losses its quantiles do.
    reached = ndtri(np.clip(share[[after - 1, after]], 0.001, 0.999))
    between = (ndtri(power) - reached[0]) / (reached[1] - reached[0])
    loss = losses[after - 1] + between * (losses[after] - losses[after - 1])
    return float(np.interp(loss, losses, distances))
