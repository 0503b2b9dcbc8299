"""A run's manifest tells what its results came from."""

from pathlib import Path

from fer_fairness.hooks import run_manifest


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
