"""What is measured between the groups of each attribute, on the faces and on their shuffles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from fer_fairness.fairness.codes import looked_up
from fer_fairness.fairness.counts import Counts, GroupCounts
from fer_fairness.fairness.inference.draws import Seed
from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics
from fer_fairness.fairness.metrics.calibration import CalibrationCounts, calibration_gap_metric
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.omnibus import (
    among,
    calibration_statistic,
    harmonic,
    order_of_groups,
    ranked,
    statistics,
    weights_of,
)
from fer_fairness.fairness.testing.pairs import PairDifferences, pair_differences
from fer_fairness.fairness.testing.people import JudgedFaces
from fer_fairness.fairness.testing.shuffles import Shuffled, concatenated, shuffled

Counted = TypeVar("Counted", bound=GroupCounts)


@dataclass(frozen=True)
class Compared:
    """The groups of one attribute, and what is measured between them.

    Attributes:
        attribute: The attribute.
        counted: Faces of all groups.
        people: People of each group, int64, shape (groups,).
        kept: Which groups have people enough, bool, shape (groups,).
        single_faces: Whether everybody in the audit has one face: shuffles then leave groups the
            classes that they show.
        calibration: All groups by bins of confidence; None without probabilities.
    """

    attribute: str
    counted: GroupCounts
    people: Counts
    kept: np.ndarray
    single_faces: bool
    calibration: CalibrationCounts | None = None

    @property
    def comparable(self) -> bool:
        """Whether there are two groups or more to compare."""
        return int(self.kept.sum()) >= 2

    @cached_property
    def compared(self) -> GroupCounts:
        """Faces of the groups that are compared."""
        return _only(self.counted, self.kept)

    @cached_property
    def compared_calibration(self) -> CalibrationCounts | None:
        """The same by bins of confidence."""
        return None if self.calibration is None else _only(self.calibration, self.kept)

    @cached_property
    def of_classes(self) -> tuple[GapMetric, ...]:
        """Metrics of single classes."""
        return class_gap_metrics(self.counted.classes)

    @cached_property
    def of_counts(self) -> tuple[GapMetric, ...]:
        """Metrics over all classes that counts tell."""
        return tuple(GAP_METRICS.values())

    @cached_property
    def of_calibration(self) -> tuple[GapMetric, ...]:
        """The metric that needs probabilities, if there are any."""
        if self.calibration is None:
            return ()
        return (calibration_gap_metric(self.calibration.bin_confidence),)

    @property
    def summary(self) -> tuple[GapMetric, ...]:
        """All metrics over all classes."""
        return (*self.of_counts, *self.of_calibration)

    @cached_property
    def order(self) -> Array | None:
        """Scores of the compared groups, where they have an order."""
        return order_of_groups(self.compared.groups)

    @property
    def weights(self) -> Array:
        """Weights of the statistics behind the question whether anyone is treated differently."""
        return weights_of(
            ordered=self.order is not None, calibrated=self.compared_calibration is not None
        )


@dataclass(frozen=True)
class Measured:
    """One attribute's statistics: those of the faces first, then of each shuffle.

    Attributes:
        statistics: Of the omnibus question, shape (1 + n, statistics).
        values: Metrics, those of the summary first, shape (1 + n, metrics).
        equal: What the metrics come to if all groups are treated alike, given who shows what, of
            the same shape as `values`; 0 where everybody has one face: shuffles leave it as it is.
        pairs: Differences between two groups in standard errors, without sign, (1 + n, pairs).
    """

    statistics: Array
    values: Array
    equal: Array
    pairs: Array

    def as_if_alike(self) -> "Measured":
        """The same with shuffled values as if groups showed the classes that they show.

        Where people have several faces, a shuffle gives groups other classes to show as well: what
        that alone does to a metric is no unequal treatment. Else nothing is changed.
        """
        values = self.values + (self.equal[:1] - self.equal)
        return replace(self, values=np.where(np.isfinite(values), values, self.values))


@dataclass(frozen=True)
class AttributeTests:
    """One attribute measured, and its p-values before any correction.

    Attributes:
        part: What was compared.
        measured: The statistics of faces and shuffles.
        worth: Independent faces that tell as much as one of these, at most 1.
    """

    part: Compared
    measured: Measured
    worth: float = 1.0

    @cached_property
    def n_permutations(self) -> int:
        """Number of shuffles."""
        return len(self.measured.values) - 1

    @cached_property
    def harmonic(self) -> Array:
        """The statistics as one, shape (1 + n,)."""
        return harmonic(ranked(self.measured.statistics), self.part.weights)

    @cached_property
    def any_difference(self) -> Array:
        """P-values of the question whether anyone is recognised differently, shape (1 + n,)."""
        return among(self.harmonic, self.harmonic)

    @cached_property
    def distances(self) -> Array:
        """Metrics as distances from their ideal, shape (1 + n, metrics)."""
        metrics = (*self.part.summary, *self.part.of_classes)
        columns = [
            values if metric.higher_is_worse else metric.ideal - values
            for metric, values in zip(metrics, self.measured.values.T, strict=True)
        ]
        return np.stack(columns, axis=1)

    @cached_property
    def metrics(self) -> Array:
        """P-values of the metrics, one-sided towards unequal treatment, shape (1 + n, metrics)."""
        return ranked(self.distances)

    @cached_property
    def design_effects(self) -> Array:
        """Variance of each pair's difference over that of independent faces, shape (pairs,)."""
        return np.asarray((self.measured.pairs[1:] ** 2).mean(axis=0))

    @cached_property
    def pairs(self) -> Array:
        """Differences of pairs in standard errors that hold for people, shape (1 + n, pairs)."""
        scale = np.sqrt(np.where(self.design_effects > 0, self.design_effects, 1.0))
        return np.asarray(self.measured.pairs / scale)

    @cached_property
    def widest_pair(self) -> Array:
        """P-values of the pair that differs most, among all pairs, shape (1 + n,)."""
        widest = self.pairs.max(axis=1, initial=0.0)
        return among(widest, widest)

    @cached_property
    def pair_differences(self) -> PairDifferences:
        """The pairs' differences, with standard errors that hold for people, one row."""
        found = pair_differences(self.part.compared.counts[np.newaxis].astype(np.float64))
        scale = np.sqrt(self.design_effects)
        return replace(
            found, errors_if_alike=found.errors_if_alike * scale, errors=found.errors * scale
        )


def compared_groups(faces: JudgedFaces, *, minimum_group_size: int) -> list[Compared]:
    """What there is to compare of each attribute; groups count by their people."""
    parts = []
    single_faces = not faces.labelled().several_faces
    for attribute in faces.memberships:
        people = faces.people_by_group(attribute)
        parts.append(
            Compared(
                attribute,
                faces.counts(attribute),
                people,
                people >= minimum_group_size,
                single_faces,
                None if faces.bin_confidence is None else faces.calibration(attribute),
            )
        )
    return parts


def tested(
    faces: JudgedFaces, parts: Sequence[Compared], *, n: int, seed: Seed, cells_at_once: int
) -> list[AttributeTests | None]:
    """Measure every attribute on the faces and on the same `n` shuffles; None without two groups.

    Args:
        faces: The faces.
        parts: Of each attribute what is compared.
        n: Number of shuffles.
        seed: Seed or generator.
        cells_at_once: Counts held at a time.
    """
    comparable = [part for part in parts if part.comparable]
    if not comparable:
        return [None] * len(parts)

    def measure(drawn: Shuffled) -> dict[str, Measured]:
        return {
            part.attribute: _measured(
                part, drawn.counts[part.attribute], drawn.calibration.get(part.attribute)
            )
            for part in comparable
        }

    known = _among_compared(faces, parts)
    turns = shuffled(known, measure, n=n, seed=seed, cells_at_once=cells_at_once)
    found: list[AttributeTests | None] = []
    for part in parts:
        if not part.comparable:
            found.append(None)
            continue
        binned = part.calibration
        own = _measured(
            part,
            part.counted.counts[np.newaxis].astype(np.float64),
            None if binned is None else binned.counts[np.newaxis].astype(np.float64),
        )
        rows = concatenated([vars(own), *(vars(turn[part.attribute]) for turn in turns)])
        measured = Measured(**rows)
        worth = faces.labelled(part.attribute).worth
        found.append(AttributeTests(part, measured.as_if_alike(), worth))
    return found


def _measured(part: Compared, counts: Array, binned: Array | None) -> Measured:
    """Everything of one attribute, on a stack of tables of all its groups."""
    counts = counts[:, part.kept]
    found = [statistics(counts, part.order)]
    metrics = [*part.of_counts, *part.of_classes]
    of_counts = values_of(metrics, counts)
    alike = of_counts if part.single_faces else values_of(metrics, _alike(counts, part.compared))
    of_bins: list[Array] = []
    bins_alike: list[Array] = []
    if binned is not None and part.calibration is not None:
        binned = binned[:, part.kept]
        found.append(calibration_statistic(binned, part.calibration.bin_confidence)[:, np.newaxis])
        of_bins = values_of(part.of_calibration, binned)
        everybody = part.compared_calibration
        bins_alike = of_bins
        if not part.single_faces and everybody is not None:
            bins_alike = values_of(part.of_calibration, _alike(binned, everybody))
    place = len(part.of_counts)
    values = np.stack([*of_counts[:place], *of_bins, *of_counts[place:]], axis=1)
    equal = np.stack([*alike[:place], *bins_alike, *alike[place:]], axis=1)
    return Measured(
        statistics=np.concatenate(found, axis=1),
        values=values,
        equal=np.zeros_like(values) if part.single_faces else equal,
        pairs=pair_differences(counts).standardised,
    )


def _alike(counts: Array, everybody: GroupCounts) -> Array:
    """The faces of each group and class, given what everybody of the class is on average.

    Args:
        counts: Shape (n, g, c, k).
        everybody: Those that are compared.
    """
    of_class = everybody.counts.sum(axis=0)
    shares = of_class / np.maximum(of_class.sum(axis=1, keepdims=True), 1)
    return np.asarray(counts.sum(axis=3, keepdims=True) * shares)


def _among_compared(faces: JudgedFaces, parts: Sequence[Compared]) -> JudgedFaces:
    """The faces with groups that are left out as too small made unknown.

    Their people are not compared, so they are not shuffled among those who are.
    """
    memberships = {}
    for part in parts:
        own = faces.memberships[part.attribute]
        places = np.where(part.kept, np.arange(len(part.kept)), -1)
        codes = looked_up(np.append(places, -1).astype(own.codes.dtype), own.codes)
        memberships[part.attribute] = replace(own, codes=codes)
    return replace(faces, memberships=memberships)


def _only(counted: Counted, kept: np.ndarray) -> Counted:
    names = tuple(name for name, keep in zip(counted.groups, kept, strict=True) if keep)
    return replace(counted, counts=counted.counts[kept], groups=names)
