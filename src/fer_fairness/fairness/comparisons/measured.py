"""Metrics of several models on the same people: without noise, and how they vary with the people.

Noise widens a gap, by more the more alike the groups are, so two gaps are compared only with the
noise taken off each (`noise_corrected`). How a value varies is seen twice: with the noise of people
laid on the measured counts, and on counts whose differences between groups have their own noise
taken off (`differences`). The first knows the groups at the ends of a clear gap; the second that
where groups are alike any of them may be. On both, a share of each cell is answered as people would
be who were not seen (`unseen_people`). The larger of both variances counts, and what is taken off
may itself be off by a share of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.fairness.alignment import aligned
from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.comparisons.crossed_predictions import (
    CrossedPredictions,
    PeopleNoise,
    crossed,
    people_of,
)
from fer_fairness.fairness.comparisons.estimates import SeedMeans, people_variance, seed_means
from fer_fairness.fairness.comparisons.unseen_people import UnseenPeople
from fer_fairness.fairness.counts import Counts, GroupCounts, everybody_of
from fer_fairness.fairness.group_names import groups_of
from fer_fairness.fairness.inference.differences import differences_of_worth
from fer_fairness.fairness.inference.draws import Seed, seed_for
from fer_fairness.fairness.inference.gap_intervals import SEED_OF_COUNTS, noise_corrected
from fer_fairness.fairness.metrics import GAP_METRICS, OVERALL_METRICS
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.people import worth_of_faces
from fer_fairness.machine import in_threads
from fer_fairness.params.inference import InferenceParameters

FloatArray: TypeAlias = npt.NDArray[np.float32]
"""Draws: half the memory."""

_UNSURE: Final = 0.3
"""Share of what noise adds that it may be off by; with it intervals hold the truth often enough in
the worlds of benchmarks/seeds_coverage.py."""

_WIDER: Final = 1.1
"""Factor on the standard errors of gaps by people: near equal treatment the noise-corrected value
varies more than the value as counted, and neither kind of draws shows all of that; with it null
changes between models whose groups differ are found as seldom as they should (same benchmark)."""

_MOST_DRAWS: Final = 2_000
"""Of weights of people: their variance is then known within 3 %."""

_FEWEST_DRAWS: Final = 300
_WEIGHTS_HELD: Final = 2**28
"""Weights of people held at a time (1 GiB); of very many people fewer are drawn."""

_NOBODY: Final = 1e-9
"""Stands for no people in a division."""

_CELLS_AT_ONCE: Final = 2**22
"""Counts held at a time by each thread (32 MiB)."""


@dataclass(frozen=True)
class Part:
    """The people of one attribute's groups, or everybody (None), and what is measured of them.

    Attributes:
        attribute: The attribute.
        people: The faces and their people.
        metrics: The metrics.
        worth: Of each model, how many independent faces tell as much as one of these.
    """

    attribute: str | None
    people: CrossedPredictions
    metrics: tuple[GapMetric, ...]
    worth: tuple[float, ...] = ()

    def worth_of(self, model: int) -> float:
        """Independent faces that tell as much of a model as one of these; 1 if none are given."""
        return self.worth[model] if self.worth else 1.0

    @property
    def comparable(self) -> bool:
        """Whether there are groups to compare, or no groups are needed."""
        return self.attribute is None or self.people.n_groups >= 2


@dataclass(frozen=True)
class Measured:
    """Values of the metrics of one part for several models.

    Attributes:
        raw: As counted, shape (models, metrics).
        values: Without what noise adds, shape (models, metrics); scores of everybody as counted.
        draws: On counts with noise of people, shape (kinds, n, models, metrics): noise on the
            measured counts, and on those without noise.
    """

    raw: Array
    values: Array
    draws: FloatArray

    def of_metrics(self, places: Sequence[int]) -> "Measured":
        """The same of the metrics in these places; a copy, so that the others may be forgotten."""
        chosen = list(places)
        return Measured(self.raw[:, chosen], self.values[:, chosen], self.draws[..., chosen])

    def means(self, of: Codes, minus: Codes | None = None) -> tuple[SeedMeans, Array]:
        """Values of models, or differences between models, in the mean over seeds.

        Args:
            of: Which models, shape (seeds, rows).
            minus: Which models are taken off them, of the same shape; by default none.

        Returns:
            Means of shape (rows, metrics), and draws of their noise by people, of mean 0 and
            variance 1, shape (n, rows, metrics).
        """
        values = self._of(self.values, of, minus)
        wider = _WIDER**2 if len(self.draws) > 1 else 1.0
        kinds = [people_variance(self._of(draws, of, minus)) for draws in self.draws]
        shared = np.max([kind.shared for kind in kinds], axis=0)
        own = np.max([kind.own for kind in kinds], axis=0)
        means = seed_means(
            values, wider * shared + self._of_correction(of, minus), own, _n_methods(of, minus)
        )
        varies = (kinds[-1].scores != 0).any(axis=0)
        return means, np.where(varies, kinds[-1].scores, kinds[0].scores)

    @staticmethod
    def _of(values: Array | FloatArray, of: Codes, minus: Codes | None) -> Array:
        chosen = values[..., of, :].astype(np.float64)
        return chosen if minus is None else np.asarray(chosen - values[..., minus, :])

    def _of_correction(self, of: Codes, minus: Codes | None) -> Array:
        """Variance by what noise adds being known roughly, shape (rows, metrics).

        Models that vary together are also wrong together in it.
        """
        added = np.where(np.isfinite(self.values), self.raw - self.values, 0.0)
        here = added[of].mean(axis=0)
        if minus is None:
            return np.asarray((_UNSURE * here) ** 2)
        there = added[minus].mean(axis=0)
        scores = [people_variance(self._of(self.draws[0], one, None)).scores for one in (of, minus)]
        together = here * scores[0] - there * scores[1]
        return np.asarray(_UNSURE**2 * (together**2).mean(axis=0))


def _n_methods(of: Codes, minus: Codes | None) -> int:
    """How many of the rows are no sums or differences of others."""
    if minus is None:
        return len(np.unique(of[0]))
    return len(np.unique([of[0], minus[0]])) - 1


def parts_of(
    frames: Mapping[str, pd.DataFrame],
    attributes: Sequence[str],
    emotions: Sequence[str],
    minimum_size: int,
) -> tuple[list[Part], int]:
    """Everybody, then the groups of each attribute that are large enough; and how many people.

    Args:
        frames: Predictions of the same faces by the model's name.
        attributes: Attributes, or intersections such as "gender x race".
        emotions: The emotions scored.
        minimum_size: Smaller groups take no part.

    Raises:
        InvalidInputError: If a column is missing, an emotion unknown, or the tables are not about
            the same faces with the same emotions.
    """
    first, predicted = aligned(frames)
    everybody = crossed(first, predicted, everybody_of(first), emotions)
    worth = tuple(
        worth_of_faces(everybody.true, predictions, everybody.people)
        for predictions in everybody.predicted.T
    )
    parts = [Part(None, everybody, OVERALL_METRICS, worth)]
    for attribute in attributes:
        people = crossed(first, predicted, groups_of(first, attribute), emotions)
        compared = people.reaching(minimum_size)
        parts.append(Part(attribute, compared, tuple(GAP_METRICS.values()), worth))
    return parts, int(people_of(first).max(initial=-1)) + 1


def people_weights(n_people: int, params: InferenceParameters, seed: Seed) -> FloatArray:
    """Weights of people for `measured`, the same for all parts of a set, float32, (n, people)."""
    held = max(_FEWEST_DRAWS, _WEIGHTS_HELD // max(n_people, 1))
    n = min(params.n_bootstrap, _MOST_DRAWS, held)
    return np.random.default_rng(seed).standard_normal((n, n_people), dtype=np.float32)


def measured(part: Part, weights: FloatArray, seed: int) -> Measured:
    """Values of one part's metrics for every model, and how they vary with the people.

    Args:
        part: The people and the metrics.
        weights: Weights of people, shape (n, people of the set).
        seed: Seed of what noise adds, the one of the gaps' table.
    """
    n_models, n_metrics = part.people.predicted.shape[1], len(part.metrics)
    if not part.comparable:
        nothing = np.full((n_models, n_metrics), np.nan)
        return Measured(
            nothing,
            nothing,
            np.full((1, len(weights), n_models, n_metrics), np.nan, dtype=np.float32),
        )
    counts = part.people.counts()
    raw = np.stack(values_of(part.metrics, counts), axis=-1)
    values, centres = raw, [counts]
    if part.attribute is not None:
        tables = [_grouped(table) for table in counts]
        own_seed = (*seed_for(seed, part.attribute), SEED_OF_COUNTS)
        worth = [part.worth_of(model) for model in range(n_models)]

        def corrected(model: int) -> tuple[Array, Array]:
            table, of_one = tables[model], worth[model]
            fitted = differences_of_worth(table, of_one)
            own = noise_corrected(table, part.metrics, seed=own_seed, worth=of_one)
            return own, fitted.expected(fitted.estimate) / of_one

        both = list(in_threads(corrected, range(n_models)))
        values = np.stack([value for value, _ in both])
        centres.append(np.stack([centre for _, centre in both]))
    return Measured(raw, values, _draws(part, np.stack(centres), weights))


def _draws(part: Part, centres: Array, weights: FloatArray) -> FloatArray:
    """Values with noise of people around each kind of counts, (kinds, n, models, metrics)."""
    noise, unseen = PeopleNoise(part.people), UnseenPeople(part.people)
    at_once = max(1, _CELLS_AT_ONCE // centres.size)
    people = centres[:, np.newaxis].sum(axis=-1, keepdims=True)

    def turn(start: int) -> FloatArray:
        of_turn = weights[start : start + at_once]
        tables = unseen.among(centres, of_turn)
        tables += noise.drawn(of_turn)
        tables = _no_fewer_than_none(tables, people)
        values = np.stack(values_of(part.metrics, tables), axis=-1)
        return np.where(np.isfinite(values), values, np.nan).astype(np.float32)

    turns = in_threads(turn, range(0, len(weights), at_once))
    return np.concatenate(list(turns), axis=1)


def _no_fewer_than_none(tables: Array, people: Array) -> Array:
    """Tables cut at zero, with as many people of each group and class as before."""
    cut = np.maximum(tables, 0.0)
    return np.asarray(cut * (people / np.maximum(cut.sum(axis=-1, keepdims=True), _NOBODY)))


def _grouped(table: Counts) -> GroupCounts:
    n_groups, n_classes = table.shape[:2]
    names = tuple(map(str, range(max(n_groups, n_classes))))
    return GroupCounts(table, names[:n_groups], names[:n_classes], n_missing=0)
