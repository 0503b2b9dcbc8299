"""Fine-tuning with copies of rare cells of emotion, gender and age group."""

from fer_fairness.pipelines.demographic_augmentation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
