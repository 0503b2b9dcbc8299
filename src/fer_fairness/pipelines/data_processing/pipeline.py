"""Wiring of the data_processing pipeline: one template, three datasets."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines.data_processing.nodes import (
    carve_out_validation,
    check_faces,
    quality_report,
    read_fairface_faces,
    read_fer_plus_faces,
    read_raf_db_faces,
    split_off_test,
)


def create_pipeline() -> Pipeline:
    """From three raw folders to development and test faces, images and data-quality reports."""
    return (
        _dataset_pipeline("fer_plus", read_fer_plus_faces)
        + _dataset_pipeline("fairface", read_fairface_faces)
        + _dataset_pipeline("raf_db", read_raf_db_faces, publishes_validation=False)
    )


def _dataset_pipeline(
    dataset: str, read: Callable[..., object], *, publishes_validation: bool = True
) -> Pipeline:
    read_inputs = ["raw", "params:reading"]
    if not publishes_validation:
        read_inputs.append("params:demographic_dataset")
    checked = "checked_faces" if publishes_validation else "publisher_split_faces"
    nodes = [
        Node(
            read,
            inputs=read_inputs,
            outputs=["read_faces", "read_images", "rejected", "reading_report"],
            name="read",
        ),
        Node(
            check_faces,
            inputs=["read_faces", "read_images", "params:quality"],
            outputs=[checked, "check_report"],
            name="check",
        ),
        Node(
            quality_report,
            inputs=["reading_report", "rejected", "check_report"],
            outputs="data_quality",
            name="report_quality",
        ),
        Node(
            split_off_test,
            inputs=["checked_faces", "read_images"],
            outputs=["development_faces", "development_images", "test_faces", "test_images"],
            name="split_off_test",
        ),
    ]
    if not publishes_validation:
        nodes.append(
            Node(
                carve_out_validation,
                inputs=[
                    "publisher_split_faces",
                    "read_images",
                    "params:splitting",
                    "params:seed",
                ],
                outputs="checked_faces",
                name="carve_out_validation",
            )
        )
    return Pipeline(
        nodes,
        namespace=dataset,
        parameters={
            name: name
            for name in ("params:demographic_dataset", "params:quality", "params:seed")
            if name in {i for node in nodes for i in node.inputs}
        },
        prefix_datasets_with_namespace=True,
    )
