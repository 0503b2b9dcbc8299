"""The log of a run: one line a node, with its number of how many and how long it took."""

import logging
import multiprocessing
import sys
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Node, Pipeline
from tqdm.contrib.logging import logging_redirect_tqdm

logger = logging.getLogger(__name__)


class RunLogHooks:
    """Tells of every node when it is done; Kedro's own lines, three a node, are not shown.

    Under ParallelRunner the worker that ran a node tells of it: the count is shared with workers
    that are forked, and others leave the number out.
    """

    def __init__(self, n_running: Callable[[], int] | None = None) -> None:
        """Count to what `n_running` gives once a run has been prepared, else to all nodes."""
        self._n_running = n_running
        self._done = multiprocessing.Value("i", 0)
        self._n_nodes: int | None = None
        self._started: dict[str, float] = {}
        self._unsaved: dict[str, set[str]] = {}
        self._run_started = 0.0
        self._lines_beside_bars = ExitStack()

    @hook_impl(trylast=True)  # once nothing speaks against the run
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Begin to count; from here on log lines are written above progress bars, not into them."""
        self._done.value = 0
        self._n_nodes = len(pipeline.nodes) if self._n_running is None else self._n_running()
        self._run_started = perf_counter()
        if _writes_to_the_terminal(logging.root):
            self._lines_beside_bars.enter_context(logging_redirect_tqdm())

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Remember when the node began, and what it is to save."""
        self._started[node.name] = perf_counter()
        self._unsaved[node.name] = set(node.outputs)

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """A node that saves nothing is done."""
        self._tell_if_done(node)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """A node is done with the last of its outputs."""
        self._unsaved[node.name].discard(dataset_name)
        self._tell_if_done(node)

    @hook_impl
    def after_node_run_elsewhere(self, node: Node, seconds: float) -> None:
        """A node is done on a machine whose hooks cannot count."""
        self._tell(node, duration(seconds))

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Tell which node it was; the error itself follows once, at the end of the run."""
        logger.error("%s failed after %s", node.name, self._time_of(node))

    @hook_impl
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Tell how many nodes ran in what time."""
        self._lines_beside_bars.close()
        why = ", missing or stale," if run_params.get("only_missing_outputs") else ""
        time = duration(perf_counter() - self._run_started)
        logger.info("%d of %d nodes%s ran in %s", self._done.value, self._n_nodes, why, time)

    @hook_impl(tryfirst=True)  # another hook may end the run
    def on_pipeline_error(self) -> None:
        """Give the terminal back, and say that what was made is not lost."""
        self._lines_beside_bars.close()
        if self._done.value:
            logger.info(
                "%d of %d nodes ran in %s. What they made is kept: once the cause is mended, the "
                "same command with --only-missing-outputs goes on.",
                *(self._done.value, self._n_nodes, duration(perf_counter() - self._run_started)),
            )

    def _tell_if_done(self, node: Node) -> None:
        if not self._unsaved[node.name]:
            self._tell(node, self._time_of(node))

    def _tell(self, node: Node, time: str) -> None:
        with self._done.get_lock():
            self._done.value += 1
            number = self._done.value
        logger.info("%s%-57s %12s", self._count(number), node.name, time)

    def _count(self, number: int) -> str:
        if self._n_nodes is None:
            return ""
        width = len(str(self._n_nodes))
        return f"[{number:>{width}}/{self._n_nodes}] "

    def _time_of(self, node: Node) -> str:
        return duration(perf_counter() - self._started.pop(node.name))


def _writes_to_the_terminal(log: logging.Logger) -> bool:
    """Whether a plain handler does, which tqdm can stand in for; another it would double."""
    streams = [handler.stream for handler in log.handlers if hasattr(handler, "stream")]
    return any(stream in (sys.stdout, sys.stderr) for stream in streams)


def duration(seconds: float) -> str:
    """A time for people, to three figures at most: 0.4 s, 12 s, 3 min 12 s, 1 h 02 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min {seconds:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
