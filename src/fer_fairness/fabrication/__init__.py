"""Drawn faces with known emotions, known groups and a known, planted bias.

They let the whole project run, and be tested against the truth, without anybody's photograph.
"""

from fer_fairness.fabrication.fabricating import FabricatedDataset, fabricate, fabricate_one
from fer_fairness.fabrication.truth import make_truth
from fer_fairness.fabrication.writing import is_fabricated, write_dataset

__all__ = [
    "FabricatedDataset",
    "fabricate",
    "fabricate_one",
    "is_fabricated",
    "make_truth",
    "write_dataset",
]
