"""Drawn faces with known emotions, known groups and a known, planted bias.

They let the whole project run, and be tested against the truth, without anybody's photograph.
"""

from fer_fairness.fabrication.fabricating import fabricate
from fer_fairness.fabrication.layouts import FabricatedDataset
from fer_fairness.fabrication.writing import is_fabricated, write_dataset

__all__ = ["FabricatedDataset", "fabricate", "is_fabricated", "write_dataset"]
