"""What the project adds to Kedro's life cycle: a manifest of every run, errors that read as one."""

import logging
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import click
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline import Node, Pipeline

from fer_fairness.errors import FerFairnessError

logger = logging.getLogger(__name__)

MANIFEST_DATASET: Final = "run_manifest"
REPORT_DATASET: Final = "report"
_RECORDED_PACKAGES: Final = (
    "fer-fairness",
    "kedro",
    "tensorflow",
    "keras",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "aif360",
)


class ProjectHooks:
    """Writes the run manifest before a run; ends a run with its report, or with a plain error."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Save what ran, with what, where the pipeline asks for it as `run_manifest`."""
        if MANIFEST_DATASET in pipeline.inputs():
            catalog.save(MANIFEST_DATASET, run_manifest(run_params))

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Say what comes next in one short line; Kedro's own lists every dataset."""
        logger.info("Running %s", node.name)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Say where the report is."""
        if REPORT_DATASET in pipeline.outputs():
            logger.info("Report: %s", Path(str(catalog[REPORT_DATASET].filepath)))

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Show an error that was raised on purpose as its message alone, without a traceback.

        Only on the command line: in a notebook or a test the exception itself arrives.
        """
        if click.get_current_context(silent=True) is None:
            return
        expected = _purposeful_cause(error)
        if expected is not None:
            raise click.ClickException(str(expected)) from error


def run_manifest(run_params: dict[str, Any]) -> dict[str, Any]:
    """What is needed to tell how a result came about.

    Args:
        run_params: What Kedro hands to `before_pipeline_run`.

    Returns:
        JSON-able: start time (UTC), command line, environment, runtime parameters, the commit and
        whether the working tree had changes, the machine and the versions of the main libraries.
    """
    return {
        "started_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "environment": run_params.get("env"),
        "pipelines": run_params.get("pipeline_names"),
        "runtime_parameters": run_params.get("runtime_params") or {},
        "commit": _git(run_params, "rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git(run_params, "status", "--porcelain")),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {name: _version(name) for name in _RECORDED_PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


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


def _purposeful_cause(error: BaseException | None) -> Exception | None:
    """The error behind `error` that was raised on purpose: the project's own, else a dataset's."""
    dataset_error = None
    while error is not None:
        if isinstance(error, FerFairnessError):
            return error
        if dataset_error is None and isinstance(error, DatasetError):
            dataset_error = error
        error = error.__cause__
    return dataset_error
