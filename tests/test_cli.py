"""`kedro state` tells what of a data root is fresh, stale or missing."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PREDICTIONS = "true,predicted,gender\n" + "anger,anger,male\nfear,anger,female\n" * 40


def kedro(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_state_of_an_audit_and_what_changes_it(project_root: Path, tmp_path: Path) -> None:
    file = tmp_path / "predictions.csv"
    file.write_text(PREDICTIONS)
    params = f"--params=data_root={tmp_path / 'data'},audit.predictions={file}"
    state = ("state", "--pipelines=audit", params)
    assert "6 missing" in kedro(project_root, *state)
    kedro(project_root, "run", "--pipelines=audit", params)
    assert kedro(project_root, *state).split()[-2:] == ["6", "fresh"]
    (folder,) = (tmp_path / "data/08_reporting/audit").iterdir()
    (folder / "gaps.parquet").write_bytes((folder / "groups.parquet").read_bytes())
    told = kedro(project_root, *state)
    assert "4 fresh, 1 stale, 1 that follow from these" in told
    assert "stale: audit.evaluate: audit.table_gaps is not what this node wrote" in told
    (folder / "audit.html").unlink()
    assert "missing: audit.write has not made audit.report" in kedro(project_root, *state)
    assert "recorded as that of 0 nodes" in kedro(project_root, *state, "--accept-code")
