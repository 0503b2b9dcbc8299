"""Several models on the same people: who they are, and resamples of them shared by all models.

What every model finds hard in a face is noise that all of them share. So people are drawn once,
and the same draw is counted for each model; drawing anew for each would average that noise away.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import check_predictions
from fer_fairness.fairness.inference.draws import CELLS_AT_ONCE, Seed
from fer_fairness.fairness.metrics.formulas import Metric, values_of
from fer_fairness.fairness.metrics.group_metrics import Array

Codes: TypeAlias = npt.NDArray[np.int64]


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


def aligned(frames: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put several models' predictions of the same people side by side.

    Args:
        frames: Tables of predictions by the name that messages give them, such as "seed 3".

    Returns:
        The first table, and the predicted emotions: a row for each of its rows, a column a table.

    Raises:
        InvalidInputError: If a table lacks a column, lists somebody twice, or if its people or
            their emotions are not those of the first.
    """
    first_name, first = next(iter(frames.items()))
    predicted: dict[str, pd.Series] = {}
    for name, frame in frames.items():
        try:
            check_predictions(frame)
        except InvalidInputError as error:
            raise InvalidInputError(f"In the table of {name}: {error}") from error
        predicted[name] = _like(first, first_name, frame, name)
    return first, pd.DataFrame(predicted)


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
    true = _codes(first["emotion"], first["sample_id"], "as true emotion", emotions)
    columns = [
        _codes(labels, first["sample_id"], f"as predicted emotion in the table of {name}", emotions)
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


def _codes(labels: pd.Series, ids: pd.Series, what: str, emotions: Sequence[str]) -> Codes:
    codes = pd.Index(list(emotions), dtype=object).get_indexer(pd.Index(labels, dtype=object))
    unknown = np.flatnonzero(codes < 0)
    if unknown.size:
        row = int(unknown[0])
        raise InvalidInputError(
            f"{ids.iloc[row]!r} has {what} {labels.iloc[row]!r}, expected one of "
            f"{', '.join(emotions)}; {unknown.size} people are like it. Leave them out of every "
            "table, or name every emotion that occurs."
        )
    return codes.astype(np.int64)


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


def _like(first: pd.DataFrame, first_name: str, frame: pd.DataFrame, name: str) -> pd.Series:
    """The predictions of a table in the order of the first table's people."""
    ids, others = pd.Index(first["sample_id"]), pd.Index(frame["sample_id"])
    pairs: tuple[tuple[pd.Index, str, str], ...] = (
        (ids.difference(others, sort=False), first_name, name),
        (others.difference(ids, sort=False), name, first_name),
    )
    for alone, present, absent in pairs:
        if len(alone):
            raise InvalidInputError(
                f"{alone[0]!r} is in the table of {present} and not in that of {absent} "
                f"({len(alone)} people in all): every seed must have predicted the same people. "
                f"Predict the same evaluation set with each."
            )
    rows = frame.iloc[others.get_indexer(ids)]
    differing = np.flatnonzero(rows["emotion"].to_numpy() != first["emotion"].to_numpy())
    if differing.size:
        row = int(differing[0])
        raise InvalidInputError(
            f"{ids[row]!r} shows {first['emotion'].iloc[row]!r} in the table of {first_name} and "
            f"{rows['emotion'].iloc[row]!r} in that of {name} ({differing.size} people differ). "
            "Use the same labels for every seed."
        )
    return pd.Series(rows["predicted_emotion"].to_numpy(), index=first.index)
