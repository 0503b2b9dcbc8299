"""The people behind counts of faces: tables of their faces, by the groups of any attribute."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.fairness.codes import codes_of, combined, places_in
from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.metrics.calibration import bins_of_confidence
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.people.whole_people import WholePeople, whole_people


@dataclass(frozen=True)
class PeopleCounts:
    """The people behind counts of faces, where they have several.

    Attributes:
        answers: By true and predicted emotion.
        bins: By bin of confidence and whether right, one class; None without probabilities.
    """

    answers: WholePeople
    bins: WholePeople | None = None


class CountedPeople:
    """Faces by person, from which the tables of people of any grouping are made.

    Args:
        frame: One row a face: emotion and predicted_emotion.
        people: Whose each is (`whose_faces.people_of`).
        emotions: The emotions scored.
        confidence: Probability of each predicted emotion, where there are any.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        people: pd.Series,
        emotions: Sequence[str],
        confidence: Array | None = None,
    ) -> None:
        self._people = people.to_numpy(dtype=np.int64)
        self._n_emotions = len(emotions)
        true = codes_of("true class", frame["emotion"], emotions)
        predicted = codes_of("predicted class", frame["predicted_emotion"], emotions)
        n = len(emotions)
        self._answers = combined((true, n), (predicted, n))
        self._bins, self._n_bins = None, 0
        if confidence is not None:
            bins, means = bins_of_confidence(confidence)
            self._bins = combined((bins, len(means)), ((true == predicted).view(np.int8), 2))
            self._n_bins = len(means)

    def of(self, members: pd.Series, counted: GroupCounts) -> PeopleCounts:
        """People of the groups that were counted; those of others take no part.

        Args:
            members: The group of each face, missing where not known.
            counted: The faces of the groups.
        """
        group = places_in(members, counted.groups)
        n_groups = len(counted.groups)
        square = (self._n_emotions, self._n_emotions)
        answers = whole_people(self._people, group, self._answers, n_groups=n_groups, shape=square)
        if self._bins is None:
            return PeopleCounts(answers)
        in_bins = (1, 2 * self._n_bins)
        return PeopleCounts(
            answers,
            whole_people(self._people, group, self._bins, n_groups=n_groups, shape=in_bins),
        )
