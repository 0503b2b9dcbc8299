"""Perceived demographics of the faces in a folder of somebody's images."""

from fer_fairness.pipelines.label_images.pipeline import create_pipeline

__all__ = ["create_pipeline"]
