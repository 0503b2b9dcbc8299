"""Experiment tracking: a run of MLflow for a run of Kedro, in it one for a training and a trial."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from time import time
from typing import TYPE_CHECKING, Any, Final

import click
import pandas as pd
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DataCatalog
from kedro.pipeline import Node, Pipeline
from pydantic import ValidationError

from fer_fairness.errors import FerFairnessError, InvalidInputError
from fer_fairness.extras import require_extra
from fer_fairness.hooks.errors import stop

if TYPE_CHECKING:
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

logger = logging.getLogger(__name__)

_OF_A_TRAINING: Final = frozenset({"model", "history", "training_record"})
_REPORTS: Final = frozenset({"report", "results", "page"})
_TRIALS: Final = "trials"
# Most that MLflow takes at once.
_N_METRICS, _N_PARAMETERS = 1000, 100


class TrackingHooks:
    """Tells MLflow of trainings and reports, where the parameter `mlflow` is true.

    Elsewhere kedro-mlflow is neither imported by this hook nor asked: `settings` keeps Kedro from
    registering its hooks, and this one calls them once nothing speaks against a run. What they
    would record of every node is left out: the parameters of a training stand at its own run.
    """

    def __init__(self) -> None:
        self._plugin: MlflowHook | None = None
        self._catalog: CatalogProtocol[Any, Any] = DataCatalog()
        self._saved: dict[str, set[str]] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read `mlflow.yml`, where tracking is asked for or a command of kedro-mlflow runs.

        Raises:
            MissingExtraError: kedro-mlflow is not installed.
            InvalidInputError: `mlflow.yml` is none, or the place that it names cannot be used.
        """
        self._plugin = None
        if not (context.params.get("mlflow") or _is_command_of_plugin()):
            return
        try:
            require_extra("mlflow", needed_for="Tracking, which the parameter mlflow asks for,")
            with _plain_errors():
                from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

                plugin = MlflowHook()
                plugin.after_context_created(context)
        except FerFairnessError as error:
            stop(error)
        self._plugin = plugin

    @hook_impl(trylast=True)  # once nothing speaks against the run
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Begin a run of MLflow."""
        self._catalog = catalog
        if self._plugin is not None:
            try:
                with _plain_errors():
                    self._plugin.before_pipeline_run(run_params, pipeline, catalog)
            except FerFairnessError as error:
                stop(error)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """With the last of its outputs a node is told of."""
        saved = self._saved.setdefault(node.name, set())
        saved.add(dataset_name)
        if saved == set(node.outputs):
            del self._saved[node.name]
            self._tell(node)

    @hook_impl
    def after_node_run_elsewhere(self, node: Node) -> None:
        """What a worker of a cluster made is told of here: workers know of no run of MLflow."""
        self._tell(node)

    def _tell(self, node: Node) -> None:
        """Tell of a training, of trials, and of reports that a node saved."""
        if self._plugin is None:
            return
        parent = str(self._plugin.run_id)
        made = {name.rpartition(".")[2]: name for name in node.outputs}
        with _going_on(node.name):
            if made.keys() >= _OF_A_TRAINING:
                self._log_training(parent, node, made)
            for kind, name in made.items():
                if kind in _REPORTS:
                    self._keep(parent, name)
                elif kind.endswith(_TRIALS):
                    _log_trials(parent, node, name, self._catalog.load(name))

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """End the run of MLflow."""
        if self._plugin is not None:
            with _going_on("the end of the run"):
                self._plugin.after_pipeline_run(run_params, pipeline, catalog)

    @hook_impl(tryfirst=True)  # another hook may end the run
    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
    ) -> None:
        """Mark the run of MLflow as failed."""
        if self._plugin is not None:
            with _going_on("the end of the run"):
                self._plugin.on_pipeline_error(error, run_params, pipeline, catalog)

    def _log_training(self, parent: str, node: Node, made: Mapping[str, str]) -> None:
        """Log a nested run: parameters, metrics by epoch, the files of model and record."""
        from mlflow import MlflowClient

        history = self._catalog.load(made["history"])
        record = self._catalog.load(made["training_record"])
        client, end_ms = MlflowClient(), round(time() * 1000)
        started_ms = end_ms - round(history["seconds"].sum() * 1000)
        name = f"{record['variant']}_seed_{record['seed']}"
        with _nested_run(client, parent, node, name, started_ms) as run:
            for part in _parts(_parameters(record), _N_PARAMETERS):
                client.log_batch(run, params=part)
            for part in _parts(_metrics(history, end_ms), _N_METRICS):
                client.log_batch(run, metrics=part)
            for kind in ("model", "training_record"):
                self._keep(run, made[kind])

    def _keep(self, run: str, dataset: str) -> None:
        """Copy the file of a dataset to the artifacts of a run."""
        from mlflow import MlflowClient

        kept = self._catalog.get(dataset)
        if kept is not None:
            MlflowClient().log_artifact(run, kept.filepath)


def _log_trials(parent: str, node: Node, name: str, choice: Mapping[str, Any]) -> None:
    """Log each trial as a nested run: what it changed, and what it scored on validation faces."""
    from mlflow import MlflowClient

    client = MlflowClient()
    for number, trial in enumerate(choice["trials"]):
        run_name = f"{name.replace('.', '_').removesuffix('s')}_{number}"
        with _nested_run(client, parent, node, run_name) as run:
            client.set_tag(run, "chosen", number == choice["chosen"])
            client.log_batch(run, params=list(_flat(trial["settings"])))
            for score, value in (trial["scores"] or {}).items():
                client.log_metric(run, score, value)
            if trial["failure"]:
                client.set_tag(run, "failure", trial["failure"])


@contextmanager
def _nested_run(
    client: "MlflowClient", parent: str, node: Node, name: str, started_ms: int | None = None
) -> Iterator[str]:
    """A run within that of the run of Kedro; it is ended whatever happens."""
    from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

    run = client.create_run(
        client.get_run(parent).info.experiment_id,
        start_time=started_ms,
        tags={MLFLOW_PARENT_RUN_ID: parent, "kedro_node": node.name},
        run_name=name,
    ).info.run_id
    status = "FAILED"
    try:
        yield run
        status = "FINISHED"
    finally:
        client.set_terminated(run, status)


def _parts(entries: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """The entries in lists of at most `size`."""
    while part := list(islice(entries, size)):
        yield part


def _parameters(record: Mapping[str, Any]) -> Iterator["Param"]:
    """What the record of a training says, and every parameter of it."""
    told = {key: value for key, value in record.items() if key != "parameters"}
    yield from _flat({**record["parameters"], **told})


def _flat(settings: dict[str, Any]) -> Iterator["Param"]:
    """Nested settings by their dotted names."""
    from mlflow.entities import Param

    if settings:
        for name, value in pd.json_normalize(settings).iloc[0].items():
            yield Param(name, str(value))


def _metrics(history: pd.DataFrame, time_ms: int) -> Iterator["Metric"]:
    """Every number of a history, a step an epoch."""
    from mlflow.entities import Metric

    numbers = history.select_dtypes(["number", "bool"]).drop(columns="epoch").astype(float)
    for name in numbers:
        for epoch, value in zip(history["epoch"].tolist(), numbers[name].tolist(), strict=True):
            yield Metric(str(name), value, time_ms, epoch)


def _is_command_of_plugin() -> bool:
    """Whether `kedro mlflow ui` or another command of kedro-mlflow reads the configuration."""
    context = click.get_current_context(silent=True)
    return context is not None and "mlflow" in context.command_path.split()[:-1]


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Tell what is wrong with the configuration or place of MLflow in one sentence.

    Raises:
        InvalidInputError: With the remedy.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, ValidationError) as error:
        raise InvalidInputError(
            f"MLflow cannot be used as conf/base/mlflow.yml, or that of the environment, says "
            f"({_first_line(error)}). Mend it, make sure that its mlflow_tracking_uri is a "
            "database or a server that answers, or run without the parameter mlflow."
        ) from error


@contextmanager
def _going_on(what: str) -> Iterator[None]:
    """Let no lost tracking server end a training: it is warned of, and results are kept."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        logger.warning(
            "MLflow was not told of %s (%s). The run goes on, and what it makes is in the data "
            "root as ever.",
            *(what, _first_line(error)),
        )


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
