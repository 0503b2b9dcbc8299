"""A whole set of faces embedded: in chunks, taken up after a kill, and cached by its content."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_fairness.embedding.alignment import NO_FACE, FaceAligner, alignment_fingerprint
from fer_fairness.embedding.embedding_cache import (
    Embedded,
    EmbeddedChunk,
    EmbeddingCache,
    cache_key,
)
from fer_fairness.embedding.face_images import FaceImages
from fer_fairness.embedding.protocol import (
    EmbedderSource,
    EmbeddingError,
    FaceEmbedder,
    embed_batch,
)
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition
from fer_fairness.processes import calls
from fer_fairness.progress import track
from fer_fairness.reached_code import code_sha256

logger = logging.getLogger(__name__)

_PROBLEMS_TOLD = 5


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
    joined one by one. A run that is killed is taken up after its finished chunks. Processes of a
    cluster, where `processes.calls` has some, embed and keep a chunk each.

    Args:
        handle: The embedder.
        images: The faces.
        condition: What they are made to look like first.
        params: Sizes of batches and chunks, and how many faces may fail.
        cache_root: Folder of all sets and embedders; this one's subfolder is named by the SHA-256
            of the embedder's fingerprint, the condition and the images' content.
        description: What the progress bar and the log call the set.

    Returns:
        The embeddings in the order of the images, and the faces without one.

    Raises:
        InvalidInputError: If more faces than `max_problem_share` of the set, and more than one,
            cannot be embedded; with the first few. Or what the embedder raises.
        EmbeddingError: If chunks disappear while they are made.
    """
    looks = f"{condition.model_dump_json()} {alignment_fingerprint(condition.alignment)}"
    made_by = code_sha256(embed_faces, rooms=("embedding", "pictures"))
    key = cache_key(f"{handle.fingerprint} {made_by}", looks, images.content_sha256())
    if len(images) == 0:
        return _nothing(handle, key)
    cache = EmbeddingCache(cache_root / key, len(images), params.chunk_size)
    embedded = cache.whole()
    if embedded is None:
        _embed_missing(handle, images, condition, params, cache, description)
        embedded = cache.join()
    else:
        logger.info("%s: found in the cache (%s)", description, key[:12])
    if embedded is None:
        raise EmbeddingError(
            f"{cache.folder} was changed while it was filled. Make sure that its disk is sound and "
            "not full, and run again: finished chunks are kept."
        )
    _refuse_too_many(embedded.problems, images, params)
    _tell_problems(embedded.problems, images, description)
    return embedded


@dataclass(frozen=True)
class _Chunks:
    """Embeds chunks of a set, in this process or, pickled, in another."""

    handle: EmbedderSource
    condition: ImageCondition
    batch_size: int
    cache: EmbeddingCache

    def __call__(self, chunk: tuple[int, FaceImages]) -> tuple[int, dict[int, str]]:
        """Embed the faces of a chunk and keep them; its number, and problems by their place."""
        number, images = chunk
        embedded = self._embed(images)
        self.cache.write_chunk(number, embedded)
        return number, embedded[1]

    def _embed(self, images: FaceImages) -> EmbeddedChunk:
        embedder, aligner = _opened(self)
        embeddings = np.full((len(images), embedder.dimension), np.nan, dtype=np.float32)
        problems: dict[int, str] = {}
        for first in range(0, len(images), self.batch_size):
            last = min(first + self.batch_size, len(images))
            decoded, unreadable = images.decode(first, last, self.condition)
            problems |= {first + place: reason for place, reason in unreadable.items()}
            places, faces = [], []
            for place, image in enumerate(decoded, start=first):
                face = None if image is None else aligner.align(image)
                if face is not None:
                    places.append(place)
                    faces.append(face)
                elif image is not None:
                    problems[place] = NO_FACE
            embeddings[places] = embed_batch(embedder, faces)
        return embeddings, problems


_last_opened: dict[Path, tuple[FaceEmbedder, FaceAligner]] = {}
"""By the folder of the set: a process that embeds chunk after chunk opens the embedder once."""


def _opened(chunks: _Chunks) -> tuple[FaceEmbedder, FaceAligner]:
    folder = chunks.cache.folder
    if folder not in _last_opened:
        _last_opened.clear()
        _last_opened[folder] = chunks.handle.open(), FaceAligner(chunks.condition.alignment)
    return _last_opened[folder]


def _embed_missing(
    handle: EmbedderSource,
    images: FaceImages,
    condition: ImageCondition,
    params: EmbeddingParameters,
    cache: EmbeddingCache,
    description: str,
) -> None:
    """Embed the chunks that are not there; the embedder is opened only if one is not."""
    problems: dict[int, str] = {}
    missing = []
    for number in range(cache.n_chunks):
        chunk = cache.read_chunk(number)
        if chunk is None:
            missing.append(number)
        else:
            problems |= _rows(number, chunk[1], cache)
    _refuse_too_many(problems, images, params)
    _tell_where(missing, cache, description)
    parts = ((number, images.part(*cache.bounds(number))) for number in missing)
    done = calls.get()(_Chunks(handle, condition, params.batch_size, cache), parts)
    n_missing = sum(stop - start for start, stop in map(cache.bounds, missing))
    try:
        with track(range(n_missing), description=description) as bar:
            bar.unit = " faces"
            for number, found in done:
                problems |= _rows(number, found, cache)
                _refuse_too_many(problems, images, params)
                start, stop = cache.bounds(number)
                bar.update(stop - start)
    finally:
        # What still waits for workers ends here, and not when the traceback is let go.
        getattr(done, "close", lambda: None)()
        _last_opened.clear()


def _rows(number: int, problems: Mapping[int, str], cache: EmbeddingCache) -> dict[int, str]:
    start = cache.bounds(number)[0]
    return {start + place: why for place, why in problems.items()}


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


def _tell_where(missing: Sequence[int], cache: EmbeddingCache, description: str) -> None:
    n_done = cache.n_chunks - len(missing)
    if missing and n_done:
        logger.info("%s: taken up after %d of %d chunks", description, n_done, cache.n_chunks)


def _tell_problems(problems: Mapping[int, str], images: FaceImages, description: str) -> None:
    if problems:
        logger.warning(
            "%s: %d of %d faces have no embedding: %s",
            *(description, len(problems), len(images), _listed(problems, images)),
        )


def _listed(problems: Mapping[int, str], images: FaceImages) -> str:
    told = [f"{images.name(row)}: {problems[row]}" for row in sorted(problems)[:_PROBLEMS_TOLD]]
    return "; ".join([*told, *(["..."] if len(problems) > _PROBLEMS_TOLD else [])])
