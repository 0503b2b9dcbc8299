"""Which models the training node takes for teachers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import TrainingData, build_network
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import DistillationParameters, TrainingParameters
from fer_fairness.pipelines import template_nodes as nodes


class TrainingBeginsError(Exception):
    """Raised in place of a training, with the teachers it would have had."""


def teachers_of(
    monkeypatch: pytest.MonkeyPatch,
    faces: pd.DataFrame,
    distillation: DistillationParameters,
    starting: object | None,
) -> Any:
    def begin(_model: object, data: TrainingData, *_: object, **_kwargs: object) -> None:
        raise TrainingBeginsError(data.teachers)

    monkeypatch.setattr(nodes, "train", begin)
    monkeypatch.setattr(nodes, "weights_fingerprint", lambda _model: "")
    images = np.zeros((len(faces), 48, 48, 1), np.uint8)
    parameters = TrainingParameters(distillation=distillation)
    with pytest.raises(TrainingBeginsError) as begun:
        nodes.train_model(
            None, faces, images, parameters, "fabricated", 0, "unused", teacher=starting
        )
    return begun.value.args[0]


@pytest.fixture
def faces(make_faces: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return make_faces(["train", "validation"], ["neutral", "fear"])


def test_named_models_are_the_teachers_in_their_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, faces: pd.DataFrame
) -> None:
    model = build_network(ArchitectureParameters(blocks=((2,),)), seed=0)
    model.save(tmp_path / "trained.keras")
    named = DistillationParameters(
        weight=0.5, teachers=("published", str(tmp_path / "trained.keras"))
    )
    published, trained = teachers_of(monkeypatch, faces, named, starting=object())
    assert published.count_params() > 100_000
    assert all(map(np.array_equal, trained.get_weights(), model.get_weights()))


def test_the_starting_model_teaches_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch, faces: pd.DataFrame
) -> None:
    starting = object()
    own = DistillationParameters(weight=0.5)
    assert teachers_of(monkeypatch, faces, own, starting) == [starting]
    assert teachers_of(monkeypatch, faces, own, None) == []


def test_a_missing_teacher_is_named_with_the_parameter(
    monkeypatch: pytest.MonkeyPatch, faces: pd.DataFrame
) -> None:
    named = DistillationParameters(weight=0.5, teachers=("nowhere.keras",))
    with pytest.raises(InvalidInputError, match=r"nowhere\.keras.*distillation\.teachers"):
        teachers_of(monkeypatch, faces, named, None)
