"""Checks of a dataset before anything is trained on it: copies, blank images, distributions."""

from fer_fairness.quality.checks import check_quality
from fer_fairness.quality.duplicates import exact_duplicate_groups

__all__ = ["check_quality", "exact_duplicate_groups"]
