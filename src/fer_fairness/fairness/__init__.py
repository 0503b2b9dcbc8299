"""How unevenly a model treats groups of people: counts, metrics, inference, evaluation."""

from fer_fairness.fairness.aif360_adapter import one_vs_rest_metrics
from fer_fairness.fairness.comparison import compare
from fer_fairness.fairness.counts import (
    GroupCounts,
    PairedCounts,
    group_counts,
    groups_of,
    paired_counts,
)
from fer_fairness.fairness.evaluation import Evaluation, evaluate
from fer_fairness.fairness.metrics import GAP_METRICS, GapMetric

__all__ = [
    "GAP_METRICS",
    "Evaluation",
    "GapMetric",
    "GroupCounts",
    "PairedCounts",
    "compare",
    "evaluate",
    "group_counts",
    "groups_of",
    "one_vs_rest_metrics",
    "paired_counts",
]
