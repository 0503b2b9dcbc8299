"""Nodes of label_images: how a picture is looked at, and what is told of each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

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

    def embed_files(_embedder: Any, _faces: Any, folder: Path, condition: Any, *_more: Any) -> None:
        asked.append((folder, condition))

    monkeypatch.setattr(nodes, "embed_files", embed_files)
    parameters = LabelImagesParameters(folder="pictures", alignment=alignment)
    unused: Any = None
    nodes.embed_images(unused, pd.DataFrame(), SMALL, EmbeddingParameters(), "cache", parameters)
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
    found = nodes.label_images(labeller, np.zeros((3, 1)), unembedded, faces)
    assert list(found["file"]) == ["face_0", "face_1", "face_2"]
    assert list(found["race"].fillna("-")) == ["one", "-", "-"]
    assert list(found["problem"].fillna("-")) == ["-", "-", "no face was found"]
