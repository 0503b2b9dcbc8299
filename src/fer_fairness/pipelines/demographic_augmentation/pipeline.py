"""Wiring of the demographic_augmentation pipeline: the variant template in its own namespace."""

from kedro.pipeline import Pipeline

from fer_fairness.pipelines import template


def create_pipeline() -> Pipeline:
    """From development faces to a model, its history and its predictions."""
    return template.create_pipeline("demographic_augmentation")
