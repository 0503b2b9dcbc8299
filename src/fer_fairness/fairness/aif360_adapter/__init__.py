"""All that this project takes from AIF360, which is imported where it is used only."""

from fer_fairness.fairness.aif360_adapter.one_vs_rest import one_vs_rest_metrics
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import

__all__ = ["one_vs_rest_metrics", "quiet_aif360_import"]
