"""Chunks of faces embedded one after another, in this process or in several others."""

import os
import signal
import threading
import traceback
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess

import numpy as np

from fer_fairness.embedding.alignment import NO_FACE, FaceAligner
from fer_fairness.embedding.chunks import ChunkFolder
from fer_fairness.embedding.cores import usable_cores
from fer_fairness.embedding.images import FaceChunk
from fer_fairness.embedding.protocol import (
    EmbeddedFaces,
    EmbedderSource,
    EmbeddingError,
    FaceEmbedder,
    embed_batch,
)
from fer_fairness.errors import FerFairnessError
from fer_fairness.params.embedding import ImageCondition

Tasks = Iterator[tuple[int, FaceChunk]]
"""Number and faces of each chunk to embed; made when a process is free to take it."""

_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
_KEPT = "Finished chunks are kept: run again, and it is taken up there."
_LINES_TOLD = 4


@dataclass(frozen=True)
class ChunkWork:
    """What all chunks of a run share.

    Attributes:
        source: Opens the embedder.
        condition: What the images are made to look like.
        batch_size: Faces handed to the embedder at once.
        folder: Where the chunks are kept.
        n_threads: Threads of the embedder; None: one for each core.
    """

    source: EmbedderSource
    condition: ImageCondition
    batch_size: int
    folder: ChunkFolder
    n_threads: int | None = None


def embed_here(work: ChunkWork, tasks: Tasks) -> Generator[int, None, None]:
    """Embed the chunks in this process.

    Yields:
        The number of each chunk, once it is on disk.
    """
    opened: tuple[FaceAligner, FaceEmbedder] | None = None
    for number, chunk in tasks:
        if opened is None:
            aligner = FaceAligner(work.condition.alignment)
            opened = aligner, work.source.open(n_threads=work.n_threads)
        work.folder.write_chunk(number, _embed_chunk(*opened, chunk, work))
        yield number


def embed_in_processes(
    work: ChunkWork, tasks: Tasks, *, n_processes: int
) -> Generator[int, None, None]:
    """Embed the chunks in other processes, each of which opens the embedder once.

    A process gets its next chunk when it has finished one, so that no more chunks than processes
    are in memory. All processes end with this one, whatever ends it.

    Yields:
        The number of each chunk, once it is on disk; not in order.

    Raises:
        FerFairnessError: What a process raised on purpose.
        EmbeddingError: If a process raised anything else, or ended without a word.
    """
    context = get_context("spawn")
    processes: dict[Connection, SpawnProcess] = {}
    busy: dict[Connection, int] = {}
    try:
        for task in _first(tasks, n_processes):
            connection, process = _start(context, work)
            processes[connection] = process
            _give(connection, task, busy)
        while busy:
            ready = wait(list(busy))
            for connection in [one for one in busy if one in ready]:
                number = busy.pop(connection)
                _receive(connection, processes[connection], number, work)
                yield number
                for task in _first(tasks, 1):
                    _give(connection, task, busy)
    finally:
        # A process that is ended while it writes leaves an unfinished file, never a bad chunk.
        for connection, process in processes.items():
            process.terminate()
            process.join()
            connection.close()


def _embed_chunk(
    aligner: FaceAligner, embedder: FaceEmbedder, chunk: FaceChunk, work: ChunkWork
) -> EmbeddedFaces:
    embeddings = np.full((len(chunk), embedder.dimension), np.nan, dtype=np.float32)
    problems: dict[int, str] = {}
    for start in range(0, len(chunk), work.batch_size):
        part = chunk.part(start, start + work.batch_size)
        images, unreadable = part.decode(work.condition)
        problems |= {start + position: reason for position, reason in unreadable.items()}
        rows, faces = [], []
        for row, image in enumerate(images, start=start):
            face = None if image is None else aligner.align(image)
            if face is not None:
                rows.append(row)
                faces.append(face)
            elif image is not None:
                problems[row] = NO_FACE
        embeddings[rows], failed = embed_batch(embedder, faces)
        problems |= {rows[position]: reason for position, reason in failed.items()}
    return embeddings, problems


def _first(tasks: Tasks, n: int) -> Iterator[tuple[int, FaceChunk]]:
    for _ in range(n):
        task = next(tasks, None)
        if task is None:
            return
        yield task


def _start(context: SpawnContext, work: ChunkWork) -> tuple[Connection, SpawnProcess]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work), daemon=True)
    process.start()
    # Only the process itself must hold its end: when it dies, ours then says so.
    theirs.close()
    return ours, process


def _give(connection: Connection, task: tuple[int, FaceChunk], busy: dict[Connection, int]) -> None:
    busy[connection] = task[0]
    try:
        connection.send(task)
    except OSError:
        # It has died; what it leaves on the connection is told by `_receive`.
        return


def _receive(connection: Connection, process: SpawnProcess, number: int, work: ChunkWork) -> None:
    start, stop = work.folder.bounds(number)
    try:
        reply = connection.recv()
    except (EOFError, OSError) as error:
        process.join()
        raise EmbeddingError(
            f"A process that embedded faces {start} to {stop - 1} ended with exit status "
            f"{process.exitcode}. -9 is most often for want of memory: lower n_processes or "
            f"batch_size of the embedding. Otherwise what it said stands above. {_KEPT}"
        ) from error
    if isinstance(reply, FerFairnessError):
        raise reply
    if isinstance(reply, str):
        raise EmbeddingError(
            f"A process that embedded faces {start} to {stop - 1} failed: {reply}\n{_KEPT}"
        )


def _serve(connection: Connection, work: ChunkWork) -> None:
    """What another process does: embed what comes, until nothing comes any more."""
    # Ctrl-C reaches all processes; the one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Libraries that are loaded from now on must not all take all cores.
    for name in _THREAD_LIMITS:
        os.environ.setdefault(name, str(work.n_threads or usable_cores()))
    try:
        for number in embed_here(work, _received(connection)):
            connection.send(number)
    except FerFairnessError as error:
        connection.send(error)
    except Exception:  # noqa: BLE001  the process that has the user's ear raises it
        lines = traceback.format_exc().strip().splitlines()
        connection.send("\n".join([lines[-1], *lines[-_LINES_TOLD:-1]]))


def _received(connection: Connection) -> Tasks:
    while True:
        try:
            yield connection.recv()
        except EOFError:
            return


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
