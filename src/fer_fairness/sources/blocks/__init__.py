"""Datasets that a user describes in a block of parameters: folders, tables, and known layouts.

A layout lists its faces (`folders`, `tables`, `presets`); `reading` does what all have in common:
labels become emotions (`emotions`), images are decoded, missing splits are made (`splits`).
"""

from fer_fairness.sources.blocks.presets import PRESETS
from fer_fairness.sources.blocks.reading import read_dataset

__all__ = ["PRESETS", "read_dataset"]
