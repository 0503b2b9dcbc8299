"""People whose true groups are known, labelled by a labeller that errs as much as a test wants."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.label_noise.inversion import drawn_labels
from fer_fairness.fairness.metrics.reductions import Array

IntArray = np.ndarray[Any, np.dtype[np.int64]]

CLASS_SIZES = np.array([329, 74, 160, 1185, 478, 162, 680])
RECALLS = np.array([0.845, 0.608, 0.375, 0.916, 0.780, 0.710, 0.772])
EMOTIONS = tuple("abcdefg")

WHITE, BLACK, LATINO, EAST, SOUTHEAST, INDIAN, MIDDLE_EASTERN = range(7)
FAIRFACE_RIGHT = np.array([0.755, 0.861, 0.593, 0.780, 0.623, 0.730, 0.618])
"""Published share of each FairFace race that its labeller labels rightly."""

FAIRFACE_LIKENESS = np.array(
    [
        [0, 0.3, 4, 0.5, 0.3, 0.5, 5],
        [0.5, 0, 2, 0.3, 1.5, 2.5, 0.5],
        [4, 1.2, 0, 0.7, 1.2, 2.2, 3.5],
        [0.7, 0.2, 0.8, 0, 6, 0.3, 0.2],
        [0.5, 1, 1.6, 5, 0, 1.2, 0.3],
        [0.6, 2, 3, 0.3, 1.2, 0, 2],
        [5, 0.3, 3.5, 0.2, 0.2, 1.5, 0],
    ]
)


def fairface_shares(abstained: float = 0.0) -> Array:
    """P(label or none | true race), (7, 8), as published for FairFace on the diagonal."""
    wrong = (1 - FAIRFACE_RIGHT) / FAIRFACE_LIKENESS.sum(axis=1)
    shares = np.diag(FAIRFACE_RIGHT) + wrong[:, np.newaxis] * FAIRFACE_LIKENESS
    return np.hstack([shares * (1 - abstained), np.full((7, 1), abstained)])


def two_groups(right: float, abstained: float = 0.0) -> Array:
    """P(label or none | true group), (2, 3), of a labeller that errs alike in both groups."""
    shares = np.array([[right, 1 - right], [1 - right, right]]) * (1 - abstained)
    return np.hstack([shares, np.full((2, 1), abstained)])


def answers_of(recalls: Array) -> Array:
    """P(answer | class), (..., c, k): errors fall on the other classes alike."""
    n_classes = recalls.shape[-1]
    right = recalls[..., np.newaxis]
    return np.where(np.eye(n_classes, dtype=bool), right, (1 - right) / (n_classes - 1))


def losing(n_groups: int, group: int, loss: float) -> Array:
    """Recalls, (g, c), where one group loses `loss` in every class."""
    recalls = np.repeat(RECALLS[np.newaxis], n_groups, axis=0)
    recalls[group] -= loss
    return recalls


def confusion_of(counts: Any) -> LabelConfusion:
    """A confusion of counts (g, g + 1), its groups named a, b, c, ..."""
    table = np.asarray(counts, dtype=np.int64)
    return LabelConfusion(table, tuple("abcdefgh"[: len(table)]))


@dataclass(frozen=True)
class Sample:
    """What is seen of people whose true groups are known.

    Attributes:
        people: True numbers, (g, c).
        labelled: Counts by label, (h, c, k).
        everybody: Counts of all, (c, k).
        confusion: Measured on held-out people.
    """

    people: IntArray
    labelled: IntArray
    everybody: IntArray
    confusion: LabelConfusion


def sampled(
    recalls: Array,
    shares: Array,
    mix: Array,
    generator: np.random.Generator,
    *,
    held_out: int = 357,
    class_sizes: IntArray = CLASS_SIZES,
) -> Sample:
    """Draw people, their answers, their labels, and `held_out` people of each group."""
    people = generator.multinomial(class_sizes, mix).T
    answered = generator.multinomial(people, answers_of(recalls))
    labelled = drawn_labels(answered[np.newaxis], shares[np.newaxis], generator)[0]
    counts = generator.multinomial(held_out, shares, size=len(shares))
    return Sample(people, labelled, answered.sum(axis=0), confusion_of(counts))


def expected_labels(by_group: Array, shares: Array) -> tuple[Array, Array]:
    """Labelled (h, c, k) and all (c, k) counts as they are on average."""
    return np.einsum("gh,gck->hck", shares[:, :-1], by_group), by_group.sum(axis=0)


def held_out_table(attribute: str, counts: Any, groups: tuple[str, ...]) -> pd.DataFrame:
    """One row a held-out person, for counts (g, g + 1) of true group by label."""
    true, label = np.indices(np.shape(counts)).reshape(2, -1)
    times = np.asarray(counts, dtype=np.int64).ravel()
    return pd.DataFrame(
        {
            f"true_{attribute}": np.array(groups, dtype=object)[np.repeat(true, times)],
            f"predicted_{attribute}": np.array([*groups, None], dtype=object)[
                np.repeat(label, times)
            ],
        }
    )
