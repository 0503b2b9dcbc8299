"""The one template behind every variant: compose a training set, train, predict."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON
from fer_fairness.mitigation import Method
from fer_fairness.pipelines import template_nodes as nodes
from fer_fairness.pipelines.variants import (
    BASELINE,
    FURTHER_SEEDS,
    TRAINING_SEED,
    Structure,
    Variant,
)

_PARTS = {"validation": "development", "test": "test"}
"""The split of predictions -> the tables that its faces are in."""


def create_pipelines(structure: Structure) -> dict[str, Pipeline]:
    """The pipelines of all variants and seeds, by the names that their methods say."""
    pipelines: dict[str, Pipeline] = {}
    for variant in structure.variants:
        for seed in structure.seeds:
            name = variant.method.pipeline
            made = variant_pipeline(variant, structure, seed)
            pipelines[name] = pipelines.get(name, Pipeline([])) + made
    return pipelines


def variant_pipeline(variant: Variant, structure: Structure, seed: int) -> Pipeline:
    """The template wired for one variant and seed, in a namespace of its own."""
    if issubclass(variant.method, Method):
        steps = _trained(variant.name, variant.method)
    else:
        steps = [node for dataset in EVALUATION_SETS for node in _post(variant.name, dataset)]
    inputs = {name for step in steps for name in step.inputs} - {
        name for step in steps for name in step.outputs
    }
    baseline = structure.namespace(BASELINE, seed)
    is_first = seed == structure.seeds[0]
    seed_parameter = TRAINING_SEED if is_first else f"{FURTHER_SEEDS}.seed_{seed}"
    parameters = {name: name for name in inputs if name.startswith("params:")}
    return Pipeline(
        steps,
        namespace=structure.namespace(variant.name, seed),
        inputs={
            name: name.replace(f"{BASELINE}.", f"{baseline}.", 1)
            for name in inputs - parameters.keys()
        },
        parameters=parameters | {f"params:{TRAINING_SEED}": f"params:{seed_parameter}"},
    )


def _trained(name: str, method: type[Method]) -> list[Node]:
    trained_on = "demographic" if "groups" in method.needs else TRAINED_ON
    development = [f"{trained_on}.development_faces", f"{trained_on}.development_images"]
    steps = [
        Node(
            nodes.compose_training_set,
            inputs=[
                f"params:{name}",
                *development,
                f"params:{TRAINING_SEED}",
                *_told_by_the_baseline(method),
            ],
            outputs=[
                "training_columns",
                "augmentation_plan",
                "augmented_faces",
                "augmented_images",
            ],
            name="compose_training_set",
            tags=["compose", "trains"],
        ),
        Node(
            nodes.train_model,
            inputs=[
                f"params:{name}",
                "params:fine_tuning",
                *development,
                *("training_columns", "augmented_faces", "augmented_images"),
                f"params:{TRAINING_SEED}",
                "params:checkpoint_root",
                *([] if method.starts_anew else [f"{BASELINE}.model"]),
            ],
            outputs=["model", "history", "training_record"],
            name="train",
            tags=["train", "trains"],
        ),
        *(_prediction(name, dataset, split) for dataset in EVALUATION_SETS for split in _PARTS),
    ]
    if "training_predictions" in method.needs:
        steps.append(_prediction_on_training_faces(name, development))
    if not method.starts_anew:
        steps.append(_description(name, development))
    return steps


def _told_by_the_baseline(method: type[Method]) -> list[str]:
    """The predictions that a method may look at when its training set is composed."""
    if method.starts_anew:
        return []
    told = [f"{BASELINE}.{dataset}_validation_predictions" for dataset in EVALUATION_SETS]
    return [*told, *(["start_predictions"] if "training_predictions" in method.needs else [])]


def _description(name: str, development: list[str]) -> Node:
    return Node(
        nodes.describe_training_set,
        inputs=[
            f"params:{name}",
            "params:fine_tuning",
            *development,
            *("augmentation_plan", "augmented_faces", "augmented_images"),
            f"params:{TRAINING_SEED}",
        ],
        outputs=["distribution", "example_sheet"],
        name="describe_training_set",
        tags="compose",
    )


def _prediction(name: str, dataset: str, split: str) -> Node:
    part = _PARTS[split]
    return Node(
        nodes.predict_validation if split == "validation" else nodes.predict_test,
        inputs=[
            "model",
            f"{dataset}.{part}_faces",
            f"{dataset}.{part}_images",
            "params:prediction",
            f"params:{name}",
            f"params:{TRAINING_SEED}",
        ],
        outputs=f"{dataset}_{split}_predictions",
        name=f"predict_{dataset}_{split}",
        tags="predict",
    )


def _prediction_on_training_faces(name: str, development: list[str]) -> Node:
    return Node(
        nodes.predict_training,
        inputs=[
            f"{BASELINE}.model",
            *development,
            "params:prediction",
            f"params:{name}",
            f"params:{TRAINING_SEED}",
        ],
        outputs="start_predictions",
        name="predict_training_faces",
        tags=["predict", "trains"],
    )


def _post(name: str, dataset: str) -> list[Node]:
    return [
        Node(
            nodes.fit_post_method,
            inputs=[
                f"params:{name}",
                f"{BASELINE}.{dataset}_validation_predictions",
                f"{dataset}.development_labelled_faces",
                f"{BASELINE}.training_record",
            ],
            outputs=f"{dataset}_rules",
            name=f"fit_{dataset}",
            tags=["fit", "trains"],
        ),
        Node(
            nodes.apply_post_method,
            inputs=[
                f"params:{name}",
                f"{BASELINE}.{dataset}_test_predictions",
                f"{dataset}.test_labelled_faces",
                f"{dataset}_rules",
                f"params:{TRAINING_SEED}",
            ],
            outputs=f"{dataset}_test_predictions",
            name=f"apply_{dataset}",
            tags="predict",
        ),
    ]
