"""The audit of a prediction file as Kedro runs it: parameters, files, output, errors."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.framework.session import KedroSession

from fer_fairness.auditing.report import AUDIT_COLUMNS
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import AuditParameters
from fer_fairness.reporting import read_table
from fer_fairness.taxonomy import probability_column

pytestmark = pytest.mark.slow

CLASSES = ("anger", "fear", "happiness", "sadness")
QUICK: dict[str, Any] = {
    "n_scan_permutations": 99,
    "inference": {"n_bootstrap": 100, "n_permutations": 100, "n_power": 50},
}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """300 people of whom the model recognises those of race `black` less often."""
    rng = np.random.default_rng(3)
    true = rng.integers(len(CLASSES), size=300)
    race = rng.choice(["asian", "black", "white"], 300)
    scores = rng.dirichlet(np.ones(len(CLASSES)), 300)
    recognised = rng.random(300) < np.where(race == "black", 0.3, 0.8)
    scores[recognised, true[recognised]] += 2
    scores /= scores.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "y_true": np.array(CLASSES)[true],
            "y_pred": np.array(CLASSES)[scores.argmax(axis=1)],
            "gender": rng.choice(["female", "male"], 300),
            "race": race,
            **{probability_column(name): scores[:, i] for i, name in enumerate(CLASSES)},
        }
    )


def run_audit(root: Path, data: Path, **audit: Any) -> Path:
    """Run the pipeline within this process; gives the folder of the report."""
    runtime = {"data_root": str(data), "audit": QUICK | audit}
    session = KedroSession.create(project_path=root, runtime_params=runtime)
    session.run(pipeline_names=["audit"])
    return folder_of_audit(data)


def folder_of_audit(data: Path) -> Path:
    """The only one that there is."""
    (folder,) = (data / "08_reporting/audit").iterdir()
    return folder


def kedro(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Kedro's command in a folder of the project, as wide as no line needs to be broken."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )


def results_in(reports: Path) -> dict[str, Any]:
    """The results file, refusing what JSON does not know, such as NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = (reports / "audit.json").read_text()
    results: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return results


def test_a_file_becomes_report_results_and_table(
    kedro_project: Path, people: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "theirs.csv"
    people.to_csv(path, index=False)
    reports = run_audit(kedro_project, tmp_path / "data", predictions=str(path))
    table = pd.read_parquet(reports / "audit.parquet")
    assert list(table.columns) == list(AUDIT_COLUMNS)
    assert set(table["attribute"]) == {"gender", "race", "gender x race"}
    assert "calibration_error_gap" in set(table["metric"])
    results = results_in(reports)
    assert results["tables"]["gaps"]["n_rows"] == len(table)
    overall = read_table(reports / "audit.json", "overall").set_index("metric")
    assert overall.loc["accuracy", "value"] == pytest.approx(
        (people["y_true"] == people["y_pred"]).mean()
    )
    page = (reports / "audit.html").read_text()
    assert "theirs.csv" in page
    assert results["manifest"]["reading"]["sha256"] in page
    assert not re.search(r'(src|href)="https?:', page)
    assert results["manifest"]["pipelines"] == ["audit"]
    assert (reports / "run_manifest.json").exists()
    assert not (tmp_path / "data/08_reporting/run_manifest.json").exists()


def test_nothing_that_is_passed_on_names_folders_user_or_host(
    kedro_project: Path, people: pd.DataFrame, tmp_path: Path
) -> None:
    secret = tmp_path / "secret_folder_name"
    secret.mkdir()
    path = secret / "theirs.csv"
    people.to_csv(path, index=False)
    run_audit(kedro_project, secret / "data", predictions=str(path))
    hidden = [b"secret_folder_name", tmp_path.name.encode()]
    if len(platform.node()) >= 8:  # shorter ones stand in binary files by chance
        hidden.append(platform.node().encode())
    outputs = [file for file in (secret / "data").rglob("*") if file.is_file()]
    assert len(outputs) > 10
    for file in outputs:
        content = file.read_bytes()
        assert not [name for name in hidden if name in content], file
    assert b"theirs.csv" in (folder_of_audit(secret / "data") / "audit.html").read_bytes()


def test_a_manifest_has_paths_where_they_are_asked_for(
    kedro_project: Path, people: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "theirs.csv"
    people.to_csv(path, index=False)
    data = tmp_path / "data"
    runtime = {
        "data_root": str(data),
        "audit": QUICK | {"predictions": str(path)},
        "manifest": {"include_paths": True},
    }
    session = KedroSession.create(project_path=kedro_project, runtime_params=runtime)
    session.run(pipeline_names=["audit"])
    reports = folder_of_audit(data)
    manifest = json.loads((reports / "run_manifest.json").read_text())
    assert manifest["runtime_parameters"]["audit"]["predictions"] == str(path)
    assert str(tmp_path) not in (reports / "audit.json").read_text()


@pytest.mark.parametrize("key", ["'true'", "true"])
def test_columns_can_be_named_in_a_configuration(
    key: str, project_root: Path, kedro_project: Path, people: pd.DataFrame, tmp_path: Path
) -> None:
    """Also where `true` is not quoted, which makes it no text but a bool."""
    path = tmp_path / "theirs.parquet"
    people.rename(columns={"y_true": "wanted", "race": "origin"}).to_parquet(path)
    shutil.copytree(project_root / "conf", tmp_path / "conf")
    (tmp_path / "conf/mine").mkdir()
    (tmp_path / "conf/mine/parameters.yml").write_text(
        f"audit:\n  predictions: {path}\n"
        f"  columns: {{{key}: wanted, attributes: [gender, origin]}}\n"
    )
    session = KedroSession.create(
        project_path=kedro_project,
        conf_source=str(tmp_path / "conf"),
        env="mine",
        runtime_params={"data_root": str(tmp_path / "data")},
    )
    session.run(pipeline_names=["audit"], node_names=["audit.read_prediction_file"])
    reading = json.loads((folder_of_audit(tmp_path / "data") / "reading.json").read_text())
    assert reading["columns"]["true"] == {"column": "wanted", "by": "given"}
    assert reading["columns"]["predicted"] == {"column": "y_pred", "by": "guessed"}
    assert reading["columns"]["attributes"] == {"columns": ["gender", "origin"], "by": "given"}


def test_runtime_parameters_join_the_block_instead_of_replacing_it(kedro_project: Path) -> None:
    given = {"predictions": "x.csv", "columns": {"true": "label"}, "inference": {"n_power": 60}}
    session = KedroSession.create(project_path=kedro_project, runtime_params={"audit": given})
    context = session.load_context()
    raw = context.config_loader["parameters"]["audit"]
    arrived = context.catalog.load("params:audit")
    assert isinstance(arrived, AuditParameters)
    assert raw["columns"].keys() >= {"true", "predicted", "attributes"}
    assert raw["inference"].keys() >= {"n_bootstrap", "minimum_group_size", "n_power"}
    assert (arrived.columns.true, arrived.inference.n_power) == ("label", 60)
    assert arrived.max_groups == raw["max_groups"]


def test_errors_within_python_keep_their_type(kedro_project: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there is no such file"):
        run_audit(kedro_project, tmp_path, predictions=str(tmp_path / "absent.csv"))


def test_command_line_takes_a_relative_path_with_spaces_and_prints_no_warning(
    project_root: Path, people: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "another folder" / "their predictions.csv"
    path.parent.mkdir()
    people.rename(columns={"y_true": "wanted"}).to_csv(path, index=False)
    done = kedro(
        project_root,
        "run",
        "--pipeline",
        "audit",
        f"--params=audit.predictions={os.path.relpath(path, project_root)},"
        "audit.columns.true=wanted,audit.inference.n_bootstrap=100,"
        f"audit.inference.n_permutations=100,data_root={tmp_path / 'data'}",
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert not re.search(r"warning|\berror\b|traceback|keras|tensorflow", printed, re.IGNORECASE)
    assert str(folder_of_audit(tmp_path / "data") / "audit.html") in printed
    manifest = results_in(folder_of_audit(tmp_path / "data"))["manifest"]
    assert manifest["reading"]["columns"]["true"] == {"column": "wanted", "by": "given"}
    assert manifest["parameters"]["inference"]["n_bootstrap"] == 100
    assert manifest["reading"]["file"] == path.name


@pytest.mark.parametrize(
    ("pipeline", "parameter", "said"),
    [
        ("audit", "audit.predictions=absent.csv", "absent.csv: there is no such file"),
        ("audit_model", "audit.model=absent.keras", "fer_plus.test_images"),
    ],
)
def test_what_is_absent_is_one_plain_error(
    pipeline: str, parameter: str, said: str, project_root: Path, tmp_path: Path
) -> None:
    done = kedro(
        project_root, "run", f"--pipelines={pipeline}", f"--params={parameter},data_root={tmp_path}"
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in printed
    assert said in done.stderr
    assert done.stderr.startswith("Error: ")
    assert "Repeat the previous command" not in printed  # Kedro's advice, which is not ours
    assert not list((tmp_path / "08_reporting").rglob("*.*")), "nothing of it is left"
