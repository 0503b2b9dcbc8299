"""Models trained on different datasets, each scored on all of them: what holds elsewhere."""

from fer_fairness.fairness.cross_dataset.matrix import CrossDataset, cross_dataset
from fer_fairness.fairness.cross_dataset.shared import Shared

__all__ = ["CrossDataset", "Shared", "cross_dataset"]
