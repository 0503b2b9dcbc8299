"""Scores of groups and distances between them, as functions of counts, with their words."""

from fer_fairness.fairness.metrics.class_gaps import class_gap_metrics
from fer_fairness.fairness.metrics.formulas import Counts, Formula, GapMetric, Metric, values_of
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS, OVERALL_METRICS

__all__ = [
    "GAP_METRICS",
    "OVERALL_METRICS",
    "Counts",
    "Formula",
    "GapMetric",
    "Metric",
    "class_gap_metrics",
    "values_of",
]
