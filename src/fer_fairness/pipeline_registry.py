"""The pipelines by name, and what `kedro run` without a name runs."""

from collections.abc import Sequence

from kedro.pipeline import Pipeline

from fer_fairness.pipelines import (
    audit,
    baseline,
    data_processing,
    demographic_augmentation,
    emotion_augmentation,
    fabrication,
    fairness_reporting,
    label_images,
    mitigation,
    race_labeling,
)
from fer_fairness.pipelines.seeds import ONE_SEED, for_every_seed


def register_pipelines(seeds: Sequence[int] = ONE_SEED) -> dict[str, Pipeline]:
    """Every pipeline by name.

    Args:
        seeds: The training seeds. Kedro, which does not know them, gives none; `context` does.

    Returns:
        `__default__` is everything from raw datasets to the report. The others stand apart and run
        only where they are named: `fabrication` writes raw datasets (`kedro run --env sample
        --pipelines fabrication,__default__`), `audit` and `audit_model` are about somebody else's
        predictions or model, `label_images` about somebody else's pictures.
    """
    variants = {
        "baseline": baseline.create_pipeline(),
        "emotion_augmentation": emotion_augmentation.create_pipeline(),
        "demographic_augmentation": demographic_augmentation.create_pipeline(),
        "mitigation": mitigation.create_pipeline(),
    }
    pipelines = {
        "data_processing": data_processing.create_pipeline(),
        "race_labeling": race_labeling.create_pipeline(),
        **{name: for_every_seed(pipeline, seeds) for name, pipeline in variants.items()},
        "fairness_reporting": fairness_reporting.create_pipeline(seeds),
    }
    everything = sum(pipelines.values(), Pipeline([]))
    return {
        "__default__": everything,
        **pipelines,
        "fabrication": fabrication.create_pipeline(),
        "label_images": label_images.create_pipeline(),
        "audit": audit.create_pipeline(),
        "audit_model": audit.create_model_pipeline(),
    }
