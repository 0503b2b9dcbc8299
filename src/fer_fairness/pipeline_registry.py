"""The pipelines by name, and what `kedro run` without a name runs."""

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


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline by name.

    Returns:
        `__default__` is everything from raw datasets to the report. The others stand apart and run
        only where they are named: `fabrication` writes raw datasets (`kedro run --env sample
        --pipelines fabrication,__default__`), `audit` and `audit_model` are about somebody else's
        predictions or model, `label_images` about somebody else's pictures.
    """
    pipelines = {
        "data_processing": data_processing.create_pipeline(),
        "race_labeling": race_labeling.create_pipeline(),
        "baseline": baseline.create_pipeline(),
        "emotion_augmentation": emotion_augmentation.create_pipeline(),
        "demographic_augmentation": demographic_augmentation.create_pipeline(),
        "mitigation": mitigation.create_pipeline(),
        "fairness_reporting": fairness_reporting.create_pipeline(),
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
