"""Perceived demographics for faces that carry none, learnt from FairFace."""

from fer_fairness.pipelines.race_labeling.conditions import COLOUR_100, CONDITION_OF_DATASET
from fer_fairness.pipelines.race_labeling.pipeline import create_pipeline

__all__ = ["COLOUR_100", "CONDITION_OF_DATASET", "create_pipeline"]
