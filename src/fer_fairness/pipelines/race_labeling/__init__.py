"""Perceived demographics for faces that carry none, learnt from FairFace."""

from fer_fairness.pipelines.race_labeling.pipeline import create_pipeline

__all__ = ["create_pipeline"]
