"""What a run is given is looked at before anything runs."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.session import KedroSession
from kedro.io import CatalogProtocol, DataCatalog, MemoryDataset

from fer_fairness.datasets import TextDataset
from fer_fairness.hooks import missing_inputs, unknown_parameters
from fer_fairness.hooks.inputs import command_options, needed_inputs
from fer_fairness.pipelines.namespaces import DOES_WITHOUT_RAW, step


def test_misspelt_parameters_are_named(kedro_project: Path) -> None:
    assert kedro_project.exists()
    parameters = {
        "seed": 0,
        "data_root": "elsewhere",
        "fer_plus": {"readng": {"max_damaged_share": 0}},
        "evaluaton": {"n_bootstrap": 5},
    }
    assert unknown_parameters(parameters) == ["fer_plus.readng", "evaluaton"]


@pytest.fixture
def catalog(kedro_project: Path, tmp_path: Path) -> CatalogProtocol[Any, Any]:
    """The project's own, where nothing has been made."""
    session = KedroSession.create(
        project_path=kedro_project, env="base", runtime_params={"data_root": str(tmp_path)}
    )
    return session.load_context().catalog


def test_everything_missing_is_told_at_once_by_the_pipeline_that_makes_it(
    catalog: CatalogProtocol[Any, Any], tmp_path: Path
) -> None:
    told = missing_inputs({"baseline.model", "baseline.history", "fer_plus.test_faces"}, catalog)
    assert told.splitlines() == [
        "`kedro run --pipelines baseline` makes",
        f"  baseline.history ({tmp_path}/06_models/baseline/history.parquet)",
        f"  baseline.model ({tmp_path}/06_models/baseline/model.keras)",
        "`kedro run --pipelines data_processing` makes",
        f"  fer_plus.test_faces ({tmp_path}/03_primary/fer_plus/test_faces.parquet)",
    ]


def test_raw_datasets_come_with_how_to_obtain_them_but_for_those_that_may_be_absent(
    catalog: CatalogProtocol[Any, Any], tmp_path: Path
) -> None:
    told = missing_inputs({"fer_plus.raw", "raf_db.raw", "fairface.raw"}, catalog)
    assert f"FER+ (FER2013 with the FER+ labels) was not found in {tmp_path}" in told
    assert f"FairFace was not found in {tmp_path}" in told
    assert told.count("To obtain it:") == 2
    assert told.count("kedro run --env sample --pipelines fabrication,__default__") == 1
    assert "raf_db" not in told
    catalog["params:train_on"] = MemoryDataset("raf_db")
    told = missing_inputs({"fer_plus.raw", "raf_db.raw"}, catalog)
    assert "RAF-DB (basic emotions) was not found" in told, "it is asked for"
    assert "FER+ (FER2013" not in told


def test_faces_that_the_environment_can_draw_are_drawn_where_the_run_looks(
    kedro_project: Path, tmp_path: Path
) -> None:
    session = KedroSession.create(
        project_path=kedro_project, env="sample", runtime_params={"data_root": str(tmp_path)}
    )
    options = f" --env sample --params data_root={tmp_path}"
    told = missing_inputs({"fer_plus.raw"}, session.load_context().catalog, options)
    assert told.endswith(f"To draw faces there: kedro run --pipelines fabrication{options}")


def test_what_is_there_held_in_memory_or_a_parameter_is_not_missing(
    tmp_path: Path,
) -> None:
    page = TextDataset(filepath=str(tmp_path / "page.html"))
    page.save("text")
    datasets: dict[str, Any] = {"page": page, "held": MemoryDataset()}
    names = {*datasets, "params:seed", "parameters", "known_to_no_catalog"}
    assert missing_inputs(names, DataCatalog(datasets)) == ""


def test_a_raw_folder_is_needed_where_one_node_does_not_do_without_it() -> None:
    names = ["toy.raw", "toy.test_faces"]
    audit = step(max, inputs=names, outputs="a", name="audit", tags=["predict", DOES_WITHOUT_RAW])
    assert needed_inputs(audit) == {"toy.test_faces"}
    read = step(max, inputs=["toy.raw", "a"], outputs="b", name="read", tags="read")
    assert needed_inputs(audit + read) == {"toy.raw", "toy.test_faces"}


def test_the_command_that_is_named_has_the_options_of_the_run() -> None:
    assert command_options({"env": "local", "runtime_params": None}) == ""
    given = {"data_root": "my data", "baseline": {"training": {"max_epochs": 2, "x": None}}}
    found = command_options({"env": "sample", "runtime_params": given})
    words = shlex.split(found)
    assert words[:3] == ["--env", "sample", "--params"]
    assert words[3] == "data_root=my data,baseline.training.max_epochs=2,baseline.training.x=null"
