"""The smallest difference that the verdicts would have found, given who was there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri

from fer_fairness.fairness.inference.differences import Differences
from fer_fairness.fairness.inference.draws import Seed, counts_of_shares
from fer_fairness.fairness.inference.gap_intervals import distance
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.gap_tests import AttributeTests
from fer_fairness.fairness.testing.judging import Judgement
from fer_fairness.fairness.testing.omnibus import (
    among,
    calibration_statistic,
    harmonic,
    statistics,
)
from fer_fairness.params.inference import InferenceParameters

_STEPS: Final = (1.0, 1.75, 2.5, 3.25, 4.0, 5.0, 6.5, 9.0, 13.0, 20.0, 30.0)
"""Planted losses of recall, as multiples of the standard error of the group's accuracy."""

_WIDER: Final = 1.6
"""Factor between the steps after these, up to the loss of everything: metrics that a loss in all
classes alike hardly moves need many people and a large loss."""

_TIE: Final = 1e-9
_NONE: Final = 1e-9


@dataclass(frozen=True)
class Detectable:
    """What would have been found with the power asked for; NaN where nothing would.

    Attributes:
        loss: Loss of recall of the smallest group, in every class.
        metrics: How far beyond equal treatment each metric is under the loss at which it is found,
            shape (metrics,).
    """

    loss: float
    metrics: Array


def detectable(
    tests: AttributeTests,
    judgement: Judgement,
    differences: Differences,
    binned: Differences | None,
    params: InferenceParameters,
    *,
    seed: Seed,
) -> Detectable:
    """The smallest loss of the smallest group that is found, as the verdicts find it.

    The group with the fewest people is served worse than all others by the same loss of recall in
    every class (as far as the class has recall to lose); tables are drawn at rising losses and
    judged as the measured one is, with all other attributes finding nothing. The loss that is found
    in a share `params.power` of the tables is the one; a metric's result is by how much it, without
    noise, is further from its ideal under that loss than under equal treatment (where groups show
    other emotions, equal treatment itself gives a gap). With another group, or in some classes
    only, other losses are found; the fewest people make for the least power. Where primary outcomes
    were named, all others are told as if these had been found. With fewer than some ten people in
    that group the result is rough, most often too small.

    Args:
        tests: The tests of one attribute.
        judgement: At which p-values its tests are found.
        differences: People and shares of its counts.
        binned: The same by bins of confidence, where there are probabilities.
        params: Power, tables drawn at each loss.
        seed: Seed or generator.
    """
    generator = np.random.default_rng(seed)
    judge = _Judge(tests, judgement)
    of_counts = [*tests.part.of_counts, *tests.part.of_classes]
    counted = _Rising(differences, of_counts, judge, params, generator)
    places = np.r_[0 : len(tests.part.of_counts), len(tests.part.summary) : judge.n_metrics]
    found = np.full(judge.n_metrics, np.nan)
    found[places] = counted.distances(places)
    if binned is not None:
        of_bins = _Rising(binned, tests.part.of_calibration, judge, params, generator)
        place = np.arange(len(tests.part.of_counts), len(tests.part.summary))
        found[place] = of_bins.distances(place)
    return Detectable(counted.loss(), found)


class _Judge:
    """What of a drawn table would be found."""

    def __init__(self, tests: AttributeTests, judgement: Judgement) -> None:
        self.tests = tests
        self.n_metrics = tests.metrics.shape[1]
        self.n_summary = len(tests.part.summary)
        found = tests.any_difference <= judgement.level * (1.0 + _TIE)
        self.primary = judgement.primary
        """Metrics that stand behind no question."""
        self._question = float(tests.harmonic[found].min()) if found.any() else np.inf
        reached = tests.metrics <= judgement.planned_errors * (1.0 + _TIE)
        self.limits = np.where(reached, tests.distances, np.inf).min(axis=0)
        """Distance from which on each metric is found, shape (metrics,)."""
        self._inflation = np.empty(0)

    def compare_with(self, alike: Array, *, binned: bool) -> None:
        """Where people have several faces: take statistics of drawn faces for those of people.

        Shuffles of people spread each statistic more than independent faces do, one statistic more
        than another: being recognised hangs on the person, what else an answer is hardly does.

        Args:
            alike: Tables drawn with all groups alike.
            binned: Whether they are of bins of confidence.
        """
        if self.tests.worth == 1.0:
            return
        measured = self.tests.measured.statistics[1:].mean(axis=0)
        if not self._inflation.size:
            self._inflation = np.ones(len(measured))
        if binned:
            drawn = calibration_statistic(alike, _confidence(self.tests))[:, np.newaxis]
            places = np.array([len(measured) - 1])
        else:
            drawn = statistics(alike, self.tests.part.order)
            places = np.arange(drawn.shape[1])
        self._inflation[places] = measured[places] / np.maximum(drawn.mean(axis=0), _NONE)

    def question(self, drawn: Array, *, binned: bool) -> np.ndarray:
        """Whether someone is found to be treated differently, in each table, bool (n,)."""
        measured = self.tests.measured.statistics
        p_values = np.full((len(drawn), measured.shape[1]), 0.5)
        if binned:
            found = calibration_statistic(drawn, _confidence(self.tests))
            values, start = found[:, np.newaxis], measured.shape[1] - 1
        else:
            values, start = statistics(drawn, self.tests.part.order), 0
        if self._inflation.size:
            values = values * self._inflation[start : start + values.shape[1]]
        for place in range(values.shape[1]):
            null = measured[:, start + place]
            p_values[:, start + place] = among(values[:, place], null)
        p_values = np.maximum(p_values, 1.0 / len(measured))
        return harmonic(p_values, self.tests.part.weights) >= self._question


def _confidence(tests: AttributeTests) -> Array:
    binned = tests.part.calibration
    return np.empty(0) if binned is None else binned.bin_confidence


class _Rising:
    """Tables drawn at rising losses of the smallest group, and what is found in them."""

    def __init__(
        self,
        differences: Differences,
        metrics: Sequence[GapMetric],
        judge: _Judge,
        params: InferenceParameters,
        generator: np.random.Generator,
    ) -> None:
        group = differences.smallest_group
        self._losses = _losses(differences, group)
        self._planted = [differences.planted(group, loss) for loss in self._losses]
        self._draw = _Drawing(differences, metrics, params.n_power, generator)
        self._judge = judge
        self._power = params.power
        self._binned = bool(metrics) and metrics[0].name == "calibration_error_gap"
        self._questions: Array = np.empty(0)

    def distances(self, places: np.ndarray) -> Array:
        """How far beyond equal treatment each metric must be, shape (places,)."""
        differences, metrics = self._draw.differences, self._draw.metrics
        found = self._found(places)
        expected = values_of(
            metrics, np.stack([differences.expected(shares) for shares in self._planted])
        )
        alike = values_of(metrics, differences.expected(differences.shares(0.0)))
        beyond = np.array(
            [
                _crossing(found[:, place], self._losses, distance(metric, values), self._power)
                - float(distance(metric, alike[place]))
                for place, (metric, values) in enumerate(zip(metrics, expected, strict=True))
            ]
        )
        # Where groups show other emotions, a loss may bring them closer: that finds no gap.
        return np.where(beyond > _NONE, beyond, np.nan)

    def loss(self) -> float:
        """The loss at which the question is answered with yes; after `distances`."""
        return _crossing(self._questions, self._losses, self._losses, self._power)

    def _found(self, places: np.ndarray) -> Array:
        """Share of the tables at each loss in which each metric is found, (losses, places)."""
        alike_shares = self._draw.differences.shares(0.0)
        alike = self._draw.alike(alike_shares)
        self._judge.compare_with(self._draw.tables(alike_shares), binned=self._binned)
        found = np.ones((len(self._losses), len(places)))
        self._questions = np.ones(len(self._losses))
        summary = places < self._judge.n_summary
        for step, shares in enumerate(self._planted):
            drawn = self._draw.tables(shares)
            limits = _moved(self._judge.limits[places], alike, self._draw.alike(shares))
            beyond = self._draw.distances(drawn) >= limits - _TIE
            question = self._judge.question(drawn, binned=self._binned)
            beyond &= question[:, np.newaxis] | self._judge.primary[places]
            beyond[:, ~summary] &= beyond[:, summary].any(axis=1, keepdims=True)
            found[step], self._questions[step] = beyond.mean(axis=0), question.mean()
            if (found[step] >= self._power).all():
                break
        return found


@dataclass(frozen=True)
class _Drawing:
    """Tables and metrics at given shares."""

    differences: Differences
    metrics: Sequence[GapMetric]
    n: int
    generator: np.random.Generator

    def tables(self, shares: Array) -> Array:
        people = self.differences.people
        return counts_of_shares(people, shares, self.n, self.generator).astype(np.float64)

    def distances(self, tables: Array) -> Array:
        values = values_of(self.metrics, tables)
        columns = [distance(*pair) for pair in zip(self.metrics, values, strict=True)]
        return np.stack(columns, axis=1)

    def alike(self, shares: Array) -> tuple[Array, Array]:
        """Mean and spread of each metric if everybody is served as all are on average."""
        drawn = self.distances(self.tables(self.differences.alike(shares)))
        undefined = np.isnan(drawn)
        n = np.maximum((~undefined).sum(axis=0), 1)
        means = np.where(undefined, 0.0, drawn).sum(axis=0) / n
        squares = np.where(undefined, 0.0, (drawn - means) ** 2).sum(axis=0) / n
        return means, np.sqrt(squares)


def _moved(limits: Array, before: tuple[Array, Array], after: tuple[Array, Array]) -> Array:
    """Limits among shuffles of the measured counts, moved to where those of planted ones lie.

    What is planted lowers everybody's recall, and by that changes what shuffles give; mean and
    spread of that change are seen in draws with all groups alike, before planting and after.
    """
    varies = (before[1] > 0) & (after[1] > 0)
    stretch = np.where(varies, after[1] / np.where(varies, before[1], 1.0), 1.0)
    return np.where(varies, after[0] + stretch * (limits - before[0]), limits)


def _losses(differences: Differences, group: int) -> Array:
    error = differences.standard_error(group)
    steps = list(_STEPS)
    while steps[-1] * error < 1.0:
        steps.append(_WIDER * steps[-1])
    return np.unique(np.minimum(np.asarray(steps) * error, 1.0))


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
