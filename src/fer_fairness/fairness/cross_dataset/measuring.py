"""What every model scores on one set, with the noise of its people, so that sets can be compared.

Shares of faces that are recognised are told from the recalls of single emotions, of which they are
weighted means: the mean recall weighs all alike, the accuracy as often as faces show them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.fairness.alignment import aligned
from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.comparisons.audience import Audience, MeasuredPart, measured_parts
from fer_fairness.fairness.comparisons.crossed_predictions import (
    CrossedPredictions,
    PeopleNoise,
    crossed,
    people_of,
)
from fer_fairness.fairness.comparisons.measured import FloatArray, people_weights
from fer_fairness.fairness.comparisons.unseen_people import UnseenPeople, right_by_person
from fer_fairness.fairness.counts import everybody_of
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.taxonomy import probability_column

_WRONG_AND_RIGHT: Final = 2.0
"""So many people of either kind are added where all who show an emotion are recognised in the same
share of their faces: no draw of people shows then how sure that is, and unseen people too little of
it (Agresti and Coull 1998, The American Statistician 52). The interval comes to the rule of
three."""


@dataclass(frozen=True)
class Noisy:
    """Values of several models and how they vary with the people.

    Attributes:
        values: Shape (models, quantities); NaN where there is nobody.
        noise: Draws of what people add, of mean 0, shape (n, models, quantities).
        unseen: Variance that no draw shows, shape (models, quantities).
        people: Who is behind each quantity, codes, each once.
    """

    values: Array
    noise: Array
    unseen: Array
    people: tuple[Codes, ...]

    @property
    def n_people(self) -> Codes:
        """How many people are behind each quantity, shape (quantities,)."""
        return np.array([len(of_one) for of_one in self.people], dtype=np.int64)

    @property
    def variances(self) -> Array:
        """Of the values, shape (models, quantities)."""
        return np.asarray((self.noise**2).mean(axis=0) + self.unseen)

    def weighed(self, weights: Array) -> "Noisy":
        """Sums of the quantities; those of weight 0 take no part, defined or not.

        Somebody who is behind several quantities is one person of their sum.

        Args:
            weights: Shape (quantities, sums).
        """
        used = np.asarray(weights != 0).any(axis=1)
        of_used = weights[used]
        people = np.unique(np.concatenate([self.people[place] for place in np.flatnonzero(used)]))
        return Noisy(
            self.values[:, used] @ of_used,
            self.noise[..., used] @ of_used,
            self.unseen[:, used] @ of_used**2,
            (people,) * weights.shape[1],
        )


@dataclass(frozen=True)
class OfSet:
    """All that was measured on one set.

    Attributes:
        audience: The set.
        parts: Scores of everybody, and the gaps of each attribute, as `measured_parts` gives them.
        recalls: By attribute and group (None and None of everybody) the recall of each emotion.
        overconfidence: Mean probability of the predicted emotion minus accuracy, one quantity.
    """

    audience: Audience
    parts: tuple[MeasuredPart, ...]
    recalls: dict[tuple[str | None, str | None], Noisy]
    overconfidence: Noisy

    @property
    def emotion_shares(self) -> Array:
        """How often faces show each emotion, shape (emotions,)."""
        shown = self.parts[0].part.people.true
        counted = np.bincount(shown, minlength=len(self.audience.emotions))
        return np.asarray(counted / len(shown))


def measured_sets(
    audiences: Sequence[Audience], params: InferenceParameters, seed: int
) -> Iterator[OfSet]:
    """Measure every model on every set.

    Args:
        audiences: The sets on what they share (`on_shared`), with one training seed.
        params: Number of draws, smallest group.
        seed: Seed of all draws. The people of a set weigh the same in all that is measured.
    """
    for audience in audiences:
        first, predicted = aligned(audience.tables())
        people = people_of(first)
        weights = people_weights(
            int(people.max(initial=-1)) + 1, params, seed_for(seed, f"people of {audience.name}")
        )
        yield OfSet(
            audience,
            tuple(measured_parts([audience], params, seed)),
            dict(_recalls(audience, first, predicted, weights)),
            _overconfidence(audience, first, weights),
        )


def recalls_of(people: CrossedPredictions, weights: FloatArray) -> Noisy:
    """The recall of each class by the people of one group.

    Args:
        people: Faces of one group.
        weights: Weights of people, shape (n, people of the set).
    """
    faces = people.counts()[:, 0]
    of_class = faces.sum(axis=-1)
    some = np.maximum(of_class, 1)
    right = np.diagonal(faces, axis1=1, axis2=2)
    values = np.where(of_class > 0, right / some, np.nan)
    drawn = PeopleNoise(people).drawn(weights) + UnseenPeople(people).among(
        people.counts().astype(np.float64), weights
    )
    noise = np.diagonal(drawn[:, :, 0], axis1=2, axis2=3) / some
    shown_by = tuple(np.unique(people.people[people.true == c]) for c in range(people.n_classes))
    n_people = np.array([len(of_class) for of_class in shown_by])
    added = n_people + 2.0 * _WRONG_AND_RIGHT
    share = _WRONG_AND_RIGHT / added
    alike = _are_alike(people)
    unseen = np.where(alike, share * (1.0 - share) / added, 0.0)
    return Noisy(values, noise - noise.mean(axis=0), unseen, shown_by)


def _are_alike(people: CrossedPredictions) -> npt.NDArray[np.bool_]:
    """Whether no person of a class differs from another, shape (models, classes)."""
    classes, shares = right_by_person(people)
    of_classes = [shares[classes == one] for one in range(people.n_classes)]
    return np.stack([(of_one == of_one[:1]).all(axis=0) for of_one in of_classes], axis=1)


def noisy_metrics(one: MeasuredPart) -> Noisy:
    """The metrics of one part of a set, without what noise adds to a gap."""
    means, scores = one.found.means(one.audience.models)
    n_metrics = len(one.part.metrics)
    return Noisy(
        means.values,
        scores * means.errors,
        np.zeros(means.values.shape),
        (np.unique(one.part.people.people),) * n_metrics,
    )


def _recalls(
    audience: Audience, first: pd.DataFrame, predicted: pd.DataFrame, weights: FloatArray
) -> Iterator[tuple[tuple[str | None, str | None], Noisy]]:
    everybody = crossed(first, predicted, everybody_of(first), audience.emotions)
    yield (None, None), recalls_of(everybody, weights)
    for attribute in audience.attributes:
        for group in sorted(first[attribute].dropna().unique()):
            members = first[attribute].where(first[attribute] == group)
            of_group = crossed(first, predicted, members, audience.emotions)
            yield (attribute, str(group)), recalls_of(of_group, weights)


def _overconfidence(audience: Audience, first: pd.DataFrame, weights: FloatArray) -> Noisy:
    columns = [probability_column(name) for name in audience.emotions]
    surer = np.stack(
        [
            table[columns].max(axis=1).to_numpy(dtype=float)
            - (table["predicted_emotion"] == table["emotion"]).to_numpy(dtype=float)
            for table in (
                frame.set_index("sample_id").loc[first["sample_id"]]
                for frame in audience.tables().values()
            )
        ],
        axis=1,
    )
    values = surer.mean(axis=0)
    people = people_of(first)
    n_people = len(np.unique(people))
    of_people = np.zeros((weights.shape[1], surer.shape[1]))
    np.add.at(of_people, people, surer - values)
    stretch = np.sqrt(n_people / max(n_people - 1, 1))
    noise = stretch * (weights @ of_people) / len(first)
    return Noisy(
        values[:, np.newaxis],
        noise[..., np.newaxis],
        np.zeros((len(values), 1)),
        (np.unique(people),),
    )
