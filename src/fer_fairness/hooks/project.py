"""Before a run its parameters and inputs are looked at and it is recorded; its end is told."""

import logging
from typing import Any, Final

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline
from kedro.validation.exceptions import ParameterValidationError

from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.hooks.errors import purposeful_cause, stop
from fer_fairness.hooks.inputs import missing_inputs, unknown_parameters
from fer_fairness.hooks.manifest import run_manifest

logger = logging.getLogger(__name__)

MANIFEST_DATASET: Final = "run_manifest"
REPORT_DATASET: Final = "report"


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
        """Refuse what cannot end well; save what ran, with what, as `run_manifest`.

        Raises:
            InvalidInputError: A parameter is read by no pipeline, such as a misspelt one; or one
                that is read is not set.
            DatasetNotFoundError: Data that the run reads are not there; with all of them.
        """
        unknown = unknown_parameters(catalog.load("parameters"))
        if unknown:
            stop(
                InvalidInputError(
                    f"No pipeline reads the parameters {', '.join(unknown)}. Look for a misspelt "
                    "name in conf and in --params; conf/base has the right ones."
                )
            )
        unset = sorted(
            name for name in pipeline.inputs() if is_parameter(name) and name not in catalog
        )
        if unset:
            stop(
                InvalidInputError(
                    f"This run reads {', '.join(unset)}, which no file of conf sets: add the block "
                    "to conf/base, as those beside it, or give it with --params."
                )
            )
        manifests = {name for name in pipeline.inputs() if _last_part(name) == MANIFEST_DATASET}
        # Of the nodes whose outputs are there Kedro runs none, and their inputs may be gone.
        if not run_params.get("only_missing_outputs"):
            missing = missing_inputs(pipeline.inputs() - manifests, catalog)
            if missing:
                stop(DatasetNotFoundError(f"This run reads what is not there.\n{missing}"))
        for name in sorted(manifests):
            catalog.save(name, run_manifest(run_params, catalog.load("parameters")))

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Say where the report is."""
        for name in sorted(pipeline.outputs()):
            if _last_part(name) == REPORT_DATASET:
                logger.info("Report: %s", catalog[name].filepath)

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Show an error that was raised on purpose as its message alone, without a traceback.

        Only on the command line: elsewhere the same exception is raised with its traceback.
        """
        expected = purposeful_cause(error)
        if expected is not None:
            stop(expected)


def _last_part(dataset: str) -> str:
    """`run_manifest` of `audit.run_manifest`."""
    return dataset.rpartition(".")[2]
