"""A run is recorded before it starts, and ends with its report or one plain error."""

import logging
from pathlib import Path

import click
import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import Node, Pipeline

from fer_fairness.datasets import TextDataset
from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.hooks import ProjectHooks


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


def test_nothing_is_recorded_of_a_run_whose_data_is_missing(
    kedro_project: Path, tmp_path: Path
) -> None:
    catalog = DataCatalog(
        {
            "page": TextDataset(filepath=str(tmp_path / "page.html")),
            "run_manifest": MemoryDataset(),
            "parameters": MemoryDataset({"seed": 0}),
        }
    )
    reads = Pipeline([Node(lambda *read: read, ["page", "run_manifest"], "text", name="reads")])
    run = {"project_path": kedro_project, "runtime_params": {}}
    with pytest.raises(DatasetNotFoundError, match=r"page \(.*page.html\)"):
        ProjectHooks().before_pipeline_run(run, reads, catalog)
    assert not catalog.exists("run_manifest")
    # Kedro leaves out nodes whose outputs are there: what they read may be gone.
    ProjectHooks().before_pipeline_run({**run, "only_missing_outputs": True}, reads, catalog)


def test_a_block_that_conf_does_not_have_is_named(kedro_project: Path) -> None:
    reads = Pipeline([Node(lambda x: x, "params:toy.reading", "text", name="reads")])
    catalog = DataCatalog({"parameters": MemoryDataset({"seed": 0})})
    with pytest.raises(InvalidInputError, match=r"reads params:toy\.reading, which no"):
        ProjectHooks().before_pipeline_run({"project_path": kedro_project}, reads, catalog)
