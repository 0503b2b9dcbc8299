"""What variants change against a reference in one part of a set, but for the tests."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fer_fairness.fairness.comparisons.audience import Audience, MeasuredPart
from fer_fairness.fairness.comparisons.estimates import SeedMeans
from fer_fairness.fairness.comparisons.levelling_down import levelled_down
from fer_fairness.fairness.comparisons.measured import Part
from fer_fairness.fairness.comparisons.over_seeds import Row, score_rows
from fer_fairness.fairness.metrics.reductions import Array


@dataclass(frozen=True)
class Compared:
    """All variants in one part of one set, the first of them the reference.

    Attributes:
        audience: The set.
        part: The part.
        raw: Values as counted in the mean over seeds, shape (variants, metrics).
        own: Values without noise, arrays of shape (variants, metrics).
        means: The changes, arrays of shape (variants - 1, metrics).
        noise: Draws of the noise of the changes by people, shape (n, variants - 1, metrics).
    """

    audience: Audience
    part: Part
    raw: Array
    own: SeedMeans
    means: SeedMeans
    noise: Array

    def rows(self) -> Iterator[Row]:
        """The changes but for their tests, variant after variant."""
        down = self._levelled_down()
        for variant, name in enumerate(self.audience.variants[1:], start=1):
            for place, metric in enumerate(self.part.metrics):
                yield {
                    "evaluation_set": self.audience.name,
                    "variant": name,
                    "metric": metric.name,
                    "attribute": self.part.attribute,
                    "baseline_value": self.own.values[0, place],
                    "value": self.own.values[variant, place],
                    "difference": self.own.values[variant, place] - self.own.values[0, place],
                    "raw_difference": self.raw[variant, place] - self.raw[0, place],
                    "seed_share": self.means.seed_share[variant - 1, place],
                    "level_down": down[place][variant - 1],
                    "furthest": metric.highest,
                    "n_seeds": self.means.n_seeds,
                    "n_people": self.part.people.n_people,
                    "n_faces": len(self.part.people.true),
                }

    def scores(self, confidence: float) -> Iterator[Row]:
        """The scores of every variant in the mean over seeds."""
        for variant, name in enumerate(self.audience.variants):
            for row in score_rows(self.part, self.own, self.raw, variant, confidence):
                yield {"evaluation_set": self.audience.name, "variant": name, **row}

    def _levelled_down(self) -> list[list[bool]]:
        """For each metric and variant; never of scores of everybody, where groups are not told."""
        n_variants = len(self.audience.frames)
        if self.part.attribute is None or not self.part.comparable:
            return [[False] * (n_variants - 1)] * len(self.part.metrics)
        counts = self.part.people.counts()
        by_metric = []
        for place, metric in enumerate(self.part.metrics):
            distance = np.abs(self.own.values[:, place] - metric.ideal)
            served = metric.group_score(counts)[self.audience.models].mean(axis=0)
            by_metric.append(
                [
                    levelled_down(distance[0], distance[variant], served[0], served[variant])
                    for variant in range(1, n_variants)
                ]
            )
        return by_metric


def compared(one: MeasuredPart) -> Compared:
    """What the variants of a part change against the first of them.

    What noise draws of single models showed is not kept: of many models it fills the memory.
    """
    models = one.audience.models
    reference = np.repeat(models[:, :1], models.shape[1] - 1, axis=1)
    own, _ = one.found.means(models)
    means, noise = one.found.means(models[:, 1:], reference)
    raw = one.found.raw[models].mean(axis=0)
    return Compared(one.audience, one.part, raw, own, means, noise)
