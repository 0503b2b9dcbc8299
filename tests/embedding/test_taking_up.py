"""Runs that were killed, or whose chunks were damaged, and are started again."""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.embedding.bench import Bench, expected

from fer_fairness.embedding.embedding_cache import EmbeddingCache

HERE = Path(__file__).parent


def start_and_kill(bench: Bench) -> None:
    """Start a run of 40 faces in 10 chunks, and kill it once a few chunks are done."""
    script = [sys.executable, str(HERE / "counting_embedder.py"), bench.notes, bench.cache]
    process = subprocess.Popen(list(map(str, script)), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(list(bench.cache.glob("*/chunk_*_of_4.npz"))) >= 3)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def wait_until(condition: Callable[[], bool], *, limit_s: float = 120.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


class TestKilled:
    def test_a_killed_run_is_taken_up_at_its_finished_chunks(
        self, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        start_and_kill(bench)
        (folder,) = bench.cache.iterdir()
        cache = EmbeddingCache(folder, 40, 4)
        done = [number for number in range(10) if cache.read_chunk(number) is not None]
        assert 3 <= len(done) < 10
        assert len(set(bench.embedded())) < 40

        result = bench.embed(bench.faces(range(1, 41)))

        finished = {value for number in done for value in range(4 * number + 1, 4 * number + 5)}
        assert sorted(bench.embedded()) == sorted(set(range(1, 41)) - finished)
        np.testing.assert_array_equal(result.embeddings, expected(range(1, 41)))
        assert f"taken up after {len(done)} of 10 chunks" in caplog.text

    @pytest.mark.parametrize("damage", ["truncated", "changed", "gone", "of other faces"])
    def test_a_damaged_chunk_is_computed_again(self, bench: Bench, damage: str) -> None:
        faces = bench.faces(range(1, 13))
        with pytest.raises(RuntimeError, match="out of tensors"):
            bench.embed(faces, source=bench.source(faulty_value=12))
        bench.embedded()
        (file,) = bench.cache.glob("*/chunk_00001_of_4.npz")
        if damage == "truncated":
            file.write_bytes(file.read_bytes()[:-3])
        elif damage == "changed":
            contents = bytearray(file.read_bytes())
            place = contents.index(np.float32(5.0).tobytes())
            contents[place] ^= 1  # one bit of one embedding
            file.write_bytes(contents)
        elif damage == "of other faces":
            file.write_bytes(file.with_name("chunk_00000_of_4.npz").read_bytes())
        else:
            file.unlink()
        result = bench.embed(faces)
        np.testing.assert_array_equal(result.embeddings, expected(range(1, 13)))
        assert bench.embedded() == [5, 6, 7, 8, 9, 10, 11, 12]

    def test_chunks_of_another_size_are_not_mixed_in(self, bench: Bench) -> None:
        faces = bench.faces(range(1, 13))
        with pytest.raises(RuntimeError, match="out of tensors"):
            bench.embed(faces, source=bench.source(faulty_value=12))
        result = bench.embed(faces, chunk_size=5)
        np.testing.assert_array_equal(result.embeddings, expected(range(1, 13)))
