"""How unevenly a model treats groups of people: counts, metrics, inference, evaluation."""

from fer_fairness.fairness.aif360_adapter.library_metrics import aif360_metric, fairlearn_metric
from fer_fairness.fairness.aif360_adapter.one_vs_rest import one_vs_rest_metrics
from fer_fairness.fairness.audit import AUDIT_COLUMNS, audit
from fer_fairness.fairness.comparison import compare
from fer_fairness.fairness.counts import (
    GroupCounts,
    PairedCounts,
    group_counts,
    groups_of,
    paired_counts,
)
from fer_fairness.fairness.evaluation import Evaluation, evaluate
from fer_fairness.fairness.inference.differences import double_corrected_variance
from fer_fairness.fairness.metrics import GAP_METRICS, GapMetric
from fer_fairness.fairness.seeds.over_seeds import compare_over_seeds, scores_over_seeds
from fer_fairness.fairness.subgroups.bias_scan import bias_scan

__all__ = [
    "AUDIT_COLUMNS",
    "GAP_METRICS",
    "Evaluation",
    "GapMetric",
    "GroupCounts",
    "PairedCounts",
    "aif360_metric",
    "audit",
    "bias_scan",
    "compare",
    "compare_over_seeds",
    "double_corrected_variance",
    "evaluate",
    "fairlearn_metric",
    "group_counts",
    "groups_of",
    "one_vs_rest_metrics",
    "paired_counts",
    "scores_over_seeds",
]
