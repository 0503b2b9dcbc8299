"""The audit of a model that was not trained here, from its predictions or from itself."""

from fer_fairness.pipelines.audit.pipeline import create_model_pipeline, create_pipeline

__all__ = ["create_model_pipeline", "create_pipeline"]
