"""Every runner of Kedro runs the pipelines, with the same numbers and a line for each node."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import dask
import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster
from kedro.framework.session import KedroSession
from kedro.runner import AbstractRunner, SequentialRunner, ThreadRunner

from fer_fairness.mirror import Mirror
from fer_fairness.reporting import read_results
from fer_fairness.runners import DaskRunner

pytestmark = pytest.mark.slow

QUICK = {"n_bootstrap": 100, "n_permutations": 100, "n_power": 50}


@pytest.fixture(scope="module")
def predictions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 200 people, three in four recognised."""
    rng = np.random.default_rng(0)
    true = rng.choice(["anger", "happiness"], 200)
    found = np.where(rng.random(200) < 0.75, true, "anger")
    table = pd.DataFrame({"label": true, "prediction": found, "race": rng.choice(["a", "b"], 200)})
    path = tmp_path_factory.mktemp("predictions") / "predictions.csv"
    table.to_csv(path, index=False)
    return path


def tables_in(data: Path) -> dict[str, str]:
    """The SHA-256 of each table of an audit."""
    (path,) = (data / "08_reporting/audit").glob("predictions-????????/audit.json")
    return {name: table.sha256 for name, table in read_results(path).tables.items()}


def run_here(root: Path, predictions: Path, data: Path, runner: AbstractRunner) -> dict[str, str]:
    """The tables of an audit within this process."""
    audit = {"predictions": str(predictions), "inference": QUICK}
    runtime = {"data_root": str(data), "audit": audit}
    session = KedroSession.create(project_path=root, runtime_params=runtime)
    session.run(pipeline_names=["audit"], runner=runner)
    return tables_in(data)


@pytest.fixture(scope="module")
def sequential(
    kedro_project: Path, predictions: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    return run_here(kedro_project, predictions, tmp_path_factory.mktemp("data"), SequentialRunner())


def test_nodes_in_threads_give_the_same_numbers(
    sequential: dict[str, str], predictions: Path, kedro_project: Path, tmp_path: Path
) -> None:
    assert run_here(kedro_project, predictions, tmp_path, ThreadRunner()) == sequential


def test_nodes_on_a_dask_cluster_give_the_same_numbers_and_are_recorded(
    sequential: dict[str, str], predictions: Path, kedro_project: Path, tmp_path: Path
) -> None:
    with (
        LocalCluster(n_workers=2, dashboard_address="127.0.0.1:0", silence_logs=50) as processes,
        dask.config.set({"scheduler-address": processes.scheduler_address}),
    ):
        assert run_here(kedro_project, predictions, tmp_path, DaskRunner()) == sequential
    assert len(list(tmp_path.glob(".provenance/nodes/*"))) == 7


def test_nodes_in_processes_give_the_same_numbers_and_a_plain_line_each(
    sequential: dict[str, str], predictions: Path, project_root: Path, tmp_path: Path
) -> None:
    inference = ",".join(f"audit.inference.{name}={value}" for name, value in QUICK.items())
    done = subprocess.run(
        [
            *(sys.executable, "-m", "kedro", "run", "--pipelines=audit", "--runner=ParallelRunner"),
            f"--params=data_root={tmp_path},audit.predictions={predictions},{inference}",
        ],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert tables_in(tmp_path) == sequential
    told = done.stdout
    numbers = re.findall(r"^\[(\d)/7\] audit\.\w+ +[\d.]+ s$", told, re.MULTILINE)
    assert sorted(numbers) == list("1234567")
    assert "\x1b" not in told
    assert "\r" not in told
    assert len(told.splitlines()) < 7 + 6


def test_a_data_root_in_s3_has_the_same_numbers_on_any_machine(
    sequential: dict[str, str], predictions: Path, kedro_project: Path, bucket: str, tmp_path: Path
) -> None:
    audit = {"predictions": str(predictions), "inference": QUICK}
    address = f"s3://{bucket}/run"
    session = KedroSession.create(
        project_path=kedro_project, runtime_params={"data_root": address, "audit": audit}
    )
    try:
        session.run(pipeline_names=["audit"], runner=SequentialRunner())
    finally:
        shutil.rmtree(kedro_project / "data/mirror/s3" / bucket)
    Mirror(address, tmp_path, {}).fetch()
    assert tables_in(tmp_path) == sequential
    assert list((tmp_path / ".provenance/nodes").iterdir())
