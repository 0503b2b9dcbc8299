"""Wiring of the race_labeling pipeline."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines.race_labeling.nodes import (
    attach_demographics,
    embed_faces,
    export_embeddings_and_labels,
    fit_demographic_labeller,
    fit_embedder,
    measure_labeller,
    predict_demographics,
    select_demographic_dataset,
)

_EMOTION_DATASETS = ("fer_plus", "raf_db")
_PARTS = ("development", "test")


def create_pipeline() -> Pipeline:
    """From FairFace to an embedder, a labeller, its confusion, and labels for FER+ and RAF-DB."""
    labelled = [_label_part(dataset, part) for dataset in _EMOTION_DATASETS for part in _PARTS]
    return sum(labelled, _labeller() + _outputs())


def _labeller() -> Pipeline:
    return Pipeline(
        [
            Node(
                fit_embedder,
                inputs=[
                    "fairface.development_faces",
                    "fairface.development_images",
                    "params:embedder",
                    "params:seed",
                    "params:checkpoint_root",
                ],
                outputs="embedder",
                name="fit_embedder",
                tags="trains",
            ),
            *(_embed("fairface", part) for part in _PARTS),
            Node(
                fit_demographic_labeller,
                inputs=[
                    "fairface.development_embeddings",
                    "fairface.development_faces",
                    "params:embedder",
                    "params:labeller",
                    "params:seed",
                ],
                outputs="demographic_labeller",
                name="fit_demographic_labeller",
                tags="trains",
            ),
            Node(
                measure_labeller,
                inputs=[
                    "demographic_labeller",
                    "fairface.test_embeddings",
                    "fairface.test_faces",
                ],
                outputs=["labeller_confusion", "labeller_summary"],
                name="measure_labeller",
            ),
        ]
    )


def _embed(dataset: str, part: str) -> Node:
    return Node(
        embed_faces,
        inputs=["embedder", f"{dataset}.{part}_faces", f"{dataset}.{part}_images"],
        outputs=f"{dataset}.{part}_embeddings",
        name=f"embed_{dataset}_{part}",
    )


def _label_part(dataset: str, part: str) -> Pipeline:
    faces = f"{dataset}.{part}_faces"
    labels = f"{dataset}.{part}_demographics"
    return Pipeline(
        [
            _embed(dataset, part),
            Node(
                predict_demographics,
                inputs=["demographic_labeller", f"{dataset}.{part}_embeddings", faces],
                outputs=labels,
                name=f"label_{dataset}_{part}",
            ),
            Node(
                attach_demographics,
                inputs=[faces, labels],
                outputs=f"{dataset}.{part}_labelled_faces",
                name=f"attach_demographics_{dataset}_{part}",
            ),
        ]
    )


def _outputs() -> Pipeline:
    return Pipeline(
        [
            Node(
                export_embeddings_and_labels,
                inputs=[
                    "raf_db.development_embeddings",
                    "raf_db.test_embeddings",
                    "raf_db.development_demographics",
                    "raf_db.test_demographics",
                    "raf_db.development_faces",
                    "raf_db.test_faces",
                ],
                outputs=["raf_embeddings", "raf_labels"],
                name="export_raf_embeddings_and_labels",
            ),
            Node(
                select_demographic_dataset,
                inputs=[
                    "params:demographic_dataset",
                    "fer_plus.development_labelled_faces",
                    "fer_plus.development_images",
                    "raf_db.development_labelled_faces",
                    "raf_db.development_images",
                ],
                outputs=["demographic.development_faces", "demographic.development_images"],
                name="select_demographic_dataset",
            ),
        ]
    )
