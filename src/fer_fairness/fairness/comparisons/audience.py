"""An evaluation set as several variants predict it, and its parts as they were measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.comparisons.measured import (
    Measured,
    Part,
    measured,
    parts_of,
    people_weights,
)
from fer_fairness.fairness.comparisons.over_seeds import Frames
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.progress import track


@dataclass(frozen=True)
class Audience:
    """An evaluation set, as several variants predict it.

    Attributes:
        name: Of the set.
        frames: Predictions by variant and training seed, the reference first. The attribute
            columns, and `person` where rows are not people, are read from its first table.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the tables may hold no other.
        sources: Who labelled the groups of each attribute, where that is known. What others
            labelled is another outcome: values are averaged over sets of one source only.
    """

    name: str
    frames: Mapping[str, Frames]
    attributes: tuple[str, ...]
    emotions: tuple[str, ...]
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The training seeds, those of the reference."""
        return tuple(next(iter(self.frames.values())))

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants, the reference first."""
        return tuple(self.frames)

    @property
    def models(self) -> Codes:
        """Place of each model among `tables`, shape (seeds, variants)."""
        shape = len(self.frames), len(self.seeds)
        return np.arange(shape[0] * shape[1]).reshape(shape).T

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by the name that messages give them, seed after seed of each variant."""
        named: dict[str, pd.DataFrame] = {}
        for variant, frames in self.frames.items():
            _check_seeds(self.seeds, frames, variant)
            for seed in self.seeds:
                which = f"seed {seed} of {variant}" if len(self.seeds) > 1 else variant
                named[which] = frames[seed]
        return named


@dataclass(frozen=True)
class MeasuredPart:
    """One part of one set, as all its variants were measured on it.

    Attributes:
        audience: The set.
        part: The people and the metrics.
        found: What was measured.
    """

    audience: Audience
    part: Part
    found: Measured

    def of_metrics(self, names: Sequence[str]) -> "MeasuredPart":
        """The same with those of its metrics that have these names, in its own order."""
        kept = [place for place, metric in enumerate(self.part.metrics) if metric.name in names]
        metrics = tuple(self.part.metrics[place] for place in kept)
        return MeasuredPart(
            self.audience, replace(self.part, metrics=metrics), self.found.of_metrics(kept)
        )


def measured_parts(
    audiences: Sequence[Audience], params: InferenceParameters, seed: int
) -> Iterator[MeasuredPart]:
    """Every part of every set: everybody, then the groups of each attribute.

    Args:
        audiences: The evaluation sets.
        params: Number of draws, smallest group.
        seed: Seed of all draws. The people of a set weigh the same in all its parts.

    Raises:
        InvalidInputError: If seeds differ between variants, or as for `parts_of`.
    """
    for audience in audiences:
        parts, n_people = parts_of(
            audience.tables(), audience.attributes, audience.emotions, params.minimum_group_size
        )
        weights = people_weights(n_people, params, seed_for(seed, f"people of {audience.name}"))
        for part in track(parts, description="Comparing variants"):
            yield MeasuredPart(audience, part, measured(part, weights, seed))


def with_sources(table: pd.DataFrame, audiences: Sequence[Audience]) -> pd.DataFrame:
    """A table with the column `attribute_source`: who labelled the groups, missing of everybody.

    Args:
        table: With the columns `evaluation_set` and `attribute`.
        audiences: All sets of the table, with their sources.
    """
    by_set = {audience.name: audience.sources for audience in audiences}
    sources = [
        None if pd.isna(attribute) else by_set[name][attribute]
        for name, attribute in zip(table["evaluation_set"], table["attribute"], strict=True)
    ]
    return table.assign(attribute_source=pd.Series(np.array(sources, dtype=object), dtype="str"))


def _check_seeds(seeds: Sequence[int], frames: Frames, variant: str) -> None:
    alone = sorted(set(seeds) ^ set(frames))
    if alone:
        has = "lacks" if alone[0] in seeds else "alone has"
        raise InvalidInputError(
            f"{variant} {has} seed {alone[0]} (its seeds: {', '.join(map(str, frames))}; those of "
            f"the reference: {', '.join(map(str, seeds))}). Variants are compared seed by seed: "
            "train all with the same seeds, or leave out the others."
        )
