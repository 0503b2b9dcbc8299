"""The Dask cluster of a run: that of Dask's configuration, or processes of this machine."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster
from distributed.system import MEMORY_LIMIT
from distributed.versions import VersionMismatchWarning

from fer_fairness.errors import readable_bytes
from fer_fairness.runners.worker import FORWARDED_LOG, NODE, ClusterError, LikeTheRun

logger = logging.getLogger(__name__)

_BYTES_A_TRAINING: Final = 4e9
"""What a process with TensorFlow takes while it trains on FER+, and room for the data of others."""

_N_WORKERS: Final = "fer-fairness.workers"
"""In Dask's configuration (DASK_FER_FAIRNESS__WORKERS): processes of a cluster of this machine."""

SUCCESSION: Final = {"distributed.deploy.lost-worker-timeout": "5 minutes"}
"""How long a process that has died is waited for, which Dask starts anew: on a busy machine it
loads for more than Dask's 15 seconds, after which it would be one less for good."""


@contextmanager
def cluster() -> Iterator[Client]:
    """The client of a cluster whose workers are ready to run nodes.

    Raises:
        ClusterError: It cannot be reached, has no worker, or has one that cannot do what this
            process does.
    """
    logging.getLogger("distributed").setLevel(logging.WARNING)
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # its errors are told once
    address = dask.config.get("scheduler-address", None)
    with _processes_here() if address is None else _at(address) as client:
        _prepare(client)
        yield client


@contextmanager
def _processes_here() -> Iterator[Client]:
    n_workers = _n_workers()
    with (
        dask.config.set(SUCCESSION),
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=max(1, CPU_COUNT // n_workers),
            resources={NODE: 1},
            dashboard_address="127.0.0.1:8787",
            silence_logs=logging.WARNING,
        ) as processes,
        Client(processes, set_as_default=False) as client,
    ):
        yield client
        logging.getLogger("distributed.nanny").setLevel(logging.CRITICAL)  # that it ends workers


def _n_workers() -> int:
    """As configured, else as many as there are cores and memory for."""
    told = dask.config.get(_N_WORKERS, None)
    if told is None:
        return max(1, min(int(CPU_COUNT), int(MEMORY_LIMIT / _BYTES_A_TRAINING)))
    if not isinstance(told, int) or told < 1:
        raise ClusterError(
            f"{_N_WORKERS} of Dask's configuration (DASK_FER_FAIRNESS__WORKERS) is {told!r}; "
            "expected how many processes are to run nodes side by side, 1 or more."
        )
    return int(told)


@contextmanager
def _at(address: str) -> Iterator[Client]:
    try:
        with warnings.catch_warnings():  # `LikeTheRun` refuses other versions
            warnings.simplefilter("ignore", VersionMismatchWarning)
            client = Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address}, the scheduler-address of Dask's "
            "configuration (DASK_SCHEDULER_ADDRESS). Start one (dask scheduler) and workers "
            f"(dask worker {address}), give the right address, or unset it for processes of this "
            "machine."
        ) from error
    with client:
        yield client


def _prepare(client: Client) -> None:
    """Have the workers like this process, and say what they are."""
    scheduler = client.scheduler.address
    wait_s = dask.utils.parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))
    try:
        client.wait_for_workers(1, timeout=wait_s)
    except TimeoutError as error:
        raise ClusterError(
            f"The Dask scheduler at {scheduler} has no workers, and none came within {wait_s:.0f} "
            f"s. Start some: dask worker {scheduler}"
        ) from error
    try:
        client.register_plugin(LikeTheRun(), name="fer_fairness")
    except ImportError as error:
        raise ClusterError(
            f"A Dask worker of {scheduler} cannot import this project ({error}). "
            "Install it there as here, and start the worker again."
        ) from error
    client.forward_logging(FORWARDED_LOG, level=logging.INFO)
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    logger.info("Dask: %s. Dashboard: %s", _told(workers), client.dashboard_link)
    if any(worker["nthreads"] > 1 and NODE not in worker["resources"] for worker in workers):
        logger.warning(
            "A worker with several threads, of which a node uses all, is given several nodes that "
            "wait for each other there. Start it with --resources %s=1, or with --nthreads 1.",
            NODE,
        )


def _told(workers: Any) -> str:  # noqa: ANN401  what Dask tells of them
    threads = "/".join(str(n) for n in sorted({worker["nthreads"] for worker in workers}))
    memory = readable_bytes(min(worker["memory_limit"] for worker in workers))
    return f"{len(workers)} workers, each with threads: {threads}, memory: {memory}"


def resources_of_a_node(client: Client) -> dict[str, int]:
    """What `Client.submit` asks of a worker for a node; nothing where not all declare it."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return {NODE: 1} if all(NODE in worker["resources"] for worker in workers) else {}
