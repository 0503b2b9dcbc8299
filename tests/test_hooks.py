"""What the project adds to Kedro's life cycle."""

from pathlib import Path

import click
import pytest
from kedro.io import DatasetError

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
