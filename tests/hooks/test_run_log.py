"""The log of a run is one line a node, whichever runner runs it, and no bar is torn by it."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner, ThreadRunner
from tqdm import tqdm

from fer_fairness.hooks import RunLogHooks
from fer_fairness.hooks.run_log import duration


def same(value: int) -> int:
    return value


def fail(value: int) -> int:
    raise ZeroDivisionError(value)


@contextmanager
def console() -> Iterator[None]:
    """The handler of conf/logging.yml."""
    handler = logging.StreamHandler(sys.stdout)
    logging.root.addHandler(handler)
    yield
    logging.root.removeHandler(handler)


Runner = type[SequentialRunner | ThreadRunner]


def run(hooks: RunLogHooks, nodes: list[Node], runner: Runner) -> None:
    manager = _create_hook_manager()
    manager.register(hooks)
    pipeline, catalog = Pipeline(nodes), DataCatalog({"a": MemoryDataset(1)})
    about = {"run_params": {}, "pipeline": pipeline, "catalog": catalog}
    manager.hook.before_pipeline_run(**about)
    try:
        runner().run(pipeline, catalog, manager)
    except ZeroDivisionError as error:
        manager.hook.on_pipeline_error(error=error, **about)
        raise
    manager.hook.after_pipeline_run(run_result={}, **about)


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
def test_a_node_is_one_line_with_its_number_and_its_time(
    runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = RunLogHooks()
    nodes = [Node(same, "a", "b", name="first"), Node(same, "b", "c", name="second")]
    with caplog.at_level(logging.INFO, logger="fer_fairness.hooks"):
        run(hooks, nodes, runner)
        run(hooks, nodes[:1], runner)
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("fer_fairness")]
    assert [re.sub(r" +\d\.\d s$", " TIME", line) for line in lines] == [
        "[1/2] first TIME",
        "[2/2] second TIME",
        "2 of 2 nodes ran in TIME",
        "[1/1] first TIME",
        "1 of 1 nodes ran in TIME",
    ]
    assert max(map(len, lines)) < 80


def test_the_node_that_failed_is_named_without_its_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with console(), caplog.at_level(logging.INFO, logger="fer_fairness.hooks"):
        before = list(logging.root.handlers)
        with pytest.raises(ZeroDivisionError):
            run(RunLogHooks(), [Node(fail, "a", "b", name="divides")], SequentialRunner)
        assert logging.root.handlers == before
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("fer_fairness")]
    assert lines == ["divides failed after 0.0 s"]


def test_of_a_run_that_fails_it_is_told_what_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    nodes = [Node(same, "a", "b", name="first"), Node(fail, "b", "c", name="divides")]
    with (
        caplog.at_level(logging.INFO, logger="fer_fairness.hooks"),
        pytest.raises(ZeroDivisionError),
    ):
        run(RunLogHooks(), nodes, SequentialRunner)
    last = [r.getMessage() for r in caplog.records if r.name.startswith("fer_fairness")][-1]
    assert last.startswith("1 of 2 nodes ran in 0.")
    assert "What they made is kept" in last
    assert "--only-missing-outputs goes on" in last


def test_a_line_is_written_above_a_bar_and_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(value: int) -> int:
        for _ in tqdm(range(2), file=sys.stdout, mininterval=0, ascii=True, ncols=40):
            logging.getLogger("anything").warning("look here")
        return value

    with console():
        run(RunLogHooks(), [Node(work, "a", "b", name="works")], SequentialRunner)
    written = capsys.readouterr().out
    lines = [part for line in written.split("\n") for part in line.split("\r")]
    assert lines.count("look here") == 2


def test_a_node_is_done_once_its_last_output_is_saved(caplog: pytest.LogCaptureFixture) -> None:
    hooks, node = RunLogHooks(), Node(same, "a", ["b", "c"], name="two")
    with caplog.at_level(logging.INFO, logger="fer_fairness.hooks"):
        hooks.before_node_run(node)
        hooks.after_node_run(node)
        hooks.after_dataset_saved("b", node)
        assert not caplog.records
        hooks.after_dataset_saved("c", node)
    assert len(caplog.records) == 1


def test_a_worker_that_does_not_know_the_run_leaves_the_number_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hooks, node = RunLogHooks(), Node(same, "a", None, name="alone")
    with caplog.at_level(logging.INFO, logger="fer_fairness.hooks"):
        hooks.before_node_run(node)
        hooks.after_node_run(node)
    assert caplog.records[-1].getMessage().split() == ["alone", "0.0", "s"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (192, "3 min 12 s")],
)
def test_times_are_for_people(seconds: float, told: str) -> None:
    assert duration(seconds) == told
    assert duration(seconds + 3600).startswith("1 h 0")
