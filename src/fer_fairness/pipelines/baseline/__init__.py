"""The separable CNN trained on FER+."""

from fer_fairness.pipelines.baseline.pipeline import create_pipeline

__all__ = ["create_pipeline"]
