"""The one template behind the baseline, both augmentations and every trained mitigation."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines import template_nodes as nodes
from fer_fairness.pipelines.variants import EVALUATION_SETS, TRAINED_VARIANTS, Variant

_SHARED_PARAMETERS = {"params:training_seed", "params:checkpoint_root", "params:prediction"}


def create_pipeline(pipeline: str) -> Pipeline:
    """All variants of one registered pipeline, each the template in its own namespace."""
    chosen = [variant for variant in TRAINED_VARIANTS if variant.pipeline == pipeline]
    return sum((variant_pipeline(variant) for variant in chosen), Pipeline([]))


def variant_pipeline(variant: Variant) -> Pipeline:
    """The template wired for one variant: start, augment or reweigh, train, predict."""
    steps = [_start(variant)]
    if variant.augments:
        steps += _augmentation()
    if variant.reweighs:
        steps.append(_reweighing())
    steps.append(_training(variant))
    steps += [_prediction(dataset, split) for dataset in EVALUATION_SETS for split in _SPLITS]
    used = {name for step in steps for name in step.inputs}
    return Pipeline(
        steps,
        namespace=variant.name,
        inputs={name: source for name, source in _inputs(variant).items() if name in used},
        parameters=_SHARED_PARAMETERS & used,
    )


_SPLITS = ("validation", "test")


def _inputs(variant: Variant) -> dict[str, str]:
    """What the template calls its inputs, and which datasets they are."""
    inputs = {
        "training_faces": f"{variant.trains_on}.development_faces",
        "training_images": f"{variant.trains_on}.development_images",
        "baseline_model": f"{variant.starts_from}.model",
    }
    for dataset in EVALUATION_SETS:
        inputs[f"baseline_{dataset}_predictions"] = (
            f"{variant.starts_from}.{dataset}_validation_predictions"
        )
        for split, part in (("validation", "development"), ("test", "test")):
            inputs[f"{dataset}_{split}_faces"] = f"{dataset}.{part}_faces"
            inputs[f"{dataset}_{split}_images"] = f"{dataset}.{part}_images"
    return inputs


def _start(variant: Variant) -> Node:
    if variant.starts_from is None:
        return Node(
            nodes.build_model,
            inputs=["params:architecture", "params:training_seed"],
            outputs="start_model",
            name="build_model",
        )
    return Node(
        nodes.prepare_for_fine_tuning,
        inputs=[
            "baseline_model",
            "params:freezing",
            "params:regularisation",
            "params:training_seed",
        ],
        outputs="start_model",
        name="prepare_for_fine_tuning",
    )


def _augmentation() -> list[Node]:
    return [
        Node(
            nodes.plan,
            inputs=[
                "training_faces",
                "params:augmentation",
                "params:training_seed",
                *(f"baseline_{dataset}_predictions" for dataset in EVALUATION_SETS),
            ],
            outputs="augmentation_plan",
            name="plan_augmentation",
            tags="trains",
        ),
        Node(
            nodes.augment_faces,
            inputs=[
                "training_faces",
                "training_images",
                "augmentation_plan",
                "params:augmentation",
                "params:training",
                "params:training_seed",
            ],
            outputs=["augmented_faces", "augmented_images"],
            name="augment",
            tags="trains",
        ),
        Node(
            nodes.compare_distributions,
            inputs=[
                "training_faces",
                "augmented_faces",
                "augmentation_plan",
                "params:augmentation",
            ],
            outputs="distribution",
            name="compare_distributions",
        ),
        Node(
            nodes.draw_example_sheet,
            inputs=[
                "training_faces",
                "training_images",
                "augmented_faces",
                "augmented_images",
                "params:training",
                "params:training_seed",
            ],
            outputs="example_sheet",
            name="draw_example_sheet",
        ),
    ]


def _reweighing() -> Node:
    return Node(
        nodes.weigh_faces,
        inputs=["training_faces", "params:reweighing"],
        outputs="sample_weights",
        name="weigh",
        tags="trains",
    )


def _training(variant: Variant) -> Node:
    inputs = {
        "model": "start_model",
        "faces": "training_faces",
        "images": "training_images",
        "parameters": "params:training",
        "name": "params:name",
        "seed": "params:training_seed",
        "checkpoint_root": "params:checkpoint_root",
    }
    if variant.augments:
        inputs |= {"augmented_faces": "augmented_faces", "augmented_images": "augmented_images"}
    if variant.reweighs:
        inputs["sample_weights"] = "sample_weights"
    if variant.starts_from is not None:
        inputs["teacher"] = "baseline_model"
    # Last, because Kedro takes the types of parameters from the arguments in the same places.
    inputs |= {name: f"params:{name}" for name in _settings(variant)}
    return Node(
        nodes.train_model,
        inputs=inputs,
        outputs=["model", "history", "training_record"],
        name="train",
        tags="trains",
    )


def _settings(variant: Variant) -> list[str]:
    """The blocks of parameters that decide what is trained, beside `training` itself."""
    starts_anew = variant.starts_from is None
    return [
        *(["architecture"] if starts_anew else ["freezing", "regularisation"]),
        *(["augmentation"] if variant.augments else []),
        *(["reweighing"] if variant.reweighs else []),
    ]


def _prediction(dataset: str, split: str) -> Node:
    return Node(
        nodes.predict_validation if split == "validation" else nodes.predict_test,
        inputs=[
            "model",
            f"{dataset}_{split}_faces",
            f"{dataset}_{split}_images",
            "params:prediction",
            "params:name",
            "params:training_seed",
        ],
        outputs=f"{dataset}_{split}_predictions",
        name=f"predict_{dataset}_{split}",
    )
