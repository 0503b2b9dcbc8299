"""Wiring of the fabrication pipeline."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines.fabrication.nodes import fabricate_datasets


def create_pipeline() -> Pipeline:
    """From parameters to three raw datasets; only the `sample` environment has a place for them."""
    return Pipeline(
        [
            Node(
                fabricate_datasets,
                inputs="params:fabrication",
                outputs=["fer_plus.raw", "raf_db.raw", "fairface.raw"],
                name="fabricate_datasets",
            )
        ]
    )
