"""Before a run what may be taken over is decided; after a node what made it is recorded."""

import logging
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from fer_fairness.errors import DatasetNotFoundError
from fer_fairness.hooks.errors import purposeful_cause, stop
from fer_fairness.hooks.inputs import command_options, missing_inputs, needed_inputs
from fer_fairness.hooks.manifest import run_manifest
from fer_fairness.provenance import LOCK_FILE, DataRootLock, Freshness, take_over
from fer_fairness.reporting.passed_on import passed_on_command

logger = logging.getLogger(__name__)

MANIFEST_DATASET = "run_manifest"
_OWN_FOLDERS = ("audit", "compare")
"""Pipelines of which each run has the folder of its report to itself."""


class ProvenanceHooks:
    """Refuses what no longer fits, runs what is stale, records what was made.

    Under ParallelRunner a forked worker records what it ran; what spawned ones ran is recorded
    when the run has ended. What other machines ran is recorded here, as each node is done.
    """

    def __init__(self) -> None:
        self._lock = DataRootLock()
        self._parameters: Mapping[str, Any] = {}
        self._freshness: Freshness | None = None
        self._running = Pipeline([])
        self._own_folder: Path | None = None
        self._run_id = ""
        self._unsaved: dict[str, set[str]] = {}

    @property
    def n_running(self) -> int:
        """How many nodes are to run."""
        return len(self._running.nodes)

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the parameters as all pipelines validate them: a run alone validates its own."""
        self._parameters = context.params

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Lock the data root, decide what runs, see that its inputs are there, write a manifest.

        Raises:
            DataRootBusyError: Another run writes there.
            StaleResultsError: What the run reads no longer fits.
            DatasetNotFoundError: Data that it reads are not there; with all of them.
        """
        try:
            self._prepare(run_params, pipeline, catalog)
        except BaseException as error:
            self._give_up()
            expected = purposeful_cause(error)
            if expected is not None:
                stop(expected)
            raise

    def _prepare(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        data_root = Path(run_params["project_path"]) / str(self._parameters["data_root"])
        command = passed_on_command(["kedro", *sys.argv[1:]])
        self._own_folder, own_folder = None, _own_folder(pipeline, catalog)
        self._lock.acquire(data_root, own_folder, command)
        self._own_folder = own_folder
        if "parameters" in catalog:  # a report names the same ones, whatever runs beside it
            catalog.save("parameters", self._parameters)
        only_missing = bool(run_params.get("only_missing_outputs"))
        manifests = {name for name in pipeline.inputs() if _last_part(name) == MANIFEST_DATASET}
        options = command_options(run_params)
        if not only_missing:
            _refuse_missing(needed_inputs(pipeline) - manifests, catalog, options)
        self._freshness = Freshness(catalog, self._parameters, data_root)
        whole = pipelines["__default__"] + pipeline
        found = take_over(
            pipeline,
            whole,
            self._freshness,
            only_missing=only_missing,
            pipelines=dict(pipelines),
            options=options,
        )
        logger.info(found.line())
        running = pipeline.filter(node_names=found.runs) if found.runs else Pipeline([])
        if only_missing:
            _refuse_missing(needed_inputs(running) - manifests, catalog, options)
            _forget(catalog, running.all_outputs())
        taken_over = [node for node in whole.nodes if node.name in found.taken_over]
        for name in sorted(manifests & running.inputs()):
            runs = Counter(self._freshness.made_by(node) for node in taken_over)
            manifest = run_manifest(run_params, self._parameters)
            catalog.save(name, manifest | {"taken_over": dict(sorted(runs.items()))})
        self._run_id = str(run_params.get("run_id"))
        self._running = running
        self._freshness.begin(running)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Its outputs are about to be saved."""
        self._unsaved[node.name] = set(node.outputs)

    @hook_impl(tryfirst=True)  # a line in the log says that a node is done
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """With the last of its outputs a node is recorded."""
        unsaved = self._unsaved[node.name]
        unsaved.discard(dataset_name)
        if not unsaved:
            self._record(node)

    @hook_impl(tryfirst=True)
    def after_node_run_elsewhere(self, node: Node) -> None:
        """A node that another machine ran is recorded."""
        self._record(node)

    def _record(self, node: Node) -> None:
        if self._freshness is not None:
            self._freshness.commit(node, self._run_id)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Record what workers ran that could not, and let others write."""
        if self._freshness is not None:
            for node in self._running.nodes:
                record = self._freshness.record(node)
                if record is None or record.run_id != self._run_id:
                    self._freshness.commit(node, self._run_id)
        self._lock.release()

    @hook_impl(tryfirst=True)  # another hook may end the run
    def on_pipeline_error(self) -> None:
        """Let others write."""
        self._give_up()

    def _give_up(self) -> None:
        """Leave no folder of an audit that made nothing, while nobody else can write to it."""
        if self._own_folder is not None:
            _remove_if_empty(self._own_folder)
        self._lock.release()


def _refuse_missing(names: set[str], catalog: CatalogProtocol[Any, Any], options: str) -> None:
    missing = missing_inputs(names, catalog, options)
    if missing:
        raise DatasetNotFoundError(f"This run reads what is not there.\n{missing}")


def _own_folder(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> Path | None:
    """The folder of an audit or a comparison, all that it writes to; None of any other run."""
    namespaces = {name.partition(".")[0] for name in pipeline.all_outputs()}
    if len(namespaces) != 1 or not namespaces <= set(_OWN_FOLDERS):
        return None
    return Path(catalog.get(f"{namespaces.pop()}.report").filepath).parent  # type: ignore[union-attr]


def _remove_if_empty(folder: Path) -> None:
    """Remove the folder of an audit that ended before it made anything."""
    files = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if files and files <= {f"{MANIFEST_DATASET}.json", LOCK_FILE}:
        shutil.rmtree(folder, ignore_errors=True)


class _NotToBeFound:
    """A catalog's `exists` to which some datasets are not there: Kedro asks it what to run."""

    def __init__(self, exists: Callable[[str], bool], names: set[str]) -> None:
        self._exists = exists
        self._names = names

    def __call__(self, name: str) -> bool:
        return name not in self._names and self._exists(name)


def _forget(catalog: CatalogProtocol[Any, Any], names: set[str]) -> None:
    """Have Kedro make datasets anew: `--only-missing-outputs` asks the catalog what exists.

    ParallelRunner brings a catalog of its own class, so this one is changed, not replaced.
    """
    vars(catalog)["exists"] = _NotToBeFound(catalog.exists, names)


def _last_part(dataset: str) -> str:
    """`run_manifest` of `audit.run_manifest`."""
    return dataset.rpartition(".")[2]
