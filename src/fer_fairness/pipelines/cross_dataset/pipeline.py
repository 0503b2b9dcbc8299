"""Wiring of the cross_dataset pipeline."""

from kedro.pipeline import Pipeline

from fer_fairness.pipelines.cross_dataset import nodes
from fer_fairness.pipelines.namespaces import grouped, step
from fer_fairness.pipelines.variants.crossing import CROSSED
from fer_fairness.pipelines.variants.structure import (
    BASELINE,
    SCORED_OVER,
    TRAINING_SEED,
    Structure,
)

_TABLES = [f"cross_dataset.table_{name}" for name in ("matrix", "between_sets", "between_models")]
_SHARED = "cross_dataset.shared"


def create_pipeline(structure: Structure) -> Pipeline:
    """From the faces of every dataset to models, predictions, the matrix and a page.

    Args:
        structure: Its `crossing` says which datasets and models there are.
    """
    datasets, models = structure.crossing.datasets, structure.crossing.models
    crossed = f"params:{CROSSED}"
    steps = [
        step(
            nodes.count_faces,
            inputs=[crossed, *(f"{name}.development_faces" for name in datasets)],
            outputs="cross_dataset.sets",
            name="count_faces",
            tags="check",
        ),
        step(
            nodes.find_known_faces,
            inputs=[
                crossed,
                *(
                    f"{name}.{split}_{what}"
                    for name in datasets
                    for split in ("development", "test")
                    for what in ("faces", "images")
                ),
            ],
            outputs="cross_dataset.known_faces",
            name="find_known_faces",
            tags="check",
        ),
        *(_training(model, sets) for model, sets in models.items()),
        *(_prediction(model, dataset) for model in models for dataset in datasets),
        step(
            nodes.measure,
            inputs=[
                *(crossed, "params:evaluation", "params:seed", "cross_dataset.known_faces"),
                *(
                    name
                    for dataset in datasets
                    for name in (
                        f"{dataset}.test_labelled_faces",
                        *(f"{model}.{dataset}_test_predictions" for model in models),
                    )
                ),
            ],
            outputs=[*_TABLES, _SHARED],
            name="measure",
            tags="score",
        ),
        step(
            nodes.report,
            inputs=[
                *(_SHARED, *_TABLES, "cross_dataset.sets"),
                *(f"params:{BASELINE}", "params:cross_dataset"),
                *(f"{name}.data_quality" for name in datasets),
            ],
            outputs=[
                *("cross_dataset.page", "cross_dataset.figure"),
                *("cross_dataset.figures", "cross_dataset.results"),
            ],
            name="report",
            tags="report",
        ),
    ]
    return grouped("cross_dataset", steps)


def _training(model: str, sets: tuple[str, ...]) -> Pipeline:
    return step(
        nodes.train_on_sets,
        inputs=[
            *_block(model),
            *("params:fine_tuning", f"params:{TRAINING_SEED}", "params:checkpoint_root"),
            "cross_dataset.sets",
            *(f"{name}.development_{what}" for name in sets for what in ("faces", "images")),
        ],
        outputs=[f"{model}.{what}" for what in ("model", "history", "training_record")],
        name=f"{model}.train",
        tags=["train", "trains"],
    )


def _prediction(model: str, dataset: str) -> Pipeline:
    return step(
        nodes.predict_faces,
        inputs=[
            *(f"{model}.model", f"{dataset}.test_faces", f"{dataset}.test_images"),
            *("params:prediction", *_block(model), f"params:{TRAINING_SEED}"),
            f"params:{SCORED_OVER}.{dataset}",
        ],
        outputs=f"{model}.{dataset}_test_predictions",
        name=f"{model}.predict_{dataset}",
        tags="predict",
    )


def _block(model: str) -> list[str]:
    """The parameters that say what a model is."""
    return [f"params:{BASELINE}", "params:cross_dataset", f"params:{CROSSED}.models.{model}"]
