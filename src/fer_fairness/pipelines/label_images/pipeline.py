"""Wiring of the label_images pipeline."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.evaluation_sets import COLOUR_100
from fer_fairness.pipelines.label_images import nodes


def create_pipeline() -> Pipeline:
    """From a folder of images and the labeller of colour faces to labels and their composition."""
    settings = "params:label_images"
    steps = [
        Node(
            nodes.list_images,
            inputs=settings,
            outputs=["faces", "rejected", "reading_report"],
            name="list",
            tags="read",
        ),
        Node(
            nodes.embed_images,
            inputs=[
                "embedder",
                "faces",
                f"params:conditions.{COLOUR_100}",
                "params:embedding",
                "params:embedding_cache_root",
                settings,
            ],
            outputs=["embeddings", "unembedded", "not_found"],
            name="embed",
            tags="embed",
        ),
        Node(
            nodes.label_images,
            inputs=["labeller", "embeddings", "unembedded", "faces", "not_found"],
            outputs="labels",
            name="label",
            tags="label",
        ),
        Node(
            nodes.compose,
            inputs=["labels", "held_out_labels", "faces", settings, "params:seed"],
            outputs=["composition", "agreement"],
            name="compose",
            tags="report",
        ),
    ]
    return Pipeline(
        steps,
        namespace="images",
        inputs={
            "embedder": "embedder",
            "labeller": f"{COLOUR_100}.demographic_labeller",
            "held_out_labels": f"{COLOUR_100}.held_out_labels",
        },
        parameters={name for node in steps for name in node.inputs if name.startswith("params:")},
    )
