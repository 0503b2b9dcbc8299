"""Alignment as a part of a run over many faces: what is listed, what is told apart in the cache."""

from pathlib import Path

import numpy as np
import pytest
from tests.embedding.counting_embedder import CountingSource
from tests.embedding.test_dlib_embedder import drawn_face

from fer_fairness.embedding import Embedded, ImageRows, alignment, embed_faces
from fer_fairness.params.embedding import Alignment, EmbeddingParameters, ImageCondition

BLANK = np.full((224, 224, 3), 128, np.uint8)


def embedded(folder: Path, images: list[np.ndarray], aligned: Alignment) -> Embedded:
    return embed_faces(
        CountingSource(folder / "notes"),
        ImageRows(np.stack(images), np.arange(len(images))),
        ImageCondition(alignment=aligned),
        EmbeddingParameters(max_problem_share=0.5),
        cache_root=folder / "cache",
        description="faces",
    )


def test_an_image_without_a_face_is_listed_and_its_neighbours_keep_their_rows(
    tmp_path: Path,
) -> None:
    found = embedded(tmp_path, [BLANK, drawn_face(), BLANK, drawn_face(tilt=3)], "detect")
    assert found.problems == {0: "no face was found", 2: "no face was found"}
    assert np.isnan(found.embeddings).any(axis=1).tolist() == [True, False, True, False]


def test_the_embedder_sees_the_aligned_face_and_not_the_image(tmp_path: Path) -> None:
    face = drawn_face(tilt=15)
    chip = alignment.FaceAligner("landmarks").align(face)
    assert chip is not None
    assert abs(chip.mean() - face.mean()) > 1
    found = embedded(tmp_path, [face], "landmarks").embeddings[0, 0]
    assert found == pytest.approx(chip.mean())
    assert embedded(tmp_path, [face], "none").embeddings[0, 0] == pytest.approx(face.mean())


def test_another_dlib_or_alignment_is_another_entry_of_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {embedded(tmp_path, [drawn_face()], aligned).key for aligned in ("none", "landmarks")}
    monkeypatch.setattr(alignment, "dlib_version", lambda: "99.0")
    again = {embedded(tmp_path, [drawn_face()], aligned).key for aligned in ("none", "landmarks")}
    assert len(keys) == len(again) == 2
    assert len(keys & again) == 1, "without alignment dlib does not matter"
