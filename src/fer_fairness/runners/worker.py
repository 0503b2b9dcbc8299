"""What Dask's workers do: they are made alike to the process that asks them, then run nodes."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from uuid import uuid4

from distributed import Future, Worker, WorkerPlugin, as_completed, get_worker, worker_client
from kedro.framework import project
from kedro.framework.hooks.manager import (
    _create_hook_manager,
    _register_hooks,
    _register_hooks_entry_points,
)
from kedro.runner import Task
from pluggy import PluginManager

from fer_fairness.errors import FerFairnessError
from fer_fairness.evaluation_sets import EVALUATION_SETS, EvaluationSet
from fer_fairness.hooks.errors import purposeful_cause
from fer_fairness.machine import THREADS_VARIABLES, computed_with
from fer_fairness.processes import calls
from fer_fairness.reached_code import code_sha256

FORWARDED_LOG: Final = "fer_fairness"
"""The logger whose lines of workers are shown where the run was started, too."""

NODE: Final = "node"
"""Dask's resource of a worker that runs one node at a time with all its threads."""

_PART: Final = "part_of_a_node"
"""What Dask's dashboard calls them."""

_CHUNKS_FIRST: Final = 1_000_000
"""Priority of parts of a node that has begun: above that of nodes that have not."""

computing = threading.Lock()
"""Held by what computes: never two trainings in one process, whatever threads Dask gives it."""


class ClusterError(FerFairnessError):
    """A Dask cluster cannot be reached, is not as the run needs it, or was lost."""


@dataclass(frozen=True)
class LikeTheRun(WorkerPlugin):  # type: ignore[misc]  # of a library without types
    """Makes each worker, also one that comes later, like the process that started the run.

    It has the same working folder, project, described datasets and levels of logs, and computes
    with as many threads as Dask gave it. What nodes log is in Dask's page of the worker.

    Attributes:
        folder: The working folder, which relative paths are seen from.
        package: The package of the Kedro project.
        log: Configuration of logging.
        described: Datasets that parameters describe.
        computed_with: `computed_with` of the run.
    """

    folder: Path = field(default_factory=Path.cwd)
    package: str = field(default_factory=lambda: str(project.PACKAGE_NAME))
    log: Mapping[str, Any] = field(default_factory=lambda: dict(project.LOGGING))
    described: tuple[EvaluationSet, ...] = field(default_factory=lambda: EVALUATION_SETS.described)
    computed_with: Mapping[str, Any] = field(default_factory=computed_with)

    def setup(self, worker: Worker) -> None:
        """What Dask calls on every worker.

        Raises:
            ClusterError: The worker lacks the folder, or has other versions of what computes.
        """
        self._refuse_other(worker.address)
        os.chdir(self.folder)
        os.environ.update(dict.fromkeys(THREADS_VARIABLES, str(worker.state.nthreads)))
        EVALUATION_SETS.describe(self.described)
        project.configure_project(self.package)
        self._configure_logs()

    def _refuse_other(self, address: str) -> None:
        if not self.folder.is_dir():
            raise ClusterError(
                f"The Dask worker at {address} has no folder {self.folder}: data root and project "
                "must be mounted there under the same path. Mount them, or start the run from a "
                "folder that all machines share."
            )
        here, there = _versions(self.computed_with), _versions(computed_with())
        others = [
            f"{name} {there[name]}, here {here[name]}" for name in here if here[name] != there[name]
        ]
        if others:
            raise ClusterError(
                f"The Dask worker at {address} has other versions than this process: "
                f"{'; '.join(others)}. Install the same on both (requirements.txt) and start the "
                "worker again."
            )

    def _configure_logs(self) -> None:
        """The run's levels; lines go to Dask's page of the worker and to the run's console."""
        quiet = {
            # The run itself tells of nodes that are done, with their number.
            "fer_fairness.hooks.run_log": {"level": "ERROR"},
            # It keeps statistics of the datasets of whole runs.
            "kedro_viz": {"level": "CRITICAL"},
        }
        loggers = {**self.log.get("loggers", {}), **quiet}
        project.configure_logging({**self.log, "loggers": loggers, "root": {"handlers": []}})
        of_dask = logging.getLogger("distributed.worker")
        for handler in of_dask.handlers:
            logging.getLogger(FORWARDED_LOG).addHandler(handler)
        of_dask.setLevel(logging.CRITICAL)  # a node that fails is told once, where the run is
        logging.getLogger("distributed.worker.memory").setLevel(logging.WARNING)


@cache
def _hooks() -> PluginManager:
    """Hooks of the project and of Kedro's plugins, as ParallelRunner's workers have them."""
    manager = _create_hook_manager()
    _register_hooks(manager, project.settings.HOOKS)
    _register_hooks_entry_points(manager, project.settings.DISABLE_HOOKS_FOR_PLUGINS)
    return manager


def _versions(computed: Mapping[str, Any]) -> dict[str, str | None]:
    return {"python": computed["python"], **computed["versions"]}


def calls_on_workers(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Call a function for each item on all workers, for a node, which waits meanwhile.

    A worker has two calls at a time and the scheduler no more than these, so that neither holds
    what grows with the items. What a worker that dies had begun another does again.

    Args:
        function: Of one item.
        items: Drawn as workers are ready for them.

    Returns:
        What the function gives, in the order in which it is done.
    """
    waiting = iter(items)
    computing.release()
    try:
        with worker_client() as client:
            there = client.scatter(function, hash=False)  # not once for each item: it may hold data

            def submitted(n: int) -> Iterator[Future]:
                for item in islice(waiting, n):
                    # Each a group of its own: of larger groups Dask holds calls back until a worker
                    # has fewer tasks, and nodes that wait for the room of this one are tasks too.
                    key = (f"{_PART}-{uuid4().hex}", 0)
                    yield client.submit(_call, there, item, key=key, priority=_CHUNKS_FIRST)

            done = as_completed(submitted(2 * len(client.nthreads())), loop=client.loop)
            for future in done:
                done.update(list(submitted(1)))
                yield future.result()
    finally:
        computing.acquire()


def _call(function: Callable[[Any], Any], item: Any) -> Any:  # noqa: ANN401  of any function
    with computing:
        return function(item)


def run_node(task: Task, code: str) -> float:
    """Run a node on this worker, with the hooks of the project.

    Args:
        task: Kedro's, for a process of its own.
        code: `code_sha256` of the node's function where the run was started.

    Returns:
        How long it took, in seconds.

    Raises:
        ClusterError: The code here is another.
        Exception: What the node raised; where it can be told plainly, as that alone.
    """
    if code_sha256(task.node.func) != code:
        raise ClusterError(
            f"The Dask worker at {get_worker().address} has other code of {task.node.name} than "
            "this process, or it was edited since the worker started. Bring both to the same "
            "commit and start the worker again."
        )
    with computing:
        started = perf_counter()
        try:
            task.hook_manager = _hooks()
            calls.set(calls_on_workers)
            task.execute()
        except Exception as error:
            plain = purposeful_cause(error)
            if plain is None:
                raise
            raise plain from None
        return perf_counter() - started
