"""Every variant and training seed: compose a training set, train, predict, change predictions."""

from fer_fairness.pipelines.variants.pipeline import create_pipelines

__all__ = ["create_pipelines"]
