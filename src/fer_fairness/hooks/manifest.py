"""What is recorded of every run: when, with what, on which machine."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fer_fairness.machine import computed_with
from fer_fairness.reporting.passed_on import passed_on_command, passed_on_mapping


def run_manifest(
    run_params: dict[str, Any], parameters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What is needed to tell how a result came about.

    Args:
        run_params: What Kedro hands to `before_pipeline_run`.
        parameters: Those of the run: `manifest.include_paths` says whether folders of this machine
            are told; by default paths are cut to the names of files.

    Returns:
        JSON-able: start time (UTC), command line, environment, runtime parameters, the commit and
        whether the working tree had changes, the machine and the versions of the main libraries.
    """
    arguments = [Path(sys.argv[0]).name, *sys.argv[1:]]
    given = run_params.get("runtime_params") or {}
    include_paths = bool((parameters or {}).get("manifest", {}).get("include_paths"))
    changes = _git(run_params, "status", "--porcelain")
    return {
        "started_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "command": " ".join(arguments) if include_paths else passed_on_command(arguments),
        "environment": run_params.get("env") or "base",
        "pipelines": run_params.get("pipeline_names"),
        "runtime_parameters": given if include_paths else passed_on_mapping(given),
        "commit": _git(run_params, "rev-parse", "HEAD"),
        "uncommitted_changes": None if changes is None else bool(changes),
        **computed_with(),
    }


def _git(run_params: dict[str, Any], *arguments: str) -> str | None:
    """Output of a git command in the project, None where there is no git or no repository."""
    try:
        done = subprocess.run(  # noqa: S603  the arguments are this module's own
            ["git", *arguments],  # noqa: S607
            cwd=run_params.get("project_path"),
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
