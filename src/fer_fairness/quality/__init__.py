"""Checks of a dataset before anything is trained on it: copies, blank images, distributions."""

from fer_fairness.quality.checks import check_quality
from fer_fairness.quality.distributions import count_faces, measure_dataset_bias
from fer_fairness.quality.duplicates import (
    NearDuplicates,
    are_constant,
    exact_duplicate_groups,
    find_near_duplicates,
)

__all__ = [
    "NearDuplicates",
    "are_constant",
    "check_quality",
    "count_faces",
    "exact_duplicate_groups",
    "find_near_duplicates",
    "measure_dataset_bias",
]
