"""A further dataset needs its reader and its lines in the registries, and nothing in between."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.io import MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner
from tests.conftest import FacesBuilder

from fer_fairness import sources
from fer_fairness.evaluation_sets import (
    EVALUATION_SETS,
    GREY_48,
    EvaluationSet,
    EvaluationSets,
)
from fer_fairness.params.data_processing import SourceParameters, SplitParameters
from fer_fairness.params.quality import QualityParameters
from fer_fairness.pipelines import audit, data_processing, fairness_reporting, race_labeling
from fer_fairness.pipelines.variants.configured import default_structure
from fer_fairness.pipelines.variants.structure import Structure
from fer_fairness.sources import RawFaces
from fer_fairness.tables import FACES_SCHEMA

TOY = EvaluationSet(
    name="toy", label="Toy", emotions=("fear", "anger"), condition=GREY_48, embedded_from="pixels"
)


def read_toy(folder: Path, params: SourceParameters) -> RawFaces:
    """Twenty faces, which the folder alone decides."""
    generator = np.random.default_rng(len(folder.name) + params.n_threads)
    images = generator.integers(0, 256, (20, 48, 48, 1), dtype=np.uint8)
    rejected = pd.DataFrame({"reason": ["unreadable"]})
    return RawFaces(read_toy.faces, images, rejected, {"dataset": "toy"})  # type: ignore[attr-defined]


@pytest.fixture
def further(monkeypatch: pytest.MonkeyPatch, make_faces: FacesBuilder) -> None:
    """The registries with a line more, wherever they were imported to."""
    faces = make_faces(["train"] * 15 + ["test"] * 5, ["fear", "anger"] * 10)
    monkeypatch.setattr(read_toy, "faces", faces.assign(dataset="toy"), raising=False)
    registries = {
        "EVALUATION_SETS": (EVALUATION_SETS, EvaluationSets(*EVALUATION_SETS.values(), TOY)),
        "READERS": (sources.READERS, {**sources.READERS, "toy": read_toy}),
    }
    ours = [m for name, m in sys.modules.items() if name.startswith("fer_fairness")]
    for module in ours:
        for name, (before, after) in registries.items():
            if isinstance(module, ModuleType) and getattr(module, name, None) is before:
                monkeypatch.setattr(module, name, after)


def of_toy(pipeline: Pipeline) -> set[str]:
    return {name for name in pipeline.datasets() if name.startswith("toy.")}


@pytest.mark.usefixtures("further")
def test_it_is_read_labelled_scored_reported_and_can_be_audited() -> None:
    read, labelled = data_processing.create_pipeline(), race_labeling.create_pipeline()
    reported = fairness_reporting.create_pipeline(Structure(default_structure().variants, (0, 1)))
    assert {"toy.raw", "toy.test_images", "toy.data_quality"} <= of_toy(read)
    assert {"toy.test_embeddings", "toy.test_labelled_faces"} <= of_toy(labelled)
    assert {"toy.data_quality", "toy.test_labelled_faces"} <= of_toy(reported)
    assert {"baseline.toy_test_predictions", "equalized_odds.toy_test_predictions"} <= (
        reported.inputs()
    )
    assert {"toy.test_images", "toy.test_labelled_faces"} <= of_toy(audit.create_model_pipeline())
    made = (read + labelled + reported).all_outputs()
    assert of_toy(reported) <= made | {"toy.raw"}


@pytest.mark.usefixtures("further")
def test_its_files_need_no_entry_in_the_catalog(kedro_project: Path, tmp_path: Path) -> None:
    runtime = {"data_root": str(tmp_path)}
    session = KedroSession.create(project_path=kedro_project, runtime_params=runtime)
    catalog = session.load_context().catalog
    catalog["params:toy.reading"] = MemoryDataset(SourceParameters())
    catalog["params:toy.splitting"] = MemoryDataset(SplitParameters(validation_share=0.2))
    catalog["params:quality"] = MemoryDataset(QualityParameters())
    reading = data_processing.create_pipeline().only_nodes_with_namespaces(["data_processing.toy"])
    SequentialRunner().run(reading, catalog)
    development = FACES_SCHEMA.validate(catalog.load("toy.development_faces"))
    assert set(development["split"]) == {"train", "validation"}
    assert len(catalog.load("toy.test_images")) == 5
    assert catalog.load("toy.data_quality")["reading"]["present"] is True
    assert (tmp_path / "08_reporting/data_quality/toy.json").exists()
