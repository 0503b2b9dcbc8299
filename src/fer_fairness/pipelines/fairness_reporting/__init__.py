"""From the predictions of all variants to tables with intervals and one report."""

from fer_fairness.pipelines.fairness_reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
