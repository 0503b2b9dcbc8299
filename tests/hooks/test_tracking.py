"""Trainings and reports reach MLflow where that is asked for; else nothing of it is touched."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from fer_fairness import extras
from fer_fairness.datasets import JSONDataset, ParquetDataset, TextDataset
from fer_fairness.errors import InvalidInputError
from fer_fairness.extras import MissingExtraError
from fer_fairness.hooks import TrackingHooks

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

RUN_PARAMS: dict[str, Any] = {
    "pipeline_names": ["baseline"],
    **dict.fromkeys(
        ("tags", "node_names", "from_nodes", "to_nodes", "from_inputs", "load_versions")
    ),
}
TRAIN = Node(
    lambda x: (x, x, x),
    "faces",
    ["baseline.model", "baseline.history", "baseline.training_record"],
    name="train",
    namespace="baseline",
)
REPORT = Node(lambda x: x, "faces", "report", name="report")
TUNE = Node(
    lambda x: (x, x), "faces", ["focal.block", "focal.trials"], name="tune", namespace="focal"
)
PIPELINE = Pipeline([TRAIN, REPORT, TUNE])
CHOICE = {
    "chosen": 1,
    "trials": [
        {"settings": {}, "scores": {"mean_recall": 0.5}, "failure": None},
        {"settings": {"focal": {"gamma": 2.0}}, "scores": {"mean_recall": 0.75}, "failure": None},
        {"settings": {"focal": {"gamma": 9.0}}, "scores": None, "failure": "It diverged."},
    ],
}
RECORD = {
    "variant": "baseline",
    "seed": 3,
    "parameters": {f"block_{n}": {"rate": n} for n in range(150)},
}
N_EPOCHS = 700
HISTORY = pd.DataFrame(
    {
        "epoch": range(1, N_EPOCHS + 1),
        "loss": [1 / epoch for epoch in range(1, N_EPOCHS + 1)],
        "seconds": 2.0,
        "is_kept": [epoch == N_EPOCHS for epoch in range(1, N_EPOCHS + 1)],
        "variant": "baseline",
    }
)


def context(folder: Path, *, asked: bool, uri: str | None = None) -> Any:
    (folder / "conf" / "base").mkdir(parents=True)
    uri = uri or f"sqlite:///{folder / 'mlflow.db'}"
    (folder / "conf/base/mlflow.yml").write_text(f"server:\n  mlflow_tracking_uri: {uri}\n")
    loader = OmegaConfigLoader(str(folder / "conf"), base_env="base", default_run_env="base")
    return SimpleNamespace(
        params={"mlflow": asked},
        config_loader=loader,
        project_path=folder,
        _package_name="fer_fairness",
        _get_config_credentials=dict,
    )


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    catalog = DataCatalog(
        {
            "baseline.model": TextDataset(filepath=str(tmp_path / "model.keras")),
            "baseline.training_record": JSONDataset(filepath=str(tmp_path / "record.json")),
            "baseline.history": ParquetDataset(filepath=str(tmp_path / "history.parquet")),
            "report": TextDataset(filepath=str(tmp_path / "report.html")),
            "focal.trials": JSONDataset(filepath=str(tmp_path / "trials.json")),
        }
    )
    catalog.save("baseline.model", "weights")
    catalog.save("baseline.training_record", RECORD)
    catalog.save("baseline.history", HISTORY)
    catalog.save("report", "<p>Report</p>")
    catalog.save("focal.trials", CHOICE)
    return catalog


def save_all(hooks: TrackingHooks) -> None:
    for name in reversed(TRAIN.outputs):  # as it may be under --async
        hooks.after_dataset_saved(name, TRAIN)
    hooks.after_dataset_saved("report", REPORT)


def runs_in(folder: Path) -> "tuple[MlflowClient, dict[str, Run]]":
    """The client of the database of a folder, and the runs of the project by their names."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("fer_fairness")
    assert experiment is not None
    return client, {
        str(run.info.run_name): run for run in client.search_runs([experiment.experiment_id])
    }


def test_what_nobody_asked_for_needs_no_library(
    tmp_path: Path, catalog: DataCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: pytest.fail("looked for a library"))
    hooks = TrackingHooks()
    hooks.after_context_created(context(tmp_path, asked=False))
    hooks.before_pipeline_run(RUN_PARAMS, PIPELINE, catalog)
    save_all(hooks)
    hooks.after_pipeline_run(RUN_PARAMS, PIPELINE, catalog)
    assert not (tmp_path / "mlflow.db").exists()


def test_asked_for_and_not_installed_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"parameter mlflow .*fer-fairness\[mlflow\]"):
        TrackingHooks().after_context_created(context(tmp_path, asked=True))


def test_the_hooks_of_the_plugin_itself_are_off(kedro_project: Path) -> None:
    pytest.importorskip("kedro_mlflow")
    session = KedroSession.create(project_path=kedro_project, env="base")
    modules = {type(plugin).__module__ for plugin in session._hook_manager.get_plugins()}
    assert "fer_fairness.hooks.tracking" in modules
    assert not any(name.startswith("kedro_mlflow") for name in modules)


def test_a_training_is_a_nested_run_with_parameters_curves_and_files(
    tmp_path: Path,
    catalog: DataCatalog,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pytest.importorskip("kedro_mlflow")
    monkeypatch.chdir(tmp_path)  # artifacts lie beside the database
    hooks = TrackingHooks()
    hooks.after_context_created(context(tmp_path, asked=True))
    hooks.before_pipeline_run(RUN_PARAMS, PIPELINE, catalog)
    save_all(hooks)
    hooks.after_pipeline_run(RUN_PARAMS, PIPELINE, catalog)

    client, runs = runs_in(tmp_path)
    assert runs.keys() == {"baseline", "baseline_seed_3"}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    whole, training = runs["baseline"].info.run_id, runs["baseline_seed_3"]
    assert training.data.tags["mlflow.parentRunId"] == whole
    assert training.info.end_time - training.info.start_time >= 2000 * N_EPOCHS
    assert training.data.params["block_149.rate"] == "149"
    assert training.data.params["seed"] == "3"
    curve = client.get_metric_history(training.info.run_id, "loss")
    assert {point.step: point.value for point in curve} == dict(
        zip(HISTORY["epoch"], HISTORY["loss"], strict=True)
    )
    artifacts = {file.path for file in client.list_artifacts(training.info.run_id)}
    assert artifacts == {"model.keras", "record.json"}
    assert [file.path for file in client.list_artifacts(whole)] == ["report.html"]
    kept = client.download_artifacts(training.info.run_id, "record.json", str(tmp_path))
    assert json.loads(Path(kept).read_text()) == RECORD

    with caplog.at_level(logging.WARNING, logger="fer_fairness.hooks"):  # a lost place of artifacts
        (tmp_path / "report.html").unlink()
        hooks.before_pipeline_run(RUN_PARAMS, PIPELINE, catalog)
        hooks.after_dataset_saved("report", REPORT)
        hooks.on_pipeline_error(ValueError("of a node"), RUN_PARAMS, PIPELINE, catalog)
    assert "MLflow was not told of report" in caplog.text
    experiment = training.info.experiment_id
    statuses = [run.info.status for run in client.search_runs([experiment])]
    assert sorted(statuses) == ["FAILED", "FINISHED", "FINISHED"]


def test_trials_are_nested_runs_with_what_they_changed_and_scored_and_so_is_what_workers_trained(
    tmp_path: Path, catalog: DataCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("kedro_mlflow")
    monkeypatch.chdir(tmp_path)
    hooks = TrackingHooks()
    hooks.after_context_created(context(tmp_path, asked=True))
    hooks.before_pipeline_run(RUN_PARAMS, PIPELINE, catalog)
    for node in (TRAIN, TUNE, REPORT):
        hooks.after_node_run_elsewhere(node)
    hooks.after_pipeline_run(RUN_PARAMS, PIPELINE, catalog)

    client, runs = runs_in(tmp_path)
    whole = runs.pop("baseline").info.run_id
    assert [file.path for file in client.list_artifacts(whole)] == ["report.html"]
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {whole}
    assert runs.pop("baseline_seed_3").data.metrics["loss"] == 1 / N_EPOCHS
    told = {
        name: (run.data.params, run.data.metrics, run.data.tags["chosen"])
        for name, run in runs.items()
    }
    assert told == {
        "focal_trial_0": ({}, {"mean_recall": 0.5}, "False"),
        "focal_trial_1": ({"focal.gamma": "2.0"}, {"mean_recall": 0.75}, "True"),
        "focal_trial_2": ({"focal.gamma": "9.0"}, {}, "False"),
    }
    assert runs["focal_trial_2"].data.tags["failure"] == "It diverged."


def test_a_place_that_cannot_be_used_is_told_before_anything_runs(tmp_path: Path) -> None:
    pytest.importorskip("kedro_mlflow")
    with pytest.raises(InvalidInputError, match=r"mlflow\.yml.*run without the parameter mlflow"):
        TrackingHooks().after_context_created(
            context(tmp_path, asked=True, uri="no_such_scheme://somewhere")
        )
