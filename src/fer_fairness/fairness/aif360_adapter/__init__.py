"""All that this project takes from AIF360, which is imported where it is used only."""

from fer_fairness.fairness.aif360_adapter.library_metrics import aif360_metric, fairlearn_metric
from fer_fairness.fairness.aif360_adapter.one_vs_rest import one_vs_rest_metrics

__all__ = ["aif360_metric", "fairlearn_metric", "one_vs_rest_metrics"]
