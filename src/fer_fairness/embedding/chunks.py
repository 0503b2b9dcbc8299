"""Embeddings on disk: finished chunks of a run that goes on, and the whole of one that is done."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from fer_fairness.embedding.protocol import EmbeddedFaces, EmbeddingError
from fer_fairness.files import file_sha256, replacing

_WHOLE: Final = "embeddings"
_WRITE_ATTEMPTS: Final = 3


@dataclass(frozen=True)
class Embedded:
    """A set of faces, embedded.

    Attributes:
        embeddings: float32 `(n, dimension)` in the order of the images, a read-only memory map; a
            face that could not be embedded has a row of NaN.
        problems: Reason by row for those.
        key: Name of the set and embedder in the cache.
    """

    embeddings: np.ndarray
    problems: dict[int, str]
    key: str


@dataclass(frozen=True)
class ChunkFolder:
    """The folder of one set of faces under one embedder.

    A chunk is an `.npy` file and then a `.json` file with its problems and the SHA-256 of the
    former; so is the whole. What has no `.json` file, or another SHA-256, is not there. Two runs
    that fill one folder at a time write the same numbers, and files are replaced at once.

    Attributes:
        folder: The folder; may not be there yet.
        n_faces: Faces in the set.
        chunk_size: Faces in a chunk; chunks of another size lie apart.
    """

    folder: Path
    n_faces: int
    chunk_size: int

    @property
    def n_chunks(self) -> int:
        """Number of chunks in the set."""
        return -(-self.n_faces // self.chunk_size)

    def bounds(self, number: int) -> tuple[int, int]:
        """First row of a chunk, and the row after its last."""
        start = number * self.chunk_size
        return start, min(start + self.chunk_size, self.n_faces)

    def write_chunk(self, number: int, embedded: EmbeddedFaces) -> None:
        """Keep the embeddings of a chunk."""
        embeddings, problems = embedded
        for attempt in range(1, _WRITE_ATTEMPTS + 1):
            try:
                with replacing(self._chunk_file(number)) as path:
                    np.save(path, embeddings.astype(np.float32, copy=False))
                    digest = file_sha256(path)
                _write_record(self._chunk_file(number), digest, problems)
            except FileNotFoundError:
                # Another run of the same set has finished meanwhile and cleared the chunks.
                if attempt == _WRITE_ATTEMPTS:
                    raise
            else:
                return

    def chunk_problems(self, number: int) -> dict[int, str] | None:
        """Problems of a chunk by row of the set; None if the chunk is not there or is damaged."""
        start, stop = self.bounds(number)
        problems = _read_record(self._chunk_file(number), stop - start)
        return None if problems is None else {start + row: why for row, why in problems.items()}

    def whole(self) -> Embedded | None:
        """The whole set; None if it is not there or is damaged."""
        file = self._whole_file
        problems = _read_record(file, self.n_faces)
        if problems is None:
            return None
        return Embedded(np.load(file, mmap_mode="r"), problems, self.folder.name)

    def join(self, problems: Mapping[int, str]) -> None:
        """Write all chunks into one file; one is held in memory at a time.

        Raises:
            EmbeddingError: If chunks differ in width.
            FileNotFoundError: If a chunk is not there (any more).
        """
        with replacing(self._whole_file) as path:
            array: np.memmap[Any, np.dtype[np.float32]] | None = None
            for number in range(self.n_chunks):
                chunk = np.load(self._chunk_file(number), allow_pickle=False)
                if array is None:
                    shape = (self.n_faces, chunk.shape[1])
                    array = np.lib.format.open_memmap(
                        path, mode="w+", dtype=np.float32, shape=shape
                    )
                if chunk.shape[1] != array.shape[1]:
                    raise EmbeddingError(
                        f"Chunk {number} of {self.folder} has {chunk.shape[1]} numbers a face, "
                        f"others {array.shape[1]}. Delete the folder and run again."
                    )
                start, stop = self.bounds(number)
                array[start:stop] = chunk
            if array is not None:
                array.flush()
            del array
            digest = file_sha256(path)
        _write_record(self._whole_file, digest, problems)

    def clear_chunks(self) -> None:
        """Delete all chunks, of any size: the whole is there."""
        for folder in self.folder.glob("chunks_of_*"):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _whole_file(self) -> Path:
        return self.folder / f"{_WHOLE}.npy"

    def _chunk_file(self, number: int) -> Path:
        return self.folder / f"chunks_of_{self.chunk_size}" / f"chunk_{number:05d}.npy"


def cache_key(fingerprint: str, condition: str, content: str) -> str:
    """Name of a set of faces under one embedder: SHA-256 of what decides the embeddings."""
    return hashlib.sha256(f"{fingerprint}\n{condition}\n{content}".encode()).hexdigest()


def _write_record(array_file: Path, digest: str, problems: Mapping[int, str]) -> None:
    record = {"sha256": digest, "problems": {str(row): why for row, why in problems.items()}}
    with replacing(array_file.with_suffix(".json")) as path:
        path.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _read_record(array_file: Path, n_rows: int) -> dict[int, str] | None:
    """Problems of an array that is there and sound, else None."""
    try:
        record = json.loads(array_file.with_suffix(".json").read_text(encoding="utf-8"))
        if record["sha256"] != file_sha256(array_file):
            return None
        shape = np.load(array_file, mmap_mode="r", allow_pickle=False).shape
        problems = {int(row): str(why) for row, why in record["problems"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError):
        return None
    return problems if len(shape) == 2 and shape[0] == n_rows else None
