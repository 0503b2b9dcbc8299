"""Fine-tuning on FER+ with copies of rare and badly recognised emotions."""

from fer_fairness.pipelines.emotion_augmentation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
