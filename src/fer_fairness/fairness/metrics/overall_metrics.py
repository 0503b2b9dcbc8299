"""Scores of all people together, in the shape of metrics between groups."""

from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.formulas import Counts, Formula, GapMetric, Metric, Tables
from fer_fairness.fairness.metrics.group_metrics import (
    accuracy,
    balanced_accuracy,
    macro_f1,
    recall,
)
from fer_fairness.fairness.metrics.reductions import Array, lowest


@Formula
def worst_class_recall(tables: Tables) -> Array:
    """Lowest recall of a class that a group has people of, shape (..., g).

    The lowest of several noisy recalls lies below the lowest true one.
    """
    return lowest(np.moveaxis(tables.of(recall), 1, 0))


def _of_everybody(name: str, score: Metric) -> GapMetric:
    """A score of the only group, so that scores and gaps are compared alike."""

    def value(counts: Counts) -> Array:
        return score(counts)[..., 0]

    return GapMetric(name=name, label=name, function=value, ideal=1.0, group_score=score)


OVERALL_METRICS: Final = (
    _of_everybody("accuracy", accuracy),
    _of_everybody("balanced_accuracy", balanced_accuracy),
    _of_everybody("macro_f1", macro_f1),
    _of_everybody("worst_class_recall", worst_class_recall),
)
"""For counts with a single group."""
