"""What the project adds to Kedro's life cycle."""

import logging
from pathlib import Path

import click
import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import Node, Pipeline

from fer_fairness.datasets import TextDataset
from fer_fairness.errors import DatasetNotFoundError
from fer_fairness.hooks import ProjectHooks, run_manifest, unknown_parameters


def wrapped(cause: Exception) -> Exception:
    error = DatasetError("Failed while loading data from dataset")
    error.__cause__ = cause
    return error


def test_purposeful_errors_reach_the_command_line_as_their_message() -> None:
    with (
        click.Context(click.Command("run")),
        pytest.raises(click.ClickException, match="put it there"),
    ):
        ProjectHooks().on_pipeline_error(wrapped(DatasetNotFoundError("put it there")))


def test_faults_keep_their_traceback() -> None:
    with click.Context(click.Command("run")):
        ProjectHooks().on_pipeline_error(ZeroDivisionError())


def test_errors_arrive_as_they_are_outside_the_command_line() -> None:
    with pytest.raises(DatasetNotFoundError, match="put it there"):
        ProjectHooks().on_pipeline_error(wrapped(DatasetNotFoundError("put it there")))


def test_misspelt_parameters_are_named(kedro_project: Path) -> None:
    assert kedro_project.exists()
    parameters = {
        "seed": 0,
        "data_root": "elsewhere",
        "baseline": {"name": "baseline", "trainng": {"max_epochs": 2}},
        "evaluaton": {"n_bootstrap": 5},
    }
    assert unknown_parameters(parameters) == ["baseline.trainng", "evaluaton"]


def test_manifest_names_commit_versions_and_parameters(project_root: Path) -> None:
    manifest = run_manifest(
        {"project_path": project_root, "env": "sample", "runtime_params": {"seed": 3}}
    )
    assert manifest["environment"] == "sample"
    assert manifest["runtime_parameters"] == {"seed": 3}
    assert manifest["versions"]["kedro"]
    assert manifest["commit"] is None or len(manifest["commit"]) == 40


def test_manifest_does_without_a_repository(tmp_path: Path) -> None:
    assert run_manifest({"project_path": tmp_path})["commit"] is None


@pytest.mark.parametrize("prefix", ["", "audit."])
def test_the_manifest_of_a_run_is_saved_where_its_pipeline_reads_it(
    prefix: str, kedro_project: Path
) -> None:
    names = ["run_manifest", "audit.run_manifest"]
    catalog = DataCatalog({name: MemoryDataset() for name in names})
    catalog["parameters"] = MemoryDataset({"seed": 0})
    reads = Pipeline([Node(lambda x: x, f"{prefix}run_manifest", "text", name="reads")])
    run = {"project_path": kedro_project, "runtime_params": {"seed": 7}}
    ProjectHooks().before_pipeline_run(run, reads, catalog)
    assert catalog.load(f"{prefix}run_manifest")["runtime_parameters"] == {"seed": 7}
    assert [name for name in names if catalog.exists(name)] == [f"{prefix}run_manifest"]


@pytest.mark.parametrize("name", ["report", "audit.report"])
def test_the_report_of_a_run_is_named_where_it_lies(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = DataCatalog(
        {name: TextDataset(filepath=str(tmp_path / "page.html")), "not_a_report": MemoryDataset()}
    )
    writes = Pipeline([Node(lambda x: (x, x), "text", [name, "not_a_report"], name="writes")])
    with caplog.at_level(logging.INFO, logger="fer_fairness.hooks"):
        ProjectHooks().after_pipeline_run(writes, catalog)
    assert [record.getMessage() for record in caplog.records] == [
        f"Report: {tmp_path / 'page.html'}"
    ]
