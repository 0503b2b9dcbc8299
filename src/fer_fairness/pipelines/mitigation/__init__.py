"""Mitigations other than augmentation."""

from fer_fairness.pipelines.mitigation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
