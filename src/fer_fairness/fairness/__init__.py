"""How unevenly a model treats groups of people: counts, metrics, inference, evaluation."""

from fer_fairness.fairness.aif360_adapter.one_vs_rest import one_vs_rest_metrics
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.family import changes
from fer_fairness.fairness.comparisons.of_two import compare, compare_over_seeds
from fer_fairness.fairness.comparisons.over_seeds import scores_over_seeds
from fer_fairness.fairness.confidences import predicted_confidence
from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.evaluation import Evaluation, evaluate
from fer_fairness.fairness.metrics import GAP_METRICS, GapMetric
from fer_fairness.fairness.people.repeated_people import RepeatedPeopleWarning
from fer_fairness.fairness.planning.plan import Plan, plan
from fer_fairness.fairness.subgroups import bias_scan

__all__ = [
    "GAP_METRICS",
    "Audience",
    "Evaluation",
    "GapMetric",
    "Plan",
    "RepeatedPeopleWarning",
    "bias_scan",
    "changes",
    "compare",
    "compare_over_seeds",
    "evaluate",
    "group_counts",
    "one_vs_rest_metrics",
    "plan",
    "predicted_confidence",
    "scores_over_seeds",
]
