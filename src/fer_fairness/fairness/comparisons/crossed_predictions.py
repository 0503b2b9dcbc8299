"""Several models on the same people: who they are, and noise of people shared by all models.

What every model finds hard in a face is noise that all of them share. So the weights of people are
drawn once, and the same weights are laid on the answers of each model; drawing anew for each would
average that noise away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.fairness.codes import Codes, codes_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.people import whose_faces
from fer_fairness.tables import PERSON


@dataclass(frozen=True)
class CrossedPredictions:
    """What several models predict for the same faces.

    Attributes:
        groups: Group of each face, int64, shape (faces,), codes below `n_groups`.
        true: True class of each face, int64, shape (faces,), codes below `n_classes`.
        predicted: Predicted class by face and model, int64, shape (faces, models).
        people: Person of each face, int64, shape (faces,): codes of all people of the set, so that
            one draw of weights serves every attribute.
        n_groups: Number of groups.
        n_classes: Number of classes.
    """

    groups: Codes
    true: Codes
    predicted: Codes
    people: Codes
    n_groups: int
    n_classes: int

    @property
    def n_people(self) -> int:
        """Number of people."""
        return len(np.unique(self.people))

    def counts(self) -> Codes:
        """Counts of faces of each model, int64, shape (models, groups, classes, classes)."""
        n_models = self.predicted.shape[1]
        shape = (n_models, self.n_groups, self.n_classes, self.n_classes)
        models = np.broadcast_to(np.arange(n_models), self.predicted.shape)
        by_model = (self.groups[:, np.newaxis], self.true[:, np.newaxis], self.predicted)
        cells = np.ravel_multi_index((models, *np.broadcast_arrays(*by_model)), shape)
        return np.bincount(cells.ravel(), minlength=int(np.prod(shape))).reshape(shape)

    def reaching(self, minimum_size: int) -> "CrossedPredictions":
        """The same faces without those in groups of fewer than `minimum_size` people."""
        pairs = np.unique(np.stack([self.groups, self.people]), axis=1)
        kept = np.bincount(pairs[0], minlength=self.n_groups) >= minimum_size
        faces = kept[self.groups]
        return CrossedPredictions(
            groups=(np.cumsum(kept) - 1)[self.groups[faces]],
            true=self.true[faces],
            predicted=self.predicted[faces],
            people=self.people[faces],
            n_groups=int(kept.sum()),
            n_classes=self.n_classes,
        )


class PeopleNoise:
    """Noise of people in the counts of several models.

    Every person has a random weight of mean 0 and variance 1, and the noise of a cell (group and
    true class) is the sum of the weights times how each person's answers differ from the cell's
    mean (the multiplier bootstrap, for maxima of many statistics: Chernozhukov, Chetverikov and
    Kato 2013, Annals of Statistics 41). A person's faces share the weight. Resampling n people
    finds (n - 1)/n of the variance, so differences are stretched by the root of n / (n - 1). Where
    all people of a cell answer alike, or there is but one, it is 0: see `unseen_people`.
    """

    def __init__(self, people: CrossedPredictions) -> None:
        """Take the people; what does not depend on the weights is computed here."""
        self._people = people
        self._cells = list(_residuals(people))

    def drawn(self, weights: npt.NDArray[np.float32]) -> Array:
        """Noise of the counts.

        Args:
            weights: Shape (draws, people of the set).

        Returns:
            Shape (draws, models, groups, classes, classes); sums to 0 over the last axis.
        """
        people = self._people
        n_models, n_classes = people.predicted.shape[1], people.n_classes
        noise = np.zeros((len(weights), n_models, people.n_groups, n_classes, n_classes))
        for (group, true), who, residuals in self._cells:
            by_answer = weights[:, who] @ residuals
            noise[:, :, group, true] = by_answer.reshape(len(weights), n_models, n_classes)
        return noise


def _residuals(
    people: CrossedPredictions,
) -> Iterator[tuple[tuple[int, int], Codes, npt.NDArray[np.float32]]]:
    """For each cell: its code, the person of each face, (faces, models * classes) residuals."""
    cells = people.groups * people.n_classes + people.true
    one_hot = np.eye(people.n_classes, dtype=np.float32)
    for cell in np.unique(cells):
        faces = np.flatnonzero(cells == cell)
        who = people.people[faces]
        answers = one_hot[people.predicted[faces]]
        n_people = len(np.unique(who))
        stretch = np.sqrt(n_people / max(n_people - 1, 1), dtype=np.float32)
        differing = stretch * (answers - answers.mean(axis=0))
        yield divmod(int(cell), people.n_classes), who, differing.reshape(len(faces), -1)


def people_of(frame: pd.DataFrame) -> Codes:
    """Person of each row: by the column `person` where it has one, else the row is a person."""
    people = whose_faces.people_of(frame, PERSON if PERSON in frame.columns else None)
    return np.arange(len(frame)) if people is None else people.to_numpy(dtype=np.int64)


def crossed(
    first: pd.DataFrame, predicted: pd.DataFrame, groups: pd.Series, emotions: Sequence[str]
) -> CrossedPredictions:
    """Faces with a group, as codes; the others are left out.

    Args:
        first: The emotions, and the column `person` if there is one, as `aligned` gives them.
        predicted: The predictions, as `aligned` gives them.
        groups: Group of each row, missing where it is not known.
        emotions: All classes, in the order of their codes.

    Raises:
        InvalidInputError: If an emotion is missing or unknown, whatever the person's group.
    """
    true = codes_of("emotion", first["emotion"], emotions, rows=first["sample_id"]).astype(np.int64)
    columns = [
        codes_of(f"predicted emotion of {name}", labels, emotions, rows=first["sample_id"])
        for name, labels in predicted.items()
    ]
    codes, names = pd.factorize(groups, sort=True)
    known = codes >= 0
    return CrossedPredictions(
        groups=codes[known].astype(np.int64),
        true=true[known],
        predicted=np.stack(columns, axis=1)[known].astype(np.int64),
        people=people_of(first)[known],
        n_groups=len(names),
        n_classes=len(emotions),
    )
