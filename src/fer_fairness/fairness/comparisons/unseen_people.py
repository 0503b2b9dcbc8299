"""People whom a set does not show, so that nothing is certain of the few whom it shows.

Draws of people vary only where people of the same cell (group and true class) differ. One person,
or a few who are answered alike, would be a certainty, and one face of a rare emotion moves the mean
recall of seven by a seventh.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.comparisons.crossed_predictions import CrossedPredictions
from fer_fairness.fairness.metrics.reductions import Array

_UNSEEN: Final = 2.0
"""How much an unseen person adds, in variances of one person. With 1, three faces on which alone
two models differ were found to differ in 20 of 100 cases where nothing does; with 3, intervals of a
set whose rarest emotion has 20 faces were another 1 % wider, and no less was found by chance."""

_ANYBODY: Final = 0.25
"""How often an unseen person is anybody, and not like those of the cell."""

_SEED_WORDS: Final = 8


class UnseenPeople:
    """In every draw a share of each cell is answered as an unseen person would be.

    The unseen person is one of the cell, or now and then (`_ANYBODY`) of all cells, picked anew for
    each draw, and as likely as not answered the other way round: right by the models that are wrong
    and wrong by those that are right. So a cell's models differ in that share as often as they do
    among people, in either direction, as where none is better (McNemar 1947, Psychometrika 12), and
    models that answer alike never do. A share of sqrt(2) / n of n people adds 2 variances of one
    person, as two more people would; somebody alone is replaced. The wrong answers are those of the
    model to the class.

    Found in mean recall where nothing differs (two models of recall 0.7, six emotions of 700 faces
    in all and a seventh of so many; of 150 simulations), and 95 % intervals that hold a true
    difference of 0.3 (recalls 0.5 and 0.8, of 100). Before, only people of a cell who differ were
    noise:

    | faces of the seventh | found | before | where all else is alike | before | hold 0.3 | before |
    |---|---|---|---|---|---|---|
    | 1 | 0 | 71 | 0 | 63 | 100 | 18 |
    | 2 | 1 | 14 | 0 | 8 | 96 | 69 |
    | 3 | 4 | 24 | 1 | 21 | 94 | 82 |
    | 5 | 6 | 20 | 11 | 11 | 90 | 80 |
    | 10 | 10 | 13 | 15 | 21 | 91 | 85 |

    With ten faces and nothing else that differs, a normal's quantiles stay too small, as for any
    mean of ten.
    """

    def __init__(self, people: CrossedPredictions) -> None:
        """Take the people; what does not depend on the draw is computed here."""
        shape = people.n_groups, people.n_classes
        cells, self._right = right_by_person(people)
        self._n_people = np.bincount(cells, minlength=shape[0] * shape[1])
        share = np.minimum(1.0, np.sqrt(_UNSEEN) / np.maximum(self._n_people, 1))
        self._share = np.where(self._n_people > 0, share, 0.0).reshape(*shape, 1)
        self._wrong = _wrong_answers(people)

    def among(self, centres: Array, weights: npt.NDArray[np.float32]) -> Array:
        """Counts of which a share is answered as an unseen person is.

        Args:
            centres: Counts, shape (..., models, groups, classes, classes).
            weights: Weights of people, shape (draws, people of the set): they seed the draws, so
                that these do not depend on how they are cut into stacks.

        Returns:
            Shape (..., draws, models, groups, classes, classes), with as many faces in each cell.
        """
        replaced = self._share * centres.sum(axis=-1, keepdims=True)
        if_wrong = (1.0 - self._share) * centres + replaced * self._wrong
        if_right = replaced * (np.eye(centres.shape[-1]) - self._wrong)
        right = self._drawn(weights).reshape(-1, *centres.shape[-4:-1], 1)
        counts = if_right[..., np.newaxis, :, :, :, :] * right
        counts += if_wrong[..., np.newaxis, :, :, :, :]
        return np.asarray(counts)

    def _drawn(self, weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Share of the unseen person's faces that are recognised, (draws, models, cells)."""
        size = 3, len(self._n_people)
        seeds = np.ascontiguousarray(weights[:, :_SEED_WORDS]).view(np.uint32)
        chances = [np.random.default_rng(of_draw).random(size) for of_draw in seeds]
        place, of_anybody, turned = np.stack(chances, axis=1)
        first = np.cumsum(self._n_people) - self._n_people
        in_cell = first + (place * self._n_people).astype(np.int64)
        anybody = (of_anybody < _ANYBODY) | (self._n_people == 0)
        who = np.where(anybody, (place * len(self._right)).astype(np.int64), in_cell)
        right = self._right[who]
        right = np.where(turned[..., np.newaxis] < 0.5, right, 1.0 - right)
        return np.asarray(right.swapaxes(1, 2))


def right_by_person(people: CrossedPredictions) -> tuple[Codes, npt.NDArray[np.float32]]:
    """What share of somebody's faces each model recognises.

    Returns:
        The cell of each row, group * classes + true class, in ascending order; the share by person
        of the cell and by model, shape (rows, models).
    """
    cells = people.groups * people.n_classes + people.true
    rows, of_face = np.unique(np.stack([cells, people.people]), axis=1, return_inverse=True)
    right = (people.predicted == people.true[:, np.newaxis]).astype(np.float64)
    shares = np.zeros((rows.shape[1], right.shape[1]))
    np.add.at(shares, of_face, right)
    shares /= np.bincount(of_face)[:, np.newaxis]
    return rows[0], shares.astype(np.float32)


def _wrong_answers(people: CrossedPredictions) -> Array:
    """How a model's mistakes spread over the other classes, shape (models, 1, classes, classes).

    Evenly where it makes none.
    """
    wrong = people.counts().sum(axis=1, keepdims=True).astype(np.float64)
    others = 1.0 - np.eye(people.n_classes)
    wrong *= others
    mistakes = wrong.sum(axis=-1, keepdims=True)
    evenly = others / max(people.n_classes - 1, 1)
    return np.asarray(np.where(mistakes > 0, wrong / np.maximum(mistakes, 1.0), evenly))
