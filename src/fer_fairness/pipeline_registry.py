"""The pipelines by name, and what `kedro run` without a name runs.

Not `find_pipelines`: which variants and seeds there are follows from the configuration, so that one
template serves several names, and some pipelines stand apart from `__default__`.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from kedro.framework.project import settings
from kedro.pipeline import Pipeline

from fer_fairness.pipelines import (
    audit,
    compare,
    cross_dataset,
    data_processing,
    fabrication,
    fairness_reporting,
    label_images,
    plan_audit,
    race_labeling,
    variants,
)
from fer_fairness.pipelines.variants.configured import default_structure
from fer_fairness.pipelines.variants.structure import Structure


def register_pipelines() -> "SessionPipelines":
    """Every pipeline by name, for the configuration of the present session.

    Without a session (`kedro registry list`) every method is there once, with one seed.
    """
    return SessionPipelines()


class SessionPipelines(Mapping[str, Pipeline]):
    """The pipelines of whichever session there is: Kedro asks for them once in a process.

    `configuration` puts what they are built for into Kedro's `settings`.
    """

    def __getitem__(self, name: str) -> Pipeline:
        return self._built()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._built())

    def __len__(self) -> int:
        return len(self._built())

    def _built(self) -> Mapping[str, Pipeline]:
        return pipelines_for(settings.get("STRUCTURE") or default_structure())


@cache
def pipelines_for(structure: Structure) -> dict[str, Pipeline]:
    """Every pipeline by name.

    Args:
        structure: The variants and training seeds.

    Returns:
        `__default__` is everything from raw datasets to the report. The others stand apart and run
        only where they are named: `fabrication` writes raw datasets (`kedro run --env sample
        --pipelines fabrication,__default__`), `audit` and `audit_model` are about somebody else's
        predictions or model, `label_images` about somebody else's pictures, `plan_audit` about an
        audit that is yet to be done, `compare` about two runs or audits that are written;
        `cross_dataset` trains on every dataset apart.
    """
    pipelines = {
        "data_processing": data_processing.create_pipeline(),
        "race_labeling": race_labeling.create_pipeline(),
        **variants.create_pipelines(structure),
        "fairness_reporting": fairness_reporting.create_pipeline(structure),
    }
    return {
        "__default__": Pipeline(list(pipelines.values())),
        **pipelines,
        "fabrication": fabrication.create_pipeline(),
        "label_images": label_images.create_pipeline(),
        "audit": audit.create_pipeline(),
        "audit_model": audit.create_model_pipeline(),
        "cross_dataset": cross_dataset.create_pipeline(structure),
        "plan_audit": plan_audit.create_pipeline(),
        "compare": compare.create_pipeline(),
    }
