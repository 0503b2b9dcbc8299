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


@pytest.mark.usefixtures("kedro_project")
def test_a_block_that_conf_does_not_have_is_named() -> None:
    reads = Pipeline([Node(lambda x: x, "params:toy.reading", "text", name="reads")])
    catalog = DataCatalog({"parameters": MemoryDataset({"seed": 0})})
    with pytest.raises(InvalidInputError, match=r"reads params:toy\.reading, which no"):
        ProjectHooks().before_pipeline_run(reads, catalog)
