"""The worst-served subgroup over all attributes at once."""

from fer_fairness.fairness.subgroups.bias_scan import bias_scan

__all__ = ["bias_scan"]
