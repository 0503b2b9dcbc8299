"""A whole set of faces embedded: in chunks, taken up after a kill, and cached by its content."""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.embedding.alignment import alignment_fingerprint
from fer_fairness.embedding.chunks import ChunkFolder, Embedded, cache_key
from fer_fairness.embedding.cores import usable_cores
from fer_fairness.embedding.images import FaceChunk, FaceImages
from fer_fairness.embedding.protocol import EmbedderSource, EmbeddingError
from fer_fairness.embedding.workers import ChunkWork, embed_here, embed_in_processes
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition
from fer_fairness.progress import track

if TYPE_CHECKING:
    from tqdm import tqdm

logger = logging.getLogger(__name__)

_PROBLEMS_TOLD = 5
_ATTEMPTS = 3


def embed_faces(
    handle: EmbedderSource,
    images: FaceImages,
    condition: ImageCondition,
    params: EmbeddingParameters,
    *,
    cache_root: Path,
    description: str,
) -> Embedded:
    """Embed every face of a set, or find it embedded already.

    Memory does not grow with the number of faces: chunks are written as they are finished, and
    joined one by one. A run that is killed is taken up after its finished chunks.

    Args:
        handle: The embedder.
        images: The faces.
        condition: What they are made to look like first.
        params: Sizes of batches and chunks, processes, and how many faces may fail.
        cache_root: Folder of all sets and embedders; this one's subfolder is named by the SHA-256
            of the embedder's fingerprint, the condition and the images' content.
        description: What the progress bar and the log call the set.

    Returns:
        The embeddings in the order of the images, and the faces without one.

    Raises:
        InvalidInputError: If more faces than `max_problem_share` of the set, and more than one,
            cannot be embedded; with the first few. Or what the embedder raises.
        EmbeddingError: If a process fails.
    """
    looks = f"{condition.model_dump_json()} {alignment_fingerprint(condition.alignment)}"
    key = cache_key(handle.fingerprint, looks, images.content_sha256())
    if len(images) == 0:
        return _nothing(handle, key)
    # A small set too is shared out among all processes.
    share = -(-len(images) // (params.n_processes or handle.default_processes))
    folder = ChunkFolder(cache_root / key, len(images), min(params.chunk_size, share))
    embedded = folder.whole()
    if embedded is not None:
        logger.info("%s: found in the cache (%s)", description, key[:12])
    for _ in range(_ATTEMPTS):
        if embedded is not None:
            break
        embedded = _embed_missing(handle, images, condition, params, folder, description)
    if embedded is None:
        raise EmbeddingError(
            f"{folder.folder} was changed again and again while it was filled. Make sure that its "
            "disk is sound and not full, and run again: finished chunks are kept."
        )
    _refuse_too_many(embedded.problems, images, params)
    _tell_problems(embedded.problems, images, description)
    return embedded


def _embed_missing(
    handle: EmbedderSource,
    images: FaceImages,
    condition: ImageCondition,
    params: EmbeddingParameters,
    folder: ChunkFolder,
    description: str,
) -> Embedded | None:
    """Embed what is not there and join it; None if another run cleared chunks meanwhile."""
    problems, missing = _finished(folder)
    _refuse_too_many(problems, images, params)
    n_processes = min(params.n_processes or handle.default_processes, len(missing))
    n_threads = max(1, usable_cores() // n_processes) if n_processes > 1 else None
    work = ChunkWork(handle, condition, params.batch_size, folder, n_threads)
    tasks = _tasks(images, folder, missing)
    if n_processes > 1:
        finished = embed_in_processes(work, tasks, n_processes=n_processes)
    else:
        finished = embed_here(work, tasks)
    bar = _bar(folder, missing, description)
    try:
        for number in finished:
            problems |= folder.chunk_problems(number) or {}
            _refuse_too_many(problems, images, params)
            start, stop = folder.bounds(number)
            bar.update(stop - start)
    finally:
        finished.close()
        bar.close()
    return _joined(folder)


def _bar(folder: ChunkFolder, missing: list[int], description: str) -> "tqdm[int]":
    """A bar over all faces that stands where the finished chunks end."""
    n_done = folder.n_chunks - len(missing)
    if n_done:
        logger.info("%s: taken up at chunk %d of %d", description, n_done + 1, folder.n_chunks)
    nothing: tuple[int, ...] = ()
    bar = track(nothing, description=description, total=folder.n_faces)
    bar.unit = " faces"
    n_missing = sum(stop - start for start, stop in map(folder.bounds, missing))
    bar.n = bar.initial = folder.n_faces - n_missing  # earlier chunks say nothing of the speed
    return bar


def _joined(folder: ChunkFolder) -> Embedded | None:
    # Read again, because another run may have joined them already and cleared the chunks.
    problems, missing = _finished(folder)
    if not missing:
        # A chunk that is cleared while they are joined is found in the whole.
        with contextlib.suppress(FileNotFoundError):
            folder.join(dict(sorted(problems.items())))
    embedded = folder.whole()
    if embedded is not None:
        folder.clear_chunks()  # those too that were written after another run cleared its own
    return embedded


def _finished(folder: ChunkFolder) -> tuple[dict[int, str], list[int]]:
    """Problems of the chunks that are there, and the numbers of those that are not."""
    problems: dict[int, str] = {}
    missing: list[int] = []
    for number in range(folder.n_chunks):
        found = folder.chunk_problems(number)
        if found is None:
            missing.append(number)
        else:
            problems |= found
    return problems, missing


def _tasks(
    images: FaceImages, folder: ChunkFolder, missing: list[int]
) -> Iterator[tuple[int, FaceChunk]]:
    for number in missing:
        yield number, images.chunk(*folder.bounds(number))


def _nothing(handle: EmbedderSource, key: str) -> Embedded:
    embeddings = np.empty((0, handle.open().dimension), dtype=np.float32)
    embeddings.flags.writeable = False
    return Embedded(embeddings, {}, key)


def _refuse_too_many(
    problems: Mapping[int, str], images: FaceImages, params: EmbeddingParameters
) -> None:
    allowed = max(1, int(params.max_problem_share * len(images)))
    if len(problems) > allowed:
        raise InvalidInputError(
            f"{len(problems)} of {len(images)} faces (or more) have no embedding, at most "
            f"{allowed} may: {_listed(problems, images)}. Repair or remove the files, or raise "
            "max_problem_share of the embedding; finished chunks are kept."
        )


def _tell_problems(problems: Mapping[int, str], images: FaceImages, description: str) -> None:
    if problems:
        logger.warning(
            "%s: %d of %d faces have no embedding: %s",
            *(description, len(problems), len(images), _listed(problems, images)),
        )


def _listed(problems: Mapping[int, str], images: FaceImages) -> str:
    told = [f"{images.name(row)}: {problems[row]}" for row in sorted(problems)[:_PROBLEMS_TOLD]]
    return "; ".join([*told, *(["..."] if len(problems) > _PROBLEMS_TOLD else [])])
