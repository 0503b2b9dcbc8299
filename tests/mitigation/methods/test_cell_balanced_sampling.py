import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from fer_fairness.mitigation import Composition, Given
from fer_fairness.mitigation.methods.cell_balanced_sampling import CellBalancedSampling
from fer_fairness.modeling import TrainingSet
from fer_fairness.params.training import TrainingParameters

IMAGES = np.zeros((40, 8, 8, 1), np.uint8)
NOTHING = pd.DataFrame()
# Two groups and two emotions; of x with anger there is one face, of y with anger none.
GENDER = ["x"] * 21 + ["y"] * 9 + [None] * 10
EMOTION = ["anger"] + ["fear"] * 29 + ["anger"] * 10


@pytest.fixture
def faces(make_faces: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return make_faces(["train"] * 40, EMOTION, gender=GENDER)


def composed(faces: pd.DataFrame, seed: int = 0, **settings: Any) -> tuple[Any, Composition]:
    method = CellBalancedSampling.model_validate(settings)
    return method, method.training_set(faces, IMAGES, Given(NOTHING, seed=seed))


def shown(faces: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    """The faces in the order of many epochs, those of the table `faces`."""
    method, made = composed(faces, **settings)
    training = made.training_set(faces, IMAGES)
    generator = np.random.default_rng(0)
    rows = np.concatenate([method.order(training, generator) for _ in range(300)])
    return faces.set_index("sample_id").loc[made.columns["sample_id"]].iloc[rows]


@pytest.mark.parametrize(
    ("cells", "alike"),
    [
        ("group_and_emotion", [("x", "anger"), ("x", "fear"), ("y", "fear")]),
        ("group", [("x",), ("y",)]),
        ("emotion", [("anger",), ("fear",)]),
    ],
)
@pytest.mark.parametrize("draw", ["over", "under"])
def test_cells_are_shown_alike(
    faces: pd.DataFrame, cells: str, alike: list[tuple[str, ...]], draw: str
) -> None:
    by = {"group_and_emotion": ["gender", "emotion"], "group": ["gender"]}.get(cells, ["emotion"])
    found = shown(faces, cells=cells, draw=draw)
    shares = found.groupby(by)["split"].size() / len(found)
    assert [one if isinstance(one, tuple) else (one,) for one in shares.index] == alike
    known = faces[by].notna().all(axis=1).mean()
    # Of cells of one face each the unknown faces that are kept are one of four.
    assert_allclose(shares, known / len(alike), rtol=0.05)


def test_under_sampling_shows_the_same_few_faces_in_every_epoch(faces: pd.DataFrame) -> None:
    _, made = composed(faces, draw="under", cells="group")
    assert made.columns["group"].value_counts().to_dict() == {0: 9, 1: 9, -1: 6}
    _, again = composed(faces, draw="under", cells="group")
    assert again.columns.equals(made.columns)
    _, other = composed(faces, seed=1, draw="under", cells="group")
    assert not other.columns["sample_id"].equals(made.columns["sample_id"])


def test_half_of_the_strength_is_half_of_the_way(faces: pd.DataFrame) -> None:
    found = shown(faces, cells="group", strength=0.5)["gender"].value_counts()
    assert found["x"] / found["y"] == pytest.approx((21 / 9) ** 0.5, rel=0.05)


def test_where_no_group_is_known_it_is_plain_training(
    make_faces: Callable[..., pd.DataFrame], caplog: pytest.LogCaptureFixture
) -> None:
    nobody = make_faces(["train"] * 40, EMOTION)
    for draw in ("over", "under"):
        caplog.clear()
        with caplog.at_level(logging.INFO):
            method, made = composed(nobody, draw=draw)
        assert "plain training" in caplog.text
        training = made.training_set(nobody, IMAGES)
        assert len(training) == 40
        order = method.order(training, np.random.default_rng(0))
        assert order.tolist() == np.random.default_rng(0).permutation(40).tolist()


def test_the_smallest_cell_is_named(faces: pd.DataFrame, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        composed(faces)
    assert "3 cells of 1 to 20 faces, the smallest x, anger; 10 of 40 faces" in caplog.text


def test_the_adjustment_of_the_loss_knows_how_often_emotions_are_drawn(
    faces: pd.DataFrame,
) -> None:
    method, made = composed(faces, cells="emotion")
    training: TrainingSet = made.training_set(faces, IMAGES)
    plain, adjusted = (
        method.objective(training, TrainingParameters(logit_adjustment=tau)) for tau in (0.0, 1.0)
    )
    # Both emotions are drawn alike, so that the adjustment adds the same to either.
    logits = np.where(training.targets[:2].sum(axis=0) > 0, 0.5, -90.0).astype(np.float32)[None]
    for target in training.targets[[0, 1]]:
        losses = [
            np.asarray(one.face_losses({}, target[None], logits)) for one in (plain, adjusted)
        ]
        assert_allclose(losses[0], losses[1], rtol=1e-5)
