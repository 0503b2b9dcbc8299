"""Two runs or audits side by side."""

from fer_fairness.pipelines.compare.pipeline import create_pipeline

__all__ = ["create_pipeline"]
