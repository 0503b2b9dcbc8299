"""Faces a second and memory of embedding on a Dask cluster, with an embedder that costs nothing.

    python -m benchmarks.embedding_on_workers                     # 10,000, 100,000, 1,000,000 faces
    python -m benchmarks.embedding_on_workers --workers 1 2 4 --sizes 100000
    python -m benchmarks.embedding_on_workers --workers 1 2 4 8 --sizes 20000 --ms-a-face 4

What is measured is what scaling itself costs: chunks told to workers, rows decoded, chunks written
and joined. With --ms-a-face the embedder sleeps as long as a real one computes, so that workers may
be more than the cores of this machine. Faces are grey pixels of 8 x 8 in a memory-mapped file.
Memory is the largest resident set, sampled five times a second (Linux only): of the process of the
scheduler, and of a worker.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from distributed import Client, LocalCluster

from fer_fairness import processes
from fer_fairness.embedding import ImageRows, embed_faces
from fer_fairness.embedding.protocol import FaceEmbedder
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition
from fer_fairness.runners import worker

SIDE_PX = 8
CHUNK_SIZE = 4096
CHUNK_SIZE_OF_SLOW = 512
SAMPLED_EVERY_S = 0.2


@dataclass
class Means:
    """An embedder of one number a face, and 127 zeros, as slow as it is told to be."""

    ms_a_face: float
    name: str = "means"
    dimension: int = 128

    def embed(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """The mean of each image."""
        time.sleep(len(images) * self.ms_a_face / 1000)
        found = np.zeros((len(images), self.dimension), np.float32)
        found[:, 0] = [image.mean() for image in images]
        return found


@dataclass(frozen=True)
class Source:
    """Opens `Means`."""

    ms_a_face: float
    fingerprint: str = "means"

    def open(self) -> FaceEmbedder:
        """The embedder."""
        return Means(self.ms_a_face)


def embed(folder: Path, n: int, ms_a_face: float) -> float:
    """Embed all faces of a file, as a node would on a worker; seconds."""
    images = ImageRows(np.load(folder / "faces.npy", mmap_mode="r"), np.arange(n))
    started = time.perf_counter()
    processes.calls.set(worker.calls_on_workers)
    with worker.computing:
        found = embed_faces(
            Source(ms_a_face),
            images,
            ImageCondition(),
            EmbeddingParameters(chunk_size=CHUNK_SIZE_OF_SLOW if ms_a_face else CHUNK_SIZE),
            cache_root=folder / "cache",
            description=f"{n:,} faces",
        )
    assert len(found.embeddings) == n
    return time.perf_counter() - started


def rss_mib(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0


def watch(largest: dict[str, float], workers: list[psutil.Process], ended: threading.Event) -> None:
    here = psutil.Process()
    while not ended.wait(SAMPLED_EVERY_S):
        largest["scheduler"] = max(largest["scheduler"], rss_mib(here))
        largest["worker"] = max(largest["worker"], *map(rss_mib, workers))


def measure(n: int, n_workers: int, ms_a_face: float) -> str:
    with (
        tempfile.TemporaryDirectory(prefix="embedding_on_workers_") as name,
        LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        faces = np.lib.format.open_memmap(
            Path(name) / "faces.npy", "w+", np.uint8, (n, SIDE_PX, SIDE_PX, 1)
        )
        for start in range(0, n, 100_000):
            part = faces[start : start + 100_000]
            part[:] = np.random.default_rng(start).integers(0, 255, part.shape, np.uint8)
        faces.flush()
        del faces
        largest = {"scheduler": 0.0, "worker": 0.0}
        ended = threading.Event()
        workers = [psutil.Process(pid) for pid in client.run(os.getpid).values()]
        threading.Thread(target=watch, args=(largest, workers, ended)).start()
        seconds = client.submit(embed, Path(name), n, ms_a_face).result()
        ended.set()
    cells = (
        *(f"{n:,}", f"{n_workers}", f"{seconds:.0f}", f"{n / seconds:,.0f}"),
        *(f"{largest['scheduler']:.0f}", f"{largest['worker']:.0f}"),
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=(10_000, 100_000, 1_000_000))
    parser.add_argument("--workers", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--ms-a-face", type=float, default=0.0)
    given = parser.parse_args()
    print("| faces | workers | s | faces/s | scheduler MiB, peak | worker MiB, peak |")
    print("|---:|---:|---:|---:|---:|---:|")
    for n in given.sizes:
        for n_workers in given.workers:
            print(measure(n, n_workers, given.ms_a_face), flush=True)


if __name__ == "__main__":
    main()
