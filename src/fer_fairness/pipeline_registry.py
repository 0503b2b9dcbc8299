"""The pipelines by name, and what `kedro run` without a name runs."""

from kedro.pipeline import Pipeline

from fer_fairness.pipelines import (
    baseline,
    data_processing,
    demographic_augmentation,
    emotion_augmentation,
    fabrication,
    fairness_reporting,
    mitigation,
    race_labeling,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Every pipeline by name.

    Returns:
        `__default__` is everything from raw datasets to the report. `fabrication` stands apart: it
        writes raw datasets, so it runs only where it is named (`kedro run --env sample
        --pipelines fabrication,__default__`).
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
    return {"__default__": everything, **pipelines, "fabrication": fabrication.create_pipeline()}
