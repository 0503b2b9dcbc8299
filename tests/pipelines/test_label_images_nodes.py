"""Nodes of label_images: how a picture is looked at, and what is told of each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_fairness.embedding.alignment import NO_FACE
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition
from fer_fairness.params.label_images import LabelImagesParameters
from fer_fairness.pipelines.label_images import nodes

SMALL = ImageCondition(side_px=100, alignment="landmarks")


@pytest.mark.parametrize(
    ("alignment", "expected"),
    [
        ("detect", ImageCondition(side_px=None, alignment="detect")),
        ("landmarks", SMALL),
        ("none", ImageCondition(side_px=100, alignment="none")),
    ],
)
def test_a_picture_is_not_shrunk_before_the_face_in_it_is_found(
    alignment: Any, expected: ImageCondition, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, ImageCondition]] = []

    def embed_files(_embedder: Any, _faces: Any, folder: Path, condition: Any, *_more: Any) -> Any:
        asked.append((folder, condition))
        return np.zeros((1, 2)), pd.DataFrame({"sample_id": [], "reason": []})

    monkeypatch.setattr(nodes, "embed_files", embed_files)
    parameters = LabelImagesParameters(folder="pictures", alignment=alignment)
    unused: Any = None
    faces = pd.DataFrame({"sample_id": ["a"]})
    nodes.embed_images(unused, faces, SMALL, EmbeddingParameters(), "cache", parameters)
    assert asked == [(Path("pictures"), expected)]


def test_no_folder_says_how_to_name_one() -> None:
    with pytest.raises(InvalidInputError, match=r"label_images\.folder=FOLDER.*race_labeling"):
        nodes.list_images(LabelImagesParameters())


class Labeller:
    """Gives the groups it is told to."""

    def __init__(self, labels: pd.DataFrame) -> None:
        self._labels = labels

    def predict(self, _embeddings: np.ndarray, sample_ids: list[str]) -> pd.DataFrame:
        return self._labels.assign(sample_id=sample_ids)


def test_problems_and_abstentions_are_told_apart(make_faces: Callable[..., pd.DataFrame]) -> None:
    faces = make_faces(["test"] * 3, [None] * 3)
    labels = pd.DataFrame({"sample_id": ["", "", ""]})
    for attribute in ("gender", "race", "age_group"):
        labels[attribute] = ["one", "other", None]
        labels[f"{attribute}_abstained"] = [False, True, True]
    labeller: Any = Labeller(labels)
    unembedded = pd.DataFrame({"sample_id": ["face_2"], "reason": ["no face was found"]})
    not_found = pd.DataFrame({"sample_id": ["face_1", "face_2"]})
    found = nodes.label_images(labeller, np.zeros((3, 1)), unembedded, faces, not_found)
    assert list(found["file"]) == ["face_0", "face_1", "face_2"]
    assert list(found["race"].fillna("-")) == ["one", "-", "-"]
    assert list(found["problem"].fillna("-")) == ["-", "-", "no face was found"]
    assert list(found["face_not_found"]) == [False, True, True]


class BrightnessEmbedder:
    """Mean brightness of an image, and its side."""

    name = "brightness"
    dimension = 2
    fingerprint = "brightness"

    def open(self) -> "BrightnessEmbedder":
        return self

    def embed(self, faces: Any) -> np.ndarray:
        return np.array([[face.mean(), len(face)] for face in faces], dtype=np.float32)


@pytest.mark.parametrize("no_face_found", ["whole_image", "left_out"])
def test_faces_that_no_detector_finds_stop_nothing_and_are_marked(
    no_face_found: Any,
    tmp_path: Path,
    make_faces: Callable[..., pd.DataFrame],
    caplog: pytest.LogCaptureFixture,
) -> None:
    pytest.importorskip("dlib")
    greys = np.array([40, 120, 200])
    for grey in greys:
        Image.fromarray(np.full((64, 48, 3), grey, np.uint8)).save(tmp_path / f"{grey}.png")
    files = [f"{grey}.png" for grey in greys]
    faces = make_faces(["test"] * 3, [None] * 3, image_file=files)
    parameters = LabelImagesParameters(folder=str(tmp_path), no_face_found=no_face_found)
    embedder: Any = BrightnessEmbedder()
    with caplog.at_level("WARNING"):
        embeddings, unembedded, not_found = nodes.embed_images(
            embedder, faces, SMALL, EmbeddingParameters(), str(tmp_path / "cache"), parameters
        )
    assert "No face was found in 3 of 3 images" in caplog.text
    assert list(not_found["sample_id"]) == list(faces["sample_id"])
    if no_face_found == "left_out":
        assert np.isnan(embeddings).all()
        assert set(unembedded["reason"]) == {NO_FACE}
    else:
        np.testing.assert_allclose(embeddings[:, 0], greys, atol=3)
        assert unembedded.empty
