import logging
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.embedding.bench import Bench, expected

from fer_fairness.embedding import Embedded, EmbeddingError, ImageFiles, ImageRows
from fer_fairness.embedding import embedding_run as room
from fer_fairness.embedding.chunks import ChunkFolder
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import ImageCondition


class TestOneRun:
    def test_embeddings_follow_the_order_of_the_faces(self, bench: Bench) -> None:
        values = [7, 1, 1, 9, 200, 3, 5, 8, 2]
        result = bench.embed(bench.faces(values))
        assert result.embeddings.dtype == np.float32
        np.testing.assert_array_equal(result.embeddings, expected(values))
        assert not result.embeddings.flags.writeable
        assert bench.embedded() == values
        assert sorted(path.name for path in (bench.cache / result.key).iterdir()) == [
            "embeddings.json",
            "embeddings.npy",
        ]

    def test_no_faces_give_no_rows(self, bench: Bench) -> None:
        result = bench.embed(bench.faces([]))
        assert result.embeddings.shape == (0, 2)
        assert result.problems == {}

    def test_several_processes_give_the_same_bit_by_bit(self, bench: Bench) -> None:
        faces = bench.faces(range(1, 30))
        alone = bench.embed(faces).embeddings.tobytes()
        shutil.rmtree(bench.cache)
        (bench.notes / "opened").unlink()
        together = bench.embed(faces, n_processes=2)
        assert together.embeddings.tobytes() == alone
        assert len(bench.processes() - {os.getpid()}) == 2

    def test_the_embedder_says_how_many_processes(self, bench: Bench) -> None:
        bench.embed(
            bench.faces(range(1, 9)), source=bench.source(default_processes=2), n_processes=None
        )
        assert os.getpid() not in bench.processes()
        assert len(bench.processes()) == 2

    def test_a_set_smaller_than_a_chunk_is_shared_out(self, bench: Bench) -> None:
        result = bench.embed(bench.faces(range(1, 8)), chunk_size=512, n_processes=2)
        assert len(bench.processes()) == 2
        np.testing.assert_array_equal(result.embeddings, expected(range(1, 8)))


class TestProblems:
    def test_a_face_without_embedding_is_listed_and_nan(
        self, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        result = bench.embed(bench.faces([3, 4, 5, 6, 7, 0, 8]))
        assert result.problems == {5: "it is black"}
        assert np.isnan(result.embeddings).all(axis=1).tolist() == [False] * 5 + [True, False]
        assert "1 of 7 faces have no embedding: row 5: it is black" in caplog.text

    def test_unreadable_files_are_listed_among_the_readable(
        self, bench: Bench, tmp_path: Path
    ) -> None:
        paths = [tmp_path / f"{value}.png" for value in range(1, 7)]
        for value, path in enumerate(paths, start=1):
            Image.new("L", (3, 5), value).save(path)
        paths[2].write_bytes(b"no image")
        result = bench.embed(ImageFiles(paths))
        assert list(result.problems) == [2]
        assert "cannot identify image file" in result.problems[2]
        found = np.delete(result.embeddings, 2, axis=0)
        np.testing.assert_array_equal(found, expected([1, 2, 4, 5, 6]))

    @pytest.mark.parametrize("n_processes", [1, 2])
    def test_too_many_stop_the_run_and_again_from_the_cache(
        self, bench: Bench, n_processes: int
    ) -> None:
        faces = bench.faces([5, 6, 0, 0, 7, 8, 9, 10, 11, 12])
        message = r"2 of 10 faces .*at most 1 may: row 2: it is black; row 3: it is black"
        with pytest.raises(InvalidInputError, match=message):
            bench.embed(faces, n_processes=n_processes, max_problem_share=0.1)
        assert len(bench.embed(faces, max_problem_share=0.2).problems) == 2
        with pytest.raises(InvalidInputError, match=message):
            bench.embed(faces, max_problem_share=0.1)

    def test_one_face_may_always_fail(self, bench: Bench) -> None:
        result = bench.embed(bench.faces([0]), max_problem_share=0.0)
        assert np.isnan(result.embeddings).all()


class TestErrorsOfOtherProcesses:
    def test_an_error_raised_on_purpose_arrives_as_it_is(self, bench: Bench) -> None:
        with pytest.raises(InvalidInputError, match=r"^The face is upside down\.$"):
            bench.embed(
                bench.faces(range(1, 13)),
                source=bench.source(fault="own", faulty_value=3),
                n_processes=2,
            )

    def test_any_other_error_says_where_and_what(self, bench: Bench) -> None:
        with pytest.raises(EmbeddingError, match=r"faces 4 to 7 failed: RuntimeError: out of tens"):
            bench.embed(
                bench.faces(range(1, 13)),
                source=bench.source(fault="other", faulty_value=6),
                n_processes=2,
            )

    def test_a_sudden_end_is_told_and_finished_chunks_are_kept(self, bench: Bench) -> None:
        faces = bench.faces(range(1, 13))
        with pytest.raises(EmbeddingError, match=r"ended with exit status 7\. .*n_processes"):
            bench.embed(faces, source=bench.source(fault="death", faulty_value=12), n_processes=2)
        bench.embedded()
        result = bench.embed(faces)
        np.testing.assert_array_equal(result.embeddings, expected(range(1, 13)))
        # The third chunk is begun only when one of the first two is on disk.
        assert len(bench.embedded()) <= 8


class TestCache:
    def test_the_same_again_embeds_nothing(
        self, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        first = bench.embed(bench.faces([1, 2, 3, 0, 5]))
        bench.embedded()
        second = bench.embed(bench.faces([1, 2, 3, 0, 5]), chunk_size=2)
        assert bench.embedded() == []
        assert (second.key, second.problems) == (first.key, first.problems)
        np.testing.assert_array_equal(second.embeddings, first.embeddings)
        assert "found in the cache" in caplog.text

    def test_another_pixel_embedder_condition_or_order_is_embedded_anew(self, bench: Bench) -> None:
        pixels = np.full((4, 3, 3, 1), 9, np.uint8)
        other = pixels.copy()
        other[3, 2, 2, 0] += 1
        index = np.arange(4)
        results = [
            bench.embed(ImageRows(pixels, index)),
            bench.embed(ImageRows(other, index)),
            bench.embed(ImageRows(other, index[::-1])),
            bench.embed(ImageRows(pixels, index), source=bench.source(fingerprint="other")),
            bench.embed(ImageRows(pixels, index), condition=ImageCondition(colour=False)),
            bench.embed(ImageRows(pixels, index), condition=ImageCondition(side_px=2)),
        ]
        assert len({result.key for result in results}) == 6
        assert len(bench.embedded()) == 24

    def test_a_damaged_whole_is_not_believed(self, bench: Bench) -> None:
        key = bench.embed(bench.faces([1, 2, 3])).key
        file = bench.cache / key / "embeddings.npy"
        file.write_bytes(file.read_bytes()[:-4] + b"\0\0\0\1")
        result = bench.embed(bench.faces([1, 2, 3]))
        np.testing.assert_array_equal(result.embeddings, expected([1, 2, 3]))
        assert bench.embedded() == [1, 2, 3] * 2


def test_another_run_that_finishes_first_does_no_harm(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = bench.faces(range(1, 13))
    joined = room._joined
    calls: list[int] = []

    def late(folder: ChunkFolder) -> Embedded | None:
        if not calls:
            calls.append(1)
            bench.embed(faces)  # joins the same chunks and clears them
            folder.write_chunk(1, (np.ones((4, 2), np.float32), {}))  # our own, written late
        return joined(folder)

    monkeypatch.setattr(room, "_joined", late)
    result = bench.embed(faces)
    np.testing.assert_array_equal(result.embeddings, expected(range(1, 13)))
    assert not list((bench.cache / result.key).glob("chunks_of_*"))


def test_the_main_process_asks_for_no_more_chunks_than_processes(bench: Bench) -> None:
    given: list[int] = []

    class Watched(ImageRows):
        def chunk(self, start: int, stop: int) -> Any:
            done = len(list(bench.cache.glob("*/chunks_of_1/chunk_*.json")))
            given.append(start - done)
            return super().chunk(start, stop)

    pixels = np.ones((12, 2, 2, 1), np.uint8)
    bench.embed(Watched(pixels, np.arange(12)), chunk_size=1, n_processes=2)
    assert len(given) == 12
    assert max(given) <= 2
