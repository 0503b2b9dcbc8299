"""Embeddings on disk: finished chunks of a run that goes on, and the whole of one that is done."""

import contextlib
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from fer_fairness.embedding.array_file import new_array_file
from fer_fairness.embedding.protocol import EmbeddingError
from fer_fairness.files import file_sha256, replacing

EmbeddedChunk = tuple[np.ndarray, dict[int, str]]
"""Embeddings, float32 `(n, dimension)`, and by their place in the chunk why a row is NaN."""

_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError)


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
class EmbeddingCache:
    """The folder of one set of faces under one embedder.

    Chunks are NumPy archives, whose checksums tell a damaged one; the whole is an `.npy` file, and
    then a `.json` file with its problems and its SHA-256. Each says which set and embedder it is
    of. What is damaged, half there, or of another set is not there. Files are replaced at once, and
    chunks are deleted only when the whole is there, so that of two runs that fill one folder at a
    time each gives the same embeddings.

    Attributes:
        folder: The folder; may not be there yet.
        n_faces: Faces in the set.
        chunk_size: Faces in a chunk; chunks of another size have other names.
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

    def write_chunk(self, number: int, embedded: EmbeddedChunk) -> None:
        """Keep the embeddings of a chunk, and its problems by their place in it."""
        embeddings, problems = embedded
        record = json.dumps({str(place): why for place, why in problems.items()})
        with replacing(self._chunk_file(number)) as path:
            faces = embeddings.astype(np.float32, copy=False)
            np.savez(path, embeddings=faces, problems=record, of=self._chunk_name(number))

    def read_chunk(self, number: int) -> EmbeddedChunk | None:
        """What was written; None if the chunk is not there or is damaged."""
        start, stop = self.bounds(number)
        try:
            # Opened here, because NumPy leaves a file open that is no archive.
            with self._chunk_file(number).open("rb") as file, np.load(file) as archive:
                embeddings = archive["embeddings"]
                problems = _problems(json.loads(str(archive["problems"])))
                is_own = str(archive["of"]) == self._chunk_name(number)
        except (*_UNREADABLE, zipfile.BadZipFile):
            return None
        is_whole = embeddings.ndim == 2 and len(embeddings) == stop - start
        return (embeddings, problems) if is_whole and is_own else None

    def whole(self) -> Embedded | None:
        """The whole set; None if it is not there or is damaged."""
        file = self._whole_file
        try:
            record = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
            problems = _problems(record["problems"])
            if (record["of"], record["sha256"]) != (self.folder.name, file_sha256(file)):
                return None
            embeddings = np.load(file, mmap_mode="r", allow_pickle=False)
        except _UNREADABLE:
            return None
        is_whole = embeddings.ndim == 2 and len(embeddings) == self.n_faces
        return Embedded(embeddings, problems, self.folder.name) if is_whole else None

    def join(self) -> Embedded | None:
        """Make the whole of all chunks, one of which is held in memory at a time, and delete these.

        Returns:
            The whole, whichever run made it; None if a chunk has gone and there is none.

        Raises:
            EmbeddingError: If chunks differ in width.
            DiskFullError: There is no room for the whole.
        """
        # A chunk that another run deletes meanwhile is found in the whole that it has made.
        with contextlib.suppress(FileNotFoundError):
            self._write_whole()
        embedded = self.whole()
        if embedded is not None:
            for path in self.folder.glob("chunk_*.npz"):
                path.unlink(missing_ok=True)
        return embedded

    def _write_whole(self) -> None:
        array: np.memmap[Any, np.dtype[np.float32]] | None = None
        problems: dict[str, str] = {}
        with replacing(self._whole_file) as path:
            for number in range(self.n_chunks):
                chunk = self.read_chunk(number)
                if chunk is None:
                    raise FileNotFoundError(self._chunk_file(number))
                embeddings, start = chunk[0], self.bounds(number)[0]
                if array is None:
                    shape = (self.n_faces, embeddings.shape[1])
                    array = new_array_file(path, np.float32, shape, told_as=self._whole_file)
                if embeddings.shape[1] != array.shape[1]:
                    raise EmbeddingError(
                        f"Chunk {number} of {self.folder} has {embeddings.shape[1]} numbers a "
                        f"face, others {array.shape[1]}. Delete the folder and run again."
                    )
                array[start : start + len(embeddings)] = embeddings
                problems |= {str(start + place): why for place, why in chunk[1].items()}
            if array is not None:
                array.flush()
            digest = file_sha256(path)
        with replacing(self._whole_file.with_suffix(".json")) as path:
            record = {"of": self.folder.name, "sha256": digest, "problems": problems}
            path.write_text(json.dumps(record, indent=1), encoding="utf-8")

    @property
    def _whole_file(self) -> Path:
        return self.folder / "embeddings.npy"

    def _chunk_file(self, number: int) -> Path:
        return self.folder / f"chunk_{number:05d}_of_{self.chunk_size}.npz"

    def _chunk_name(self, number: int) -> str:
        return f"{self.folder.name} {self._chunk_file(number).name}"


def cache_key(fingerprint: str, condition: str, content: str) -> str:
    """Name of a set of faces under one embedder: SHA-256 of what decides the embeddings."""
    return hashlib.sha256(f"{fingerprint}\n{condition}\n{content}".encode()).hexdigest()


def _problems(record: dict[str, str]) -> dict[int, str]:
    return {int(row): str(why) for row, why in record.items()}
