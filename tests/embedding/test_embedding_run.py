import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.embedding.bench import Bench, expected

from fer_fairness.embedding import Embedded, EmbeddingError, ImageFiles, ImageRows, embedding_run
from fer_fairness.embedding.embedding_cache import EmbeddingCache
from fer_fairness.embedding.face_images import DecodedFaces
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import ImageCondition
from fer_fairness.processes import calls


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
        assert "the file is none of PNG" in result.problems[2]
        found = np.delete(result.embeddings, 2, axis=0)
        np.testing.assert_array_equal(found, expected([1, 2, 4, 5, 6]))

    def test_too_many_stop_the_run_and_again_from_the_cache(self, bench: Bench) -> None:
        faces = bench.faces([5, 6, 0, 0, 7, 8, 9, 10, 11, 12])
        message = r"2 of 10 faces .*at most 1 may: row 2: it is black; row 3: it is black"
        with pytest.raises(InvalidInputError, match=message):
            bench.embed(faces, max_problem_share=0.1)
        assert len(bench.embed(faces, max_problem_share=0.2).problems) == 2
        with pytest.raises(InvalidInputError, match=message):
            bench.embed(faces, max_problem_share=0.1)

    def test_chunks_that_wait_are_given_up_before_the_run_is_told(self, bench: Bench) -> None:
        given_up: list[bool] = []

        def on_workers(function: Callable[[Any], Any], parts: Iterable[Any]) -> Iterator[Any]:
            try:
                yield from map(function, parts)
            finally:
                given_up.append(True)

        token = calls.set(on_workers)
        try:
            with pytest.raises(InvalidInputError) as held:  # and with it the traceback
                bench.embed(bench.faces([0, 0, 0, 0, 7, 8]), max_problem_share=0.1)
            assert (given_up, held.type) == ([True], InvalidInputError)
        finally:
            calls.reset(token)

    def test_one_face_may_always_fail(self, bench: Bench) -> None:
        result = bench.embed(bench.faces([0]), max_problem_share=0.0)
        assert np.isnan(result.embeddings).all()


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

    def test_embeddings_that_older_code_made_are_made_anew(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = bench.embed(bench.faces([1, 2, 3]))
        monkeypatch.setattr(embedding_run, "code_sha256", lambda *_, **__: "other code")
        assert bench.embed(bench.faces([1, 2, 3])).key != first.key
        assert bench.embedded() == [1, 2, 3] * 2

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
    join = EmbeddingCache.join
    calls: list[int] = []

    def late(cache: EmbeddingCache) -> Embedded | None:
        if not calls:
            calls.append(1)
            bench.embed(faces)  # joins the same chunks and deletes them
            cache.write_chunk(1, (np.ones((4, 2), np.float32), {}))  # our own, written late
        return join(cache)

    monkeypatch.setattr(EmbeddingCache, "join", late)
    result = bench.embed(faces)
    np.testing.assert_array_equal(result.embeddings, expected(range(1, 13)))
    assert not list((bench.cache / result.key).glob("chunk*"))


def test_a_folder_that_loses_chunks_while_it_is_filled_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmbeddingCache, "write_chunk", lambda *_: None)
    with pytest.raises(EmbeddingError, match="was changed while it was filled"):
        bench.embed(bench.faces([1, 2]))
    assert not list(bench.cache.glob("*/*"))


def test_chunks_of_another_width_are_not_joined(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, 4, 2)
    for number, width in enumerate((3, 5)):
        cache.write_chunk(number, (np.ones((2, width), np.float32), {}))
    with pytest.raises(EmbeddingError, match=r"Chunk 1 .* has 5 numbers a face, others 3"):
        cache.join()


def test_no_more_than_a_batch_of_images_is_decoded_at_once(bench: Bench) -> None:
    given: list[int] = []

    class Watched(ImageRows):
        def decode(self, start: int, stop: int, condition: ImageCondition) -> DecodedFaces:
            given.append(stop - start)
            return super().decode(start, stop, condition)

    bench.embed(Watched(np.ones((12, 2, 2, 1), np.uint8), np.arange(12)), chunk_size=5)
    assert given == [2, 2, 1, 2, 2, 1, 2]
