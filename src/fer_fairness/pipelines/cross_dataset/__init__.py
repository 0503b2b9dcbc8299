"""A model for each dataset, each scored on all of them."""

from fer_fairness.pipelines.cross_dataset.pipeline import create_pipeline

__all__ = ["create_pipeline"]
