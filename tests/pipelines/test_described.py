"""A dataset that a block of parameters describes plays its parts without a line of code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.framework.session import KedroSession
from kedro.io import MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner
from tests.sources.blocks.described import SEVEN, write_face

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.hooks.inputs import missing_inputs, unknown_parameters
from fer_fairness.params.datasets import DatasetBlock
from fer_fairness.params.quality import QualityParameters
from fer_fairness.pipeline_registry import pipelines_for
from fer_fairness.pipelines.described import described_sets, raw_folders
from fer_fairness.pipelines.race_labeling.nodes import choose_demographic_dataset
from fer_fairness.pipelines.variants.configured import structure_of, with_structure
from fer_fairness.pipelines.variants.structure import Structure
from fer_fairness.tables import FACES_SCHEMA, empty_table

BASELINE = {"seed": 0, "baseline": {"method": "baseline"}, "odds": {"method": "equalized_odds"}}
FOLDERS = {"kind": "folders", "path": "/data/mine"}


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> Iterator[Structure]:
    """The structure of a configuration that describes `mine`, and the registry that knows it."""
    monkeypatch.setenv("FER_FAIRNESS_DESCRIBED_DATASETS", "[]")
    structure = structure_of(BASELINE | {"datasets": {"mine": FOLDERS}})
    EVALUATION_SETS.describe(structure.described)
    yield structure
    EVALUATION_SETS.describe(())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in SEVEN:
        for number in range(10):
            write_face(tmp_path / "mine" / name / f"{number}.png")
    return tmp_path / "mine"


def of_mine(pipeline: Pipeline) -> set[str]:
    return {name for name in pipeline.datasets() if name.startswith("mine.")}


def test_it_is_read_labelled_scored_by_every_variant_reported_and_can_be_audited(
    described: Structure,
) -> None:
    pipelines = pipelines_for(described)
    assert {"mine.raw", "mine.test_images", "mine.data_quality"} <= of_mine(
        pipelines["data_processing"]
    )
    labelled = pipelines["race_labeling"]
    assert {"mine.test_embeddings", "mine.development_labelled_faces"} <= of_mine(labelled)
    assert "baseline.mine_test_predictions" in pipelines["baseline"].all_outputs()
    assert "odds.mine_test_predictions" in pipelines["mitigation"].all_outputs()
    report = pipelines["fairness_reporting"]
    assert {"mine.data_quality", "mine.test_labelled_faces", "mine.truth"} <= of_mine(report)
    assert {"baseline.mine_test_predictions", "odds.mine_test_predictions"} <= report.inputs()
    assert {"mine.test_images", "mine.data_quality"} <= of_mine(pipelines["audit_model"])
    assert of_mine(pipelines["__default__"]) - {"mine.raw"} <= (
        pipelines["__default__"].all_outputs()
    )


def test_it_is_what_the_baseline_and_both_augmentations_are_trained_on_where_it_is_named(
    described: Structure,
) -> None:
    blocks: dict[str, Any] = {
        **BASELINE,
        "datasets": {"mine": FOLDERS},
        "train_on": "mine",
        "emotion_augmentation": {"method": "emotion_augmentation"},
        "demographic_augmentation": {"method": "demographic_augmentation"},
    }
    structure = structure_of(blocks)
    assert structure.described == described.described
    pipelines = pipelines_for(structure)
    for name in ("baseline", "emotion_augmentation"):
        trained = {node.name: node for node in pipelines[name].nodes}[f"{name}.train"]
        assert {"mine.development_faces", "mine.development_images"} <= set(trained.inputs)
        assert not any(given.startswith("fer_plus.") for given in trained.inputs)
    faces = empty_table(FACES_SCHEMA)
    images = np.zeros((0, 48, 48, 1), dtype=np.uint8)
    mine = faces.reindex(range(2))
    given = [
        part for name in EVALUATION_SETS for part in (mine if name == "mine" else faces, images)
    ]
    for wanted in ("auto", "train_on", "mine"):
        chosen, _ = choose_demographic_dataset(wanted, structure.trained_on, *given)
        assert len(chosen) == 2, "no annotated set is there"


def test_a_set_to_train_on_that_there_is_not_is_refused() -> None:
    expected = r"train_on is 'mine'; expected one of fer_plus, raf_db, or a block of that name"
    with pytest.raises(InvalidInputError, match=expected):
        structure_of(BASELINE | {"train_on": "mine"})


def test_what_a_block_says_is_the_evaluation_set() -> None:
    blocks: dict[str, Any] = {
        "faces": FOLDERS | {"title": "My faces", "emotions": "joy;anger"},
        "crops": {"kind": "ck_plus_folders"},
        "told": {
            "kind": "table",
            "table": "t.csv",
            "columns": {"race": "r"},
            "condition": "grey_48",
        },
        "gone": None,
    }
    faces, crops, told = described_sets({"datasets": blocks}, taken=())
    assert (faces.name, faces.label, faces.emotions) == (
        "faces",
        "My faces",
        ("happiness", "anger"),
    )
    assert (faces.condition, faces.embedded_from) == ("colour_100", "files")
    assert (crops.label, crops.condition, crops.embedded_from) == ("crops", "grey_48", "pixels")
    assert "neutral" not in crops.emotions
    assert (told.condition, told.annotates_demographics) == ("grey_48", True)
    assert not faces.may_be_absent, "whoever names a dataset wants it"


def test_its_emotions_and_its_name_reach_the_parameters() -> None:
    given = BASELINE | {"datasets": {"mine": FOLDERS | {"emotions": ["fear", "anger"]}}}
    found = with_structure(given, structure_of(given))
    assert found["scored_over"]["mine"] == ["anger", "fear"]
    assert found["datasets"]["mine"]["name"] == "mine"
    checked = DatasetBlock.model_validate(found["datasets"]["mine"])
    again = {name: found[name] for name in BASELINE} | {"datasets": {"mine": checked}}
    assert structure_of(again).described == structure_of(given).described


@pytest.mark.parametrize(
    ("datasets", "told"),
    [
        ({"Mine": FOLDERS}, "cannot be called 'Mine' .* expected small letters"),
        ({"my__faces": FOLDERS}, "single underscores"),
        ({"raf_db": FOLDERS}, "the name of another dataset"),
        ({"odds": FOLDERS}, "a variant"),
        ({"grey_48": FOLDERS}, "a kind of data"),
        ({"mine": {"kind": "folder"}}, r"block datasets\.mine .*'folders', 'table'"),
        ({"mine": {"path": "x"}}, r"block datasets\.mine .*kind"),
        ({"mine": "x"}, r"block datasets\.mine"),
        ("x", "expected a block for each dataset"),
    ],
)
def test_a_block_or_a_name_that_cannot_be_meant_is_refused(datasets: object, told: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"(?s){told}"):
        structure_of(BASELINE | {"datasets": datasets})


def test_a_folder_that_a_block_names_is_where_the_catalog_looks() -> None:
    named = raw_folders({"datasets": {"mine": FOLDERS, "other": {"kind": "jaffe"}}})
    assert set(named) == {"mine.raw"}
    assert named["mine.raw"]["filepath"] == "/data/mine"
    home = raw_folders({"datasets": {"mine": {"kind": "jaffe", "path": "~/faces"}}})
    assert home["mine.raw"]["filepath"] == (Path.home() / "faces").as_posix()


def test_parameters_of_the_command_line_are_enough(
    kedro_project: Path, folder: Path, tmp_path: Path
) -> None:
    runtime = {
        "data_root": str(tmp_path / "data"),
        "datasets": {"mine": {"kind": "folders", "path": str(folder)}},
    }
    session = KedroSession.create(project_path=kedro_project, runtime_params=runtime)
    context = session.load_context()
    try:
        from kedro.framework.project import pipelines

        catalog = context.catalog
        assert unknown_parameters(context.params) == []
        assert missing_inputs(["mine.raw"], catalog) == ""
        # A parameter that Kedro checks is a model of pydantic only in a whole run.
        catalog["params:datasets.mine"] = MemoryDataset(
            DatasetBlock.model_validate(context.params["datasets"]["mine"])
        )
        catalog["params:quality"] = MemoryDataset(QualityParameters())
        of_mine = pipelines["data_processing"].only_nodes_with_namespaces(["data_processing.mine"])
        SequentialRunner().run(of_mine, catalog)
        development = FACES_SCHEMA.validate(catalog.load("mine.development_faces"))
        assert set(development["split"]) == {"train", "validation"}
        assert len(development) + len(catalog.load("mine.test_images")) == 70
        assert (tmp_path / "data/08_reporting/data_quality/mine.json").exists()
    finally:
        EVALUATION_SETS.describe(())


def test_a_folder_that_is_not_there_is_told_before_anything_runs(
    kedro_project: Path, tmp_path: Path
) -> None:
    runtime = {"datasets": {"mine": {"kind": "affectnet", "path": str(tmp_path / "nowhere")}}}
    session = KedroSession.create(project_path=kedro_project, runtime_params=runtime)
    try:
        told = missing_inputs(["mine.raw"], session.load_context().catalog)
        assert str(tmp_path / "nowhere") in told
    finally:
        EVALUATION_SETS.describe(())
