"""Metrics of counts, written so that many of them share what they have in common.

A metric is a function of counts `C[..., g, c, k]`, and the same numbers (row sums, recalls) are
needed by many of them. A metric is therefore written as a `Formula`: a function of `Tables`, which
keeps every part that it has computed once. `values_of` gives many metrics of one stack. What people
read of a metric (`MetricWords`) stands with its formula.

Inside formulas the group is the first axis and the tables of the stack are the last one, (g, c, k,
n), so that NumPy's loops run over a hundred tables at a time and not over seven classes. Nothing
is kept between two calls, so threads may evaluate at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, update_wrapper
from math import prod
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from fer_fairness.fairness.metrics.reductions import Array

Counts: TypeAlias = npt.NDArray[np.int64 | np.float64]
"""Whole numbers of people, or the numbers expected of a hypothesis."""
Metric: TypeAlias = Callable[[Counts], Array]

CELLS_AT_ONCE: Final = 2**17
"""Counts held at a time (1 MiB): more tables are evaluated in turns, within the cache."""


class Tables:
    """A stack of tables, and what was computed of it.

    Attributes:
        cells: The counts as float64, shape (g, c, k, n): tables last.
    """

    def __init__(self, stack: Counts) -> None:
        """Take a stack of counts, shape (n, g, c, k)."""
        self.cells: Array = np.ascontiguousarray(np.moveaxis(stack, 0, -1), dtype=np.float64)
        self._computed: dict[Formula, Array] = {}

    def of(self, formula: "Formula") -> Array:
        """The formula's values, computed at the first call only; stack axis last."""
        if formula not in self._computed:
            self._computed[formula] = formula.definition(self)
        return self._computed[formula]

    @cached_property
    def right(self) -> Array:
        """People of a class who are given it, shape (g, c, n)."""
        return np.moveaxis(np.diagonal(self.cells, axis1=1, axis2=2), -1, 1)

    @cached_property
    def of_class(self) -> Array:
        """People of a class, shape (g, c, n)."""
        return np.asarray(self.cells.sum(axis=2))

    @cached_property
    def given(self) -> Array:
        """People given a class, shape (g, k, n)."""
        return np.asarray(self.cells.sum(axis=1))

    @cached_property
    def people(self) -> Array:
        """People of a group, shape (g, n)."""
        return np.asarray(self.of_class.sum(axis=1))


@dataclass(frozen=True)
class MetricWords:
    """How a metric is named, what it is, and how it is read.

    Attributes:
        label: Name in a table or on an axis.
        definition: One sentence, with the source of the formula.
        in_points: Whether a difference reads in percentage points (else as a plain number).
        higher_is_more_equal: Whether 1 means equal treatment (ratios) and not 0 (gaps).
    """

    label: str
    definition: str
    in_points: bool = True
    higher_is_more_equal: bool = False


class Formula:
    """A metric of counts, written as a function of `Tables`; used as a decorator.

    Calling it takes counts, shape (..., g, c, k), and gives the values with the axes of the stack
    first, as its docstring tells.

    Attributes:
        definition: The function of `Tables`, whose result has the stack as its last axis.
    """

    __name__: str

    def __init__(self, definition: Callable[[Tables], Array]) -> None:
        """Take the definition, and its name and docstring."""
        self.definition = definition
        update_wrapper(self, definition)

    def __call__(self, counts: Counts) -> Array:
        """The values of counts, shape (..., g, c, k)."""
        (values,) = values_of([self], counts)
        return values


class Score(Formula):
    """How well each group is served, (..., g), in words that people read.

    Attributes:
        words: What people read of it.
    """

    def __init__(self, definition: Callable[[Tables], Array], words: MetricWords) -> None:
        """Take both."""
        super().__init__(definition)
        self.words = words


def in_words(
    label: str, definition: str, *, in_points: bool = True
) -> Callable[[Callable[[Tables], Array]], Score]:
    """Make a formula a score with its words; used as a decorator. See `MetricWords`."""
    return lambda formula: Score(formula, MetricWords(label, definition, in_points))


class GapMetric(Formula):
    """A distance between groups: counts (..., g, c, k) to values (...).

    Attributes:
        name: Key in tables.
        words: What people read of it.
        ideal: The value that means equal treatment: 0 for gaps, 1 for ratios and accuracies.
        group_score: Counts to (..., g): how well each group is served in this metric's own terms,
            higher is better. By it a gap is recognised that closed because its best group fell.
        highest: The most that it can come to; none falls below zero.
    """

    def __init__(
        self,
        definition: Callable[[Tables], Array],
        name: str,
        words: MetricWords,
        *,
        group_score: Metric,
        ideal: float | None = None,
        highest: float = 1.0,
    ) -> None:
        """Take all of these; the ideal is by default what the words say."""
        super().__init__(definition)
        self.name = name
        self.words = words
        self.group_score = group_score
        self.ideal = float(words.higher_is_more_equal) if ideal is None else ideal
        self.highest = highest

    @property
    def higher_is_worse(self) -> bool:
        """Whether larger values mean less equal treatment."""
        return self.ideal == 0.0


def values_of(metrics: Sequence[Metric], counts: Counts) -> list[Array]:
    """Values of many metrics of the same counts, each what calling it would give.

    What formulas have in common (recalls, the gaps of all classes) is computed once.

    Args:
        metrics: Formulas, or any functions of counts; those are called as they are.
        counts: Shape (..., g, c, k).
    """
    formulas = [metric for metric in metrics if isinstance(metric, Formula)]
    values = iter(_values_of_formulas(formulas, counts))
    return [next(values) if isinstance(metric, Formula) else metric(counts) for metric in metrics]


def _values_of_formulas(formulas: Sequence[Formula], counts: Counts) -> list[Array]:
    if not formulas:
        return []
    axes, table = counts.shape[:-3], counts.shape[-3:]
    stack = counts.reshape(prod(axes), *table)
    at_once = max(1, CELLS_AT_ONCE // max(prod(table), 1))
    turns = range(0, max(len(stack), 1), at_once)
    parts: list[list[Array]] = [[] for _ in formulas]
    for start in turns:
        tables = Tables(stack[start : start + at_once])
        for values, formula in zip(parts, formulas, strict=True):
            values.append(tables.of(formula))
    joined = (np.moveaxis(np.concatenate(values, axis=-1), -1, 0) for values in parts)
    return [values.reshape((*axes, *values.shape[1:])) for values in joined]
