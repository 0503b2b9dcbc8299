"""Wiring of the label_images pipeline."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines.label_images import nodes
from fer_fairness.pipelines.race_labeling import COLOUR_100


def create_pipeline() -> Pipeline:
    """From a folder of images and the labeller of colour faces to labels and their composition."""
    settings = "params:label_images"
    return Pipeline(
        [
            Node(
                nodes.list_images,
                inputs=settings,
                outputs=["images.faces", "images.rejected", "images.reading_report"],
                name="list_images",
            ),
            Node(
                nodes.embed_images,
                inputs=[
                    "embedder",
                    "images.faces",
                    f"params:conditions.{COLOUR_100}",
                    "params:embedding",
                    "params:embedding_cache_root",
                    settings,
                ],
                outputs=["images.embeddings", "images.unembedded"],
                name="embed_images",
            ),
            Node(
                nodes.label_images,
                inputs=[
                    f"{COLOUR_100}.demographic_labeller",
                    "images.embeddings",
                    "images.unembedded",
                    "images.faces",
                ],
                outputs="images.labels",
                name="label_images",
            ),
            Node(
                nodes.compose,
                inputs=[
                    "images.labels",
                    f"{COLOUR_100}.held_out_labels",
                    "images.faces",
                    settings,
                    "params:seed",
                ],
                outputs=["images.composition", "images.agreement"],
                name="compose",
            ),
        ]
    )
