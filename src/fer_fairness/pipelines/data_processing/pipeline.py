"""Wiring of the data_processing pipeline: one template for every dataset that has a reader."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines.data_processing import nodes
from fer_fairness.pipelines.namespaces import grouped
from fer_fairness.sources import READERS

_SHARED_PARAMETERS = {"params:demographic_dataset", "params:quality", "params:seed"}


def create_pipeline() -> Pipeline:
    """From raw folders to development and test faces, images and data-quality reports."""
    return grouped("data_processing", [_dataset(name, read) for name, read in READERS.items()])


def _dataset(name: str, read: Callable[..., object]) -> Pipeline:
    as_read = ["read_faces", "read_images", "rejected", "reading_report"]
    steps = [
        Node(read, inputs=["raw", "params:reading"], outputs=as_read, name="read", tags="read"),
        Node(
            nodes.check_faces,
            inputs=["read_faces", "read_images", "params:quality"],
            outputs=["checked_faces", "check_report"],
            name="check",
            tags="check",
        ),
        Node(
            nodes.quality_report,
            inputs=["raw", *as_read, "check_report", "params:demographic_dataset"],
            outputs="data_quality",
            name="report_quality",
            tags="check",
        ),
        Node(
            nodes.split_faces,
            inputs=["checked_faces", "read_images", "params:splitting", "params:seed"],
            outputs=["development_faces", "development_images", "test_faces", "test_images"],
            name="split",
            tags="check",
        ),
    ]
    return Pipeline(steps, namespace=name, parameters=_SHARED_PARAMETERS)
