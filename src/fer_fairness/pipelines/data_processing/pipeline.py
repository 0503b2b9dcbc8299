"""Wiring of the data_processing pipeline: one template for every dataset."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.pipelines.data_processing import nodes
from fer_fairness.pipelines.described import BLOCKS
from fer_fairness.pipelines.namespaces import grouped
from fer_fairness.sources import READERS, read_dataset

_AS_READ = ["read_faces", "read_images", "rejected", "reading_report"]
_SPLIT = ["development_faces", "development_images", "test_faces", "test_images"]
_ASKED_FOR = ["params:demographic_dataset", "params:train_on"]
_SHARED_PARAMETERS = {*_ASKED_FOR, "params:quality", "params:seed"}


def create_pipeline() -> Pipeline:
    """From raw folders to development and test faces, images and data-quality reports."""
    described = (_described(part.name) for part in EVALUATION_SETS.described)
    return grouped(
        "data_processing", [*(_dataset(name, read) for name, read in READERS.items()), *described]
    )


def _dataset(name: str, read: Callable[..., object]) -> Pipeline:
    """A dataset that has a reader of its own."""
    steps = [
        Node(read, inputs=["raw", "params:reading"], outputs=_AS_READ, name="read", tags="read"),
        *_checks(),
        Node(
            nodes.split_faces,
            inputs=["checked_faces", "read_images", "params:splitting", "params:seed"],
            outputs=_SPLIT,
            name="split",
            tags="check",
        ),
    ]
    return Pipeline(steps, namespace=name, parameters=_SHARED_PARAMETERS)


def _described(name: str) -> Pipeline:
    """A dataset that a block of parameters describes, its splits among it."""
    block = f"params:{BLOCKS}.{name}"
    steps = [
        Node(
            read_dataset,
            inputs=["raw", block, "params:seed"],
            outputs=_AS_READ,
            name="read",
            tags="read",
        ),
        *_checks(),
        Node(
            nodes.separate_test_faces,
            inputs=["checked_faces", "read_images"],
            outputs=_SPLIT,
            name="split",
            tags="check",
        ),
    ]
    return Pipeline(steps, namespace=name, parameters=_SHARED_PARAMETERS | {block})


def _checks() -> list[Node]:
    return [
        Node(
            nodes.check_faces,
            inputs=["read_faces", "read_images", "params:quality"],
            outputs=["checked_faces", "check_report"],
            name="check",
            tags="check",
        ),
        Node(
            nodes.quality_report,
            inputs=["raw", *_AS_READ, "check_report", *_ASKED_FOR],
            outputs="data_quality",
            name="report_quality",
            tags="check",
        ),
    ]
