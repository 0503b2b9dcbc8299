"""Nodes on a cluster of two processes: the same results, whatever dies, and plain errors."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from distributed import LocalCluster
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import AbstractRunner, SequentialRunner
from tests.embedding.bench import Bench, expected
from tests.embedding.counting_embedder import CountingEmbedder, CountingSource

from fer_fairness import machine
from fer_fairness.datasets import JSONDataset
from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.methods.focal import Focal
from fer_fairness.mitigation.studies import studied
from fer_fairness.mitigation.trials import Scores
from fer_fairness.params.budget import BudgetParameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.processes import calls
from fer_fairness.runners import DaskRunner
from fer_fairness.runners.cluster import SUCCESSION
from fer_fairness.runners.dask_runner import longest_ways
from fer_fairness.runners.worker import ClusterError, LikeTheRun

pytestmark = pytest.mark.slow


def add(one: int, other: int) -> int:
    return one + other


def threads(one: int) -> list[int]:
    return [one, machine.usable_cores()]


def die_once(one: int, marker: str) -> int:
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return one


def die(one: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return one


def refuse(one: int) -> int:
    raise InvalidInputError(f"{one} is no number of faces.")


def wait(one: int, seconds: float) -> int:
    time.sleep(seconds)
    return one


def twice(one: int) -> int:
    return 2 * one


def in_parts(one: int) -> int:
    """Twelve parts of a node, on all workers."""
    parts: list[int] = list(calls.get()(twice, range(12)))
    return one * sum(parts)


class DiesOnce(CountingSource):
    """Kills the first process that opens its embedder and is not the node's own, which waits."""

    def open(self) -> CountingEmbedder:
        died = self.notes / "died"
        if os.getpid() != int((self.notes / "node").read_text()):
            die_once(1, str(died))
        patience = time.monotonic() + 300
        while not died.exists() and time.monotonic() < patience:
            time.sleep(0.05)
        return super().open()


def embed(place: str) -> list[list[float]]:
    """Twenty faces in ten chunks, then what the embedder was asked."""
    bench = Bench(Path(place))
    (bench.notes / "node").write_text(str(os.getpid()))
    source = DiesOnce(bench.notes, seconds=0.2)
    found = bench.embed(bench.faces(range(1, 21)), source=source, chunk_size=2)
    return [*found.embeddings.tolist(), sorted(bench.embedded())]


def search(store: str, notes: str) -> list[dict[str, Any]]:
    """Four trials, each of which waits until both workers try one."""
    faces = np.zeros(100_000, np.float32)  # what a trial needs reaches the other worker

    def score(method: Focal) -> Scores:
        (Path(notes) / f"tried_by_{os.getpid()}").touch()
        patience = time.monotonic() + 300
        while len(list(Path(notes).glob("tried_by_*"))) < 2 and time.monotonic() < patience:
            time.sleep(0.05)
        recall = method.gamma + float(faces.sum())
        return Scores(
            mean_recall=recall, worst_group_accuracy=0.5, accuracy_gap=0.1, ideal_point=0.3
        )

    budget, block = BudgetParameters(study=store, trials=4), Focal(name="focal")
    common = FineTuningParameters()
    trials = studied(block, common, budget, score, seed=0, name="focal", made_from={})
    return [trial.model_dump() for trial in trials]


class Told:
    """Which nodes the run is told of."""

    def __init__(self) -> None:
        self.nodes: list[str] = []

    @hook_impl
    def after_node_run_elsewhere(self, node: Node, seconds: float) -> None:
        assert seconds >= 0
        self.nodes.append(node.name)


@pytest.fixture(scope="module")
def cluster(kedro_project: Path) -> Iterator[LocalCluster]:  # noqa: ARG001  workers load it
    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 2, "resources": {"node": 1}}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1, **SUCCESSION}),
        LocalCluster(dashboard_address="127.0.0.1:0", silence_logs=50, **options) as processes,
        dask.config.set({"scheduler-address": processes.scheduler_address}),
    ):
        yield processes


@pytest.fixture
def two_processes(cluster: LocalCluster) -> LocalCluster:
    """Both of them, though one died in the test before."""
    cluster.wait_for_workers(2, timeout=300)
    return cluster


def run(
    nodes: list[Node], folder: Path, runner: AbstractRunner | None = None, **given: Any
) -> tuple[DataCatalog, list[str]]:
    """Nodes run with `one` and what else is given; what they make is in files of the folder."""
    pipeline = Pipeline(nodes)
    made = {name: JSONDataset(filepath=str(folder / name)) for name in pipeline.all_outputs()}
    inputs = {name: MemoryDataset(value) for name, value in {"one": 1, **given}.items()}
    catalog, told, manager = DataCatalog({**inputs, **made}), Told(), _create_hook_manager()
    manager.register(told)
    (runner or DaskRunner()).run(pipeline, catalog, manager)
    return catalog, told.nodes


@pytest.mark.usefixtures("two_processes")
def test_results_are_those_of_the_sequential_runner_and_the_run_is_told_of_every_node(
    tmp_path: Path,
) -> None:
    nodes = [
        Node(add, ["one", "one"], "two", name="two"),
        Node(add, ["two", "one"], "three", name="three"),
        Node(add, ["two", "two"], "four", name="four"),
        Node(add, ["three", "four"], "seven", name="seven"),
    ]
    found, told = run(nodes, tmp_path / "here")
    expected, _ = run(nodes, tmp_path / "there", SequentialRunner())
    names = ("two", "three", "four", "seven")
    assert {name: found.load(name) for name in names} == {
        name: expected.load(name) for name in names
    }
    assert (told[0], told[-1], sorted(told)) == ("two", "seven", sorted(names))


@pytest.mark.usefixtures("two_processes")
def test_a_node_computes_with_the_threads_of_its_worker(tmp_path: Path) -> None:
    found, _ = run([Node(threads, "one", "found", name="threads")], tmp_path)
    assert found.load("found") == [1, 2]


@pytest.mark.usefixtures("two_processes")
def test_a_node_whose_worker_dies_is_done_again_and_no_other(tmp_path: Path) -> None:
    nodes = [
        Node(add, ["one", "one"], "before", name="before"),
        Node(die_once, ["before", "marker"], "after", name="dies"),
    ]
    found, told = run(nodes, tmp_path, marker=str(tmp_path / "died"))
    assert (found.load("after"), told) == (2, ["before", "dies"])


@pytest.mark.usefixtures("two_processes")
def test_faces_are_embedded_in_chunks_by_all_workers_and_each_once_though_one_dies(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes").mkdir()
    found, _ = run([Node(embed, "place", "found", name="embeds")], tmp_path, place=str(tmp_path))
    *embeddings, asked = found.load("found")
    np.testing.assert_array_equal(np.float32(embeddings), expected(range(1, 21)))
    assert asked == list(range(1, 21))
    assert (tmp_path / "notes" / "died").exists()


@pytest.mark.usefixtures("two_processes")
def test_trials_of_a_study_are_tried_by_all_workers(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    given: dict[str, Any] = {"store": f"sqlite:///{tmp_path / 'study'}", "notes": str(tmp_path)}
    found, _ = run(
        [Node(search, list(given), "found", name="searches")], tmp_path / "made", **given
    )
    assert len({str(trial["settings"]) for trial in found.load("found")}) == 4
    assert len(list(tmp_path.glob("tried_by_*"))) == 2


@pytest.mark.usefixtures("two_processes")
def test_parts_of_a_node_do_not_wait_for_nodes_that_have_not_begun(tmp_path: Path) -> None:
    nodes = [Node(in_parts, "one", f"sum_{n}", name=f"node_{n}") for n in range(12)]
    told: list[str] = []
    # In a thread, so that it fails where it would wait for ever.
    running = threading.Thread(target=lambda: told.extend(run(nodes, tmp_path)[1]), daemon=True)
    running.start()
    running.join(timeout=300)
    assert len(told) == len(nodes)


@pytest.mark.usefixtures("two_processes")
def test_a_node_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"deadly was given up: 2 workers died.*memory"):
        run([Node(die, "one", "never", name="deadly")], tmp_path)


@pytest.mark.usefixtures("two_processes")
def test_a_node_that_fails_ends_the_run_with_its_own_error_once_the_others_are_done(
    tmp_path: Path,
) -> None:
    nodes = [
        Node(wait, ["one", "seconds"], "late", name="late"),
        Node(refuse, "one", "never", name="fails"),
        Node(add, ["late", "one"], "after", name="after"),
    ]
    with pytest.raises(InvalidInputError, match=r"^1 is no number of faces\.$"):
        run(nodes, tmp_path, seconds=1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["late"]


@pytest.mark.usefixtures("two_processes")
def test_a_dataset_in_memory_between_nodes_is_refused(kedro_project: Path) -> None:  # noqa: ARG001
    pipeline = Pipeline([Node(add, ["one", "one"], "two", name="two")])
    with pytest.raises(InvalidInputError, match=r"would hold two in their own memory.*catalog"):
        DaskRunner().run(pipeline, DataCatalog({"one": MemoryDataset(1)}))


@pytest.mark.usefixtures("two_processes")
def test_workers_of_other_versions_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine.computed_with()
    other = {**here, "versions": {**here["versions"], "keras": "0.1"}}  # type: ignore[dict-item]
    plugin = LikeTheRun(computed_with=other)
    monkeypatch.setattr("fer_fairness.runners.cluster.LikeTheRun", lambda: plugin)
    with pytest.raises(ClusterError, match=r"other versions.*keras .*, here 0\.1"):
        run([Node(add, ["one", "one"], "two", name="two")], tmp_path)


@pytest.mark.usefixtures("two_processes")
def test_a_folder_that_workers_do_not_see_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = LikeTheRun(folder=tmp_path / "not there")
    monkeypatch.setattr("fer_fairness.runners.cluster.LikeTheRun", lambda: missing)
    with pytest.raises(ClusterError, match=r"has no folder .*not there.*must be mounted"):
        run([Node(add, ["one", "one"], "two", name="two")], tmp_path)


def test_a_scheduler_that_is_lost_ends_the_run_with_how_to_go_on(
    kedro_project: Path,  # noqa: ARG001  workers load it
    tmp_path: Path,
) -> None:
    with (
        LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0", silence_logs=50) as processes,
        dask.config.set({"scheduler-address": processes.scheduler_address}),
    ):

        def end_once_it_runs() -> None:
            while not any(ts.state == "processing" for ts in processes.scheduler.tasks.values()):
                time.sleep(0.05)
            processes.close()

        threading.Thread(target=end_once_it_runs).start()
        with pytest.raises(ClusterError, match=r"was lost while waits ran.*--only-missing-outputs"):
            run([Node(wait, ["one", "s"], "two", name="waits")], tmp_path, s=60.0)


def test_a_scheduler_that_does_not_answer_is_one_error(tmp_path: Path) -> None:
    nobody = {"scheduler-address": "tcp://127.0.0.1:9", "distributed.comm.timeouts.connect": "1s"}
    with (
        dask.config.set(nobody),
        pytest.raises(ClusterError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"),
    ):
        run([Node(add, ["one", "one"], "two", name="two")], tmp_path)


def test_a_cluster_without_workers_is_one_error(tmp_path: Path) -> None:
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as processes,
        dask.config.set(
            {
                "scheduler-address": processes.scheduler_address,
                "distributed.comm.timeouts.connect": "1s",
            }
        ),
        pytest.raises(ClusterError, match=r"has no workers.*dask worker tcp"),
    ):
        run([Node(add, ["one", "one"], "two", name="two")], tmp_path)


@pytest.mark.parametrize("told", [0, "many"])
def test_a_number_of_processes_that_is_none_is_refused(tmp_path: Path, told: object) -> None:
    with (
        dask.config.set({"scheduler-address": None, "fer-fairness.workers": told}),
        pytest.raises(ClusterError, match=r"DASK_FER_FAIRNESS__WORKERS.*1 or more"),
    ):
        run([Node(add, ["one", "one"], "two", name="two")], tmp_path)


def test_nodes_before_long_ways_go_first() -> None:
    nodes = [
        Node(add, ["a", "a"], "b", name="long"),
        Node(add, ["b", "b"], "c", name="middle"),
        Node(add, ["c", "d"], "e", name="end"),
        Node(add, ["a", "a"], "d", name="short"),
    ]
    ways = {node.name: way for node, way in longest_ways(Pipeline(nodes)).items()}
    assert ways == {"long": 3, "middle": 2, "end": 1, "short": 2}
