"""Nodes of a pipeline on the workers of a Dask cluster, each as soon as its inputs are there."""

import logging
import uuid
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from distributed import CancelledError, Client, Future, KilledWorker, as_completed
from kedro.framework.hooks.manager import _NullPluginManager
from kedro.io import CatalogProtocol, DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.runner import AbstractRunner, Task

from fer_fairness.errors import InvalidInputError
from fer_fairness.reached_code import code_sha256
from fer_fairness.runners.cluster import cluster, resources_of_a_node
from fer_fairness.runners.worker import ClusterError, run_node

logger = logging.getLogger(__name__)


class DaskRunner(AbstractRunner):
    """Runs nodes on a Dask cluster: `kedro run --runner fer_fairness.runners.DaskRunner`.

    The scheduler is the one that Dask's own configuration names (DASK_SCHEDULER_ADDRESS), else
    processes of this machine are started (`docs/scaling.md`). What passes between nodes is read
    from and written to the catalog by the workers. This process decides which nodes are ready,
    and tells of and records those that are done; of ready ones those go first from which the most
    nodes follow one another. A node whose worker died is given to another; where one fails, no
    further ones begin, and those that run are waited for.
    """

    @property
    def _logger(self) -> logging.Logger:
        """Kedro's lines are told as those of its own runners."""
        return logging.getLogger("kedro.runner")

    def _get_executor(self, max_workers: int) -> None:  # noqa: ARG002  Kedro's own loop's
        return None

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: Any = None,  # noqa: ANN401  pluggy's, or Kedro's that does nothing
        run_id: str | None = None,
    ) -> None:
        refuse_memory(pipeline, catalog)
        hook = (hook_manager or _NullPluginManager()).hook
        before = {node: set(parents) for node, parents in pipeline.node_dependencies.items()}
        with cluster() as client:
            work = _Work(client, pipeline, catalog, is_async=self._is_async, run_id=run_id)
            work.submit(node for node in pipeline.nodes if not before[node])
            try:
                for done, seconds in work:
                    work.submit(node for node in pipeline.nodes if before[node] == {done})
                    for parents in before.values():
                        parents.discard(done)
                    hook.after_node_run_elsewhere(node=done, seconds=seconds)
            except ClusterError:
                raise
            except Exception:
                for done, seconds in work.finish_what_runs():
                    hook.after_node_run_elsewhere(node=done, seconds=seconds)
                raise


class _Work:
    """Nodes that workers have been given; iterated over, each with its seconds as it is done."""

    def __init__(
        self,
        client: Client,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        *,
        is_async: bool,
        run_id: str | None,
    ) -> None:
        self._client = client
        self._task = partial(Task, is_async=is_async, run_id=run_id)
        self._catalog = catalog
        self._priorities = longest_ways(pipeline)
        self._resources = resources_of_a_node(client)
        self._suffix = uuid.uuid4().hex[:8]  # Dask's pages show what stands before it
        self._nodes: dict[Future, Node] = {}
        self._completed = as_completed(loop=client.loop)

    def submit(self, nodes: Iterable[Node]) -> None:
        """Have nodes run whose inputs are there."""
        for node in nodes:
            names = (*node.inputs, *node.outputs)
            found = DataCatalog({name: self._catalog[name] for name in names})
            future = self._client.submit(
                run_node,
                self._task(node, found),
                code_sha256(node.func),
                key=f"{node.name}-{self._suffix}",
                priority=self._priorities[node],
                resources=self._resources,
            )
            self._nodes[future] = node
            self._completed.add(future)

    def __iter__(self) -> Iterator[tuple[Node, float]]:
        for future in self._completed:
            node = self._nodes.pop(future)
            try:
                yield node, future.result()
            except KilledWorker as error:
                raise ClusterError(
                    f"{node.name} was given up: {error.allowed_failures + 1} workers died while "
                    f"they ran it, the last at {error.last_worker.address}. Too little memory is "
                    "the usual reason, of which its log tells: give workers more, or have fewer on "
                    "a machine, and run the same command again with --only-missing-outputs."
                ) from error
            except CancelledError as error:
                raise ClusterError(
                    f"The connection to the Dask scheduler at {self._client.scheduler.address} was "
                    f"lost while {node.name} ran. What finished nodes made is kept: once there is "
                    "a scheduler again, the same command with --only-missing-outputs goes on, and "
                    "training at its last finished epoch."
                ) from error

    def finish_what_runs(self) -> Iterator[tuple[Node, float]]:
        """Take back what no worker has begun, and wait for the rest; another failure is logged."""
        stacks = self._client.call_stack(list(self._nodes)) if self._nodes else {}
        begun = {key for on_worker in stacks.values() for key in on_worker}
        kept = {future: node for future, node in self._nodes.items() if future.key in begun}
        self._client.cancel([future for future in self._nodes if future not in kept])
        if kept:
            names = ", ".join(node.name for node in kept.values())
            logger.info("Waiting for what still runs: %s", names)
        for future in as_completed(kept, loop=self._client.loop):
            if future.status == "finished":
                yield kept[future], future.result()


def refuse_memory(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
    """Refuse a pipeline of which a worker would write what no other process can read.

    Raises:
        InvalidInputError: With the datasets.
    """
    held = sorted(
        name
        for name in pipeline.all_outputs()
        if getattr(catalog.get(name), "_EPHEMERAL", False)
        or getattr(catalog.get(name), "_SINGLE_PROCESS", False)
    )
    if held:
        raise InvalidInputError(
            f"Workers of a Dask cluster would hold {', '.join(held)} in their own memory, where no "
            "other process reads it. Add an entry to conf/base/catalog*.yml that names a file."
        )


def longest_ways(pipeline: Pipeline) -> dict[Node, int]:
    """How many nodes run one after the other, at most, from each node to an end, itself one."""
    ways = dict.fromkeys(pipeline.nodes, 1)
    for node in reversed(pipeline.nodes):
        for before in pipeline.node_dependencies[node]:
            ways[before] = max(ways[before], ways[node] + 1)
    return ways
