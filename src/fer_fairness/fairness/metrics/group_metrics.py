"""Recognition of each group, as functions of counts.

Every function takes counts `C[..., g, c, k]` (group, true class, predicted class; see `counts`) and
works over the last three axes, so that one call serves one table or ten thousand resamples. How
formulas share what they have in common is told in `formulas`.

What is undefined is NaN, never zero, and is left out where classes are averaged:

- recall, false-negative rate, F1 and the row shares of a class that a group has nobody of;
- precision of a class that nobody of a group is given;
- false-positive rate of a class that all of a group's people are of;
- the Theil index of a class that all of a group's people are of and none is given;
- accuracy, and every average, of a group without people.
"""

from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.formulas import Counts, Formula, Metric, Tables, in_words
from fer_fairness.fairness.metrics.reductions import Array, divide, lowest, mean

__all__ = [
    "Array",
    "Counts",
    "Metric",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "false_negative_rate",
    "false_positive_rate",
    "macro_f1",
    "precision",
    "recall",
    "row_shares",
    "theil_index",
    "worst_class_recall",
]

_CLASS: Final = 1
"""Axis of the true class inside formulas, (g, c, ...)."""


@in_words(
    "Accuracy",
    "Share of faces whose emotion label was predicted.",
)
def accuracy(tables: Tables) -> Array:
    """Share of each group's people whose class was predicted, shape (..., g)."""
    return divide(tables.right.sum(axis=_CLASS), tables.people)


@Formula
def recall(tables: Tables) -> Array:
    """Share of a class recognised: C[g, c, c] / sum_k C[g, c, k], shape (..., g, c)."""
    return divide(tables.right, tables.of_class)


@Formula
def false_negative_rate(tables: Tables) -> Array:
    """Share of a class given another one: 1 - recall, shape (..., g, c)."""
    return 1.0 - tables.of(recall)


@Formula
def false_positive_rate(tables: Tables) -> Array:
    """Share of those of all other classes who are given class k, shape (..., g, k).

    One class against the rest: (sum_c C[g, c, k] - C[g, k, k]) / (people of g - people of k).
    """
    others = tables.people[:, np.newaxis] - tables.of_class
    return divide(tables.given - tables.right, others)


@Formula
def precision(tables: Tables) -> Array:
    """Share of those given a class who are of it: C[g, k, k] / sum_c C[g, c, k], (..., g, k)."""
    return divide(tables.right, tables.given)


@Formula
def f1(tables: Tables) -> Array:
    """F1 = 2 C[g, c, c] / (row sum + column sum) of each class, shape (..., g, c).

    NaN, like recall, for a class that the group has nobody of: people mistaken for that class
    count against the class they belong to.
    """
    scores = divide(2 * tables.right, tables.of_class + tables.given)
    return np.where(tables.of_class > 0, scores, np.nan)


@in_words(
    "Macro F1",
    "F1 averaged over emotions, each emotion counting the same.",
)
def macro_f1(tables: Tables) -> Array:
    """F1 averaged over the classes that a group has people of, shape (..., g)."""
    return mean(tables.of(f1), _CLASS)


@in_words(
    "Mean recall",
    "Recall averaged over emotions, each emotion counting the same.",
)
def balanced_accuracy(tables: Tables) -> Array:
    """Recall averaged over the classes that a group has people of, shape (..., g)."""
    return mean(tables.of(recall), _CLASS)


@in_words(
    "Worst emotion's recall",
    "Recall of the emotion that is recognised least often; noise lowers it, the more so "
    "the fewer faces the rarest emotions have.",
)
def worst_class_recall(tables: Tables) -> Array:
    """Lowest recall of a class that a group has people of, shape (..., g).

    The lowest of several noisy recalls lies below the lowest true one.
    """
    return lowest(np.moveaxis(tables.of(recall), _CLASS, 0))


@Formula
def row_shares(tables: Tables) -> Array:
    """Row-normalised confusion matrices, C[g, c, k] / sum_k C[g, c, k], shape (..., g, c, k)."""
    return divide(tables.cells, tables.of_class[:, :, np.newaxis])


@in_words(
    "Theil index",
    "How unevenly right and wrong predictions fall on people, one emotion against all "
    "others and averaged over emotions; 0 is even (Speicher et al. 2018, arXiv "
    "1807.00787).",
    in_points=False,
)
def theil_index(tables: Tables) -> Array:
    """Inequality of what the people of a group get, averaged over the classes, shape (..., g).

    One class against the rest, a person's benefit is b = 1 + predicted - true: 0 who is denied the
    class, 2 who is given it wrongly, 1 who is right. The index is the mean of b/m ln(b/m), m the
    mean benefit (Speicher et al. 2018, arXiv 1807.00787, alpha = 1), which for such benefits is
    2 ln 2 (share of b = 2) / m - ln m. It is 0 where everybody is right and has no upper bound. A
    class that nobody of the group is of or is given counts as 0: nobody is treated unequally.
    """
    benefits = tables.people[:, np.newaxis] + tables.given - tables.of_class
    given_wrongly = tables.given - tables.right
    with np.errstate(divide="ignore", invalid="ignore"):
        log_of_mean = np.log(benefits / tables.people[:, np.newaxis])
    return mean(2 * np.log(2) * divide(given_wrongly, benefits) - log_of_mean, _CLASS)
