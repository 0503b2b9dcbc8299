"""Wiring of the fabrication pipeline."""

from kedro.pipeline import Pipeline

from fer_fairness.fabrication import fabricate
from fer_fairness.fabrication.layouts import LAYOUTS
from fer_fairness.pipelines.namespaces import step


def create_pipeline() -> Pipeline:
    """From parameters to raw datasets; only the `sample` environment has a place for them.

    The dataset classes of the raw folders write the publishers' layouts.
    """
    return step(
        fabricate,
        inputs="params:fabrication",
        outputs={layout: f"{layout}.raw" for layout in LAYOUTS},
        name="fabrication.fabricate",
        tags="fabricate",
    )
