"""From the publishers' files to checked tables and image arrays."""

from fer_fairness.pipelines.data_processing.pipeline import create_pipeline

__all__ = ["create_pipeline"]
