"""What the project adds to Kedro's life cycle: a manifest of every run, errors that read as one."""

import logging
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline import Node, Pipeline
from kedro.validation.exceptions import ParameterValidationError

from fer_fairness.errors import FerFairnessError, InvalidInputError

logger = logging.getLogger(__name__)

MANIFEST_DATASET: Final = "run_manifest"
REPORT_DATASET: Final = "report"
_READ_BY_NO_NODE: Final = ("data_root", "seeds", "training_seed_of")
"""The catalog reads the first; the structure of the pipelines follows from the others."""
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
    def after_context_created(self, context: KedroContext) -> None:
        """Show a parameter that its model refuses as one plain error."""
        try:
            _ = context.params
        except ParameterValidationError as error:
            stop(InvalidInputError(str(error)))

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Refuse parameters that nothing reads; save what ran, with what, as `run_manifest`.

        Raises:
            InvalidInputError: A parameter is read by no pipeline, such as a misspelt one.
        """
        unknown = unknown_parameters(catalog.load("parameters"))
        if unknown:
            stop(
                InvalidInputError(
                    f"No pipeline reads the parameters {', '.join(unknown)}. Look for a misspelt "
                    "name in conf and in --params; conf/base has the right ones."
                )
            )
        for name in sorted(pipeline.inputs()):
            if _last_part(name) == MANIFEST_DATASET:
                catalog.save(name, run_manifest(run_params))

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Say what comes next in one short line; Kedro's own lists every dataset."""
        logger.info("Running %s", node.name)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Say where the report is."""
        for name in sorted(pipeline.outputs()):
            if _last_part(name) == REPORT_DATASET:
                logger.info("Report: %s", Path(str(catalog[name].filepath)))

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Show an error that was raised on purpose as its message alone, without a traceback.

        Only on the command line: elsewhere the same exception is raised with its traceback.
        """
        expected = _purposeful_cause(error)
        if expected is not None:
            stop(expected)


def _last_part(dataset: str) -> str:
    """`run_manifest` of `audit.run_manifest`."""
    return dataset.rpartition(".")[2]


def unknown_parameters(parameters: Mapping[str, Any]) -> list[str]:
    """Parameters that no node of any pipeline takes, by their dotted names.

    Inside a block that a node takes as a pydantic model, the model itself refuses unknown keys.
    """
    prefix = "params:"
    taken = set(_READ_BY_NO_NODE)
    taken |= {
        name.removeprefix(prefix)
        for pipeline in pipelines.values()
        for name in pipeline.inputs()
        if name.startswith(prefix)
    }
    return list(_unknown_parameters(parameters, taken, ()))


def _unknown_parameters(
    parameters: Mapping[str, Any], taken: set[str], above: tuple[str, ...]
) -> Iterator[str]:
    for key, value in parameters.items():
        name = ".".join((*above, key))
        if name in taken:
            continue
        if isinstance(value, Mapping) and any(other.startswith(f"{name}.") for other in taken):
            yield from _unknown_parameters(value, taken, (*above, key))
        else:
            yield name


def stop(error: Exception) -> NoReturn:
    """Raise `error`: on the command line as its message alone, elsewhere as it is."""
    if click.get_current_context(silent=True) is None:
        raise error
    raise click.ClickException(str(error)) from error


def run_manifest(run_params: dict[str, Any]) -> dict[str, Any]:
    """What is needed to tell how a result came about.

    Args:
        run_params: What Kedro hands to `before_pipeline_run`.

    Returns:
        JSON-able: start time (UTC), command line, environment, runtime parameters, the commit and
        whether the working tree had changes, the machine and the versions of the main libraries.
    """
    changes = _git(run_params, "status", "--porcelain")
    return {
        "started_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "environment": run_params.get("env") or "base",
        "pipelines": run_params.get("pipeline_names"),
        "runtime_parameters": run_params.get("runtime_params") or {},
        "commit": _git(run_params, "rev-parse", "HEAD"),
        "uncommitted_changes": None if changes is None else bool(changes),
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
