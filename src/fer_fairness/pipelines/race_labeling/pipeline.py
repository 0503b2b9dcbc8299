"""Wiring of the race_labeling pipeline."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines.race_labeling import nodes
from fer_fairness.pipelines.race_labeling.conditions import (
    CONDITION_OF_DATASET,
    CONDITIONS,
)

_PARTS = ("development", "test")
_MEASURED = ("confusion", "summary", "recalls", "reliability", "selection")
_HOW_TO_EMBED = ["params:embedding", "params:embedding_cache_root"]


def create_pipeline() -> Pipeline:
    """From FairFace to an embedder, labellers and their errors, and labels for FER+ and RAF-DB."""
    labellers = [_labeller(condition) for condition in CONDITIONS]
    labelled = [_label_part(dataset, part) for dataset in CONDITION_OF_DATASET for part in _PARTS]
    return sum([*labellers, *labelled], _embedder() + _collection() + _outputs())


def _embedder() -> Pipeline:
    fit = Node(
        nodes.fit_face_embedder,
        inputs=[
            "fairface.development_faces",
            "fairface.raw",
            "params:embedder",
            "params:seed",
            "params:checkpoint_root",
        ],
        outputs="embedder",
        name="fit_embedder",
        tags="trains",
    )
    return Pipeline([fit])


def _labeller(condition: str) -> Pipeline:
    """Fitted and measured on FairFace as it looks in a condition."""
    embedded = [
        Node(
            nodes.embed_files,
            inputs=[
                "embedder",
                f"fairface.{part}_faces",
                "fairface.raw",
                f"params:conditions.{condition}",
                *_HOW_TO_EMBED,
            ],
            outputs=[f"{condition}.{part}_embeddings", f"{condition}.{part}_unembedded"],
            name=f"embed_fairface_{condition}_{part}",
        )
        for part in _PARTS
    ]
    fit = Node(
        nodes.fit_demographic_labeller,
        inputs=[
            f"{condition}.development_embeddings",
            "fairface.development_faces",
            "params:embedder",
            "params:labeller",
            "params:seed",
        ],
        outputs=f"{condition}.demographic_labeller",
        name=f"fit_demographic_labeller_{condition}",
        tags="trains",
    )
    measure = Node(
        nodes.measure_labeller,
        inputs=[
            f"{condition}.demographic_labeller",
            f"{condition}.test_embeddings",
            "fairface.test_faces",
        ],
        outputs=[
            f"{condition}.held_out_labels",
            *(f"{condition}.labeller_{table}" for table in _MEASURED),
        ],
        name=f"measure_labeller_{condition}",
    )
    return Pipeline([*embedded, fit, measure])


def _collection() -> Pipeline:
    return Pipeline(
        [
            Node(
                nodes.collect_conditions,
                inputs={name: f"{name}.labeller_{table}" for name in CONDITIONS},
                outputs=f"labeller_{table}",
                name=f"collect_labeller_{table}",
            )
            for table in _MEASURED
        ]
    )


def _embed(dataset: str, part: str) -> Node:
    """FER+ is embedded from its array of pixels, RAF-DB from its files in colour."""
    from_files = dataset != "fer_plus"
    return Node(
        nodes.embed_files if from_files else nodes.embed_pixels,
        inputs=[
            "embedder",
            f"{dataset}.{part}_faces",
            f"{dataset}.raw" if from_files else f"{dataset}.{part}_images",
            f"params:conditions.{CONDITION_OF_DATASET[dataset]}",
            *_HOW_TO_EMBED,
        ],
        outputs=[f"{dataset}.{part}_embeddings", f"{dataset}.{part}_unembedded"],
        name=f"embed_{dataset}_{part}",
    )


def _label_part(dataset: str, part: str) -> Pipeline:
    faces = f"{dataset}.{part}_faces"
    labels = f"{dataset}.{part}_demographics"
    return Pipeline(
        [
            _embed(dataset, part),
            Node(
                nodes.predict_demographics,
                inputs=[
                    f"{CONDITION_OF_DATASET[dataset]}.demographic_labeller",
                    f"{dataset}.{part}_embeddings",
                    faces,
                ],
                outputs=labels,
                name=f"label_{dataset}_{part}",
            ),
            Node(
                nodes.attach_demographics,
                inputs=[faces, labels],
                outputs=f"{dataset}.{part}_labelled_faces",
                name=f"attach_demographics_{dataset}_{part}",
            ),
        ]
    )


def _outputs() -> Pipeline:
    raf_db_labels = ["raf_db.development_demographics", "raf_db.test_demographics"]
    raf_db_faces = ["raf_db.development_faces", "raf_db.test_faces"]
    return Pipeline(
        [
            Node(
                nodes.export_embeddings_and_labels,
                inputs=[
                    "raf_db.development_embeddings",
                    "raf_db.test_embeddings",
                    *raf_db_labels,
                    *raf_db_faces,
                ],
                outputs=["raf_embeddings", "raf_labels"],
                name="export_raf_embeddings_and_labels",
            ),
            Node(
                nodes.measure_agreement,
                inputs=[*raf_db_labels, *raf_db_faces],
                outputs=["agreement", "agreement_counts"],
                name="measure_agreement",
            ),
            Node(
                nodes.select_demographic_dataset,
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
