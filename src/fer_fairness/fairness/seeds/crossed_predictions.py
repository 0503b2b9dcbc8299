"""Several models on the same people: who they are, and resamples of them shared by all models.

What every model finds hard in a face is noise that all of them share. So people are drawn once,
and the same draw is counted for each model; drawing anew for each would average that noise away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.fairness.counts import Codes, codes_of
from fer_fairness.fairness.inference.draws import CELLS_AT_ONCE, Seed
from fer_fairness.fairness.metrics.formulas import Metric, values_of
from fer_fairness.fairness.metrics.group_metrics import Array


@dataclass(frozen=True)
class CrossedPredictions:
    """What several models predict for the same people.

    Attributes:
        groups: Group of each person, int64, shape (people,), codes below `n_groups`.
        true: True class of each person, int64, shape (people,), codes below `n_classes`.
        predicted: Predicted class by person and model, int64, shape (people, models).
        n_groups: Number of groups.
        n_classes: Number of classes.
    """

    groups: Codes
    true: Codes
    predicted: Codes
    n_groups: int
    n_classes: int

    def counts(self) -> Codes:
        """Counts of each model, int64, shape (models, groups, classes, classes)."""
        n_models = self.predicted.shape[1]
        shape = (n_models, self.n_groups, self.n_classes, self.n_classes)
        models = np.broadcast_to(np.arange(n_models), self.predicted.shape)
        by_model = (self.groups[:, np.newaxis], self.true[:, np.newaxis], self.predicted)
        cells = np.ravel_multi_index((models, *np.broadcast_arrays(*by_model)), shape)
        return np.bincount(cells.ravel(), minlength=int(np.prod(shape))).reshape(shape)

    def reaching(self, minimum_size: int) -> "CrossedPredictions":
        """The same people without those in groups of fewer than `minimum_size`."""
        sizes = np.bincount(self.groups, minlength=self.n_groups)
        kept = sizes >= minimum_size
        people = kept[self.groups]
        return CrossedPredictions(
            groups=(np.cumsum(kept) - 1)[self.groups[people]],
            true=self.true[people],
            predicted=self.predicted[people],
            n_groups=int(kept.sum()),
            n_classes=self.n_classes,
        )


def bootstrap_crossed(people: CrossedPredictions, n: int, seed: Seed) -> Iterator[Array]:
    """Resample people with replacement within each group and true class, for all models at once.

    People of a group and class whom all models answer alike are one pattern; how often each pattern
    is drawn, times its answers, gives the counts.

    Args:
        people: The people and their predictions.
        n: Number of replicates.
        seed: Seed or generator.

    Yields:
        Counts, shape (draws, models, groups, classes, classes), in turns of bounded memory that
        make `n` draws together.
    """
    generator = np.random.default_rng(seed)
    n_models = people.predicted.shape[1]
    one = (n_models, people.n_groups, people.n_classes, people.n_classes)
    at_once = max(1, CELLS_AT_ONCE // max(int(np.prod(one)), len(people.true), 1))
    strata = list(_strata(people))
    for start in range(0, n, at_once):
        size = min(at_once, n - start)
        drawn = np.zeros((size, *one))
        for (group, true), pattern_of, answers in strata:
            weights = _times_drawn(pattern_of, len(answers), size, generator)
            drawn[:, :, group, true] = (weights @ answers).reshape(size, n_models, -1)
        yield drawn


def resampled_crossed(
    people: CrossedPredictions, metrics: Sequence[Metric], *, n: int, seed: Seed
) -> list[Array]:
    """Values of metrics for every model on the same `n` resamples of people.

    Args:
        people: The people and their predictions.
        metrics: Functions of counts (..., g, c, k) that give one value each.
        n: Number of replicates.
        seed: Seed or generator.

    Returns:
        One array a metric, shape (n, models).
    """
    parts: list[list[Array]] = [[] for _ in metrics]
    for drawn in bootstrap_crossed(people, n, seed):
        for values, found in zip(parts, values_of(metrics, drawn), strict=True):
            values.append(found)
    return [np.concatenate(values) for values in parts]


def crossed(
    first: pd.DataFrame, predicted: pd.DataFrame, groups: pd.Series, emotions: Sequence[str]
) -> CrossedPredictions:
    """People with a group, as codes; the others are left out.

    Args:
        first: The emotions, as `aligned` gives them.
        predicted: The predictions, as `aligned` gives them.
        groups: Group of each row, missing where it is not known.
        emotions: All classes, in the order of their codes.

    Raises:
        InvalidInputError: If an emotion is missing or unknown, whatever the person's group.
    """
    true = codes_of("emotion", first["emotion"], emotions, rows=first["sample_id"])
    columns = [
        codes_of(f"predicted emotion of {name}", labels, emotions, rows=first["sample_id"])
        for name, labels in predicted.items()
    ]
    codes, names = pd.factorize(groups, sort=True)
    known = codes >= 0
    return CrossedPredictions(
        groups=codes[known].astype(np.int64),
        true=true[known],
        predicted=np.stack(columns, axis=1)[known],
        n_groups=len(names),
        n_classes=len(emotions),
    )


def _strata(people: CrossedPredictions) -> Iterator[tuple[tuple[int, int], Codes, Array]]:
    """For each group and class with people: the pattern of each, and one-hot answers by pattern."""
    cells = people.groups * people.n_classes + people.true
    for cell in np.unique(cells):
        patterns, pattern_of = np.unique(
            people.predicted[cells == cell], axis=0, return_inverse=True
        )
        answers = np.eye(people.n_classes)[patterns].reshape(len(patterns), -1)
        yield divmod(int(cell), people.n_classes), pattern_of.ravel(), answers


def _times_drawn(
    pattern_of: Codes, n_patterns: int, size: int, generator: np.random.Generator
) -> Array:
    """How often each pattern is among as many people as there are, shape (size, patterns).

    Faster than a multinomial draw, since there are nearly as many patterns as people.
    """
    n_people = len(pattern_of)
    drawn = pattern_of[generator.integers(n_people, size=(size, n_people))]
    cells = drawn + n_patterns * np.arange(size)[:, np.newaxis]
    times = np.bincount(cells.ravel(), minlength=size * n_patterns)
    return times.reshape(size, n_patterns).astype(np.float64)
