"""Fabricated faces with a planted bias, in the publishers' own layouts."""

from fer_fairness.pipelines.fabrication.pipeline import create_pipeline

__all__ = ["create_pipeline"]
