"""The augmentation nodes of the template, one handing over to the next as it is wired."""

import logging
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from fer_fairness.augmentation import AUGMENTED_FACES_SCHEMA, PLAN_COLUMNS
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import TrainingSet
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters
from fer_fairness.pipelines import template_nodes as nodes

FacesBuilder = Callable[..., pd.DataFrame]
Mode = Literal["written", "on_the_fly"]

ONLINE = TrainingParameters(online_augmentation=OnlineAugmentationParameters(flip=True))


class TrainingBeginsError(Exception):
    """Raised in place of a training, with what it would have been given."""


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    return make_faces(
        ["train"] * 70 + ["validation"] * 25 + ["test"] * 5,
        ["neutral"] * 50
        + ["fear"] * 15
        + ["anger"] * 5
        + ["neutral"] * 10
        + ["contempt"] * 15
        + ["fear"] * 5,
    )


@pytest.fixture
def images(faces: pd.DataFrame) -> np.ndarray:
    """Training faces are dark, all others white."""
    made = np.zeros((len(faces), 48, 48, 1), dtype=np.uint8)
    made[faces["split"] != "train"] = 255
    return made


@pytest.fixture
def predictions(faces: pd.DataFrame) -> pd.DataFrame:
    validation = faces[faces["split"] == "validation"]
    return validation[["sample_id", "emotion"]].assign(predicted_emotion="neutral", seed=0)


def augmented_by_nodes(
    mode: Mode, faces: pd.DataFrame, images: np.ndarray, predictions: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    parameters = AugmentationParameters(mode=mode, recall_weight=1.0, max_added_share=2)
    plan = nodes.plan(faces, parameters, 0, predictions, predictions.iloc[:0])
    return nodes.augment_faces(faces, images, plan, parameters, ONLINE, 0)


def test_the_plan_lists_what_only_validation_faces_show_and_names_critical_cells(
    faces: pd.DataFrame, predictions: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger=nodes.__name__):
        plan = nodes.plan(faces, AugmentationParameters(), 0, predictions)
    assert list(plan.columns) == ["emotion", *PLAN_COLUMNS]
    contempt = plan.set_index("emotion").loc["contempt"]
    assert (contempt["severity"], contempt["n_validation"], contempt["recall"]) == ("empty", 15, 0)
    assert "are critical: 1 too few, 1 empty" in caplog.text
    assert "contempt (0); anger (5)" in caplog.text


@pytest.mark.parametrize("mode", ["written", "on_the_fly"])
def test_training_is_given_no_image_of_a_held_out_face(
    mode: Mode,
    faces: pd.DataFrame,
    images: np.ndarray,
    predictions: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def begin(_model: object, data: object, *_args: object, **_kwargs: object) -> None:
        raise TrainingBeginsError(data)

    monkeypatch.setattr(nodes, "train", begin)
    monkeypatch.setattr(nodes, "weights_fingerprint", lambda _model: "")
    augmented_faces, augmented_images = augmented_by_nodes(mode, faces, images, predictions)
    AUGMENTED_FACES_SCHEMA.validate(augmented_faces)
    assert len(augmented_faces) > 0
    assert len(augmented_images) == (len(augmented_faces) if mode == "written" else 0)
    with pytest.raises(TrainingBeginsError) as begun:
        nodes.train_model(
            None,
            faces,
            images,
            ONLINE,
            "fabricated",
            0,
            "unused",
            augmented_faces,
            augmented_images,
        )
    data: Any = begun.value.args[0]
    training: TrainingSet = data.training
    assert len(training) == 70 + len(augmented_faces)
    shown = training.images[training.image_index].mean(axis=(1, 2, 3))
    assert shown.max() < 128
    held_out = data.validation.images[data.validation.image_index].mean(axis=(1, 2, 3))
    assert held_out.min() == 255


def test_on_the_fly_stops_before_training_where_nothing_would_vary(
    faces: pd.DataFrame, images: np.ndarray, predictions: pd.DataFrame
) -> None:
    parameters = AugmentationParameters(mode="on_the_fly")
    plan = nodes.plan(faces, parameters, 0, predictions)
    with pytest.raises(InvalidInputError, match="or use the mode written"):
        nodes.augment_faces(faces, images, plan, parameters, TrainingParameters(), 0)


@pytest.mark.parametrize("mode", ["written", "on_the_fly"])
def test_both_modes_are_counted_and_can_be_looked_at(
    mode: Mode, faces: pd.DataFrame, images: np.ndarray, predictions: pd.DataFrame
) -> None:
    augmented_faces, augmented_images = augmented_by_nodes(mode, faces, images, predictions)
    parameters = AugmentationParameters()
    plan = nodes.plan(faces, parameters, 0, predictions)
    table = nodes.compare_distributions(faces, augmented_faces, plan, parameters)
    assert table["n_added"].sum() == len(augmented_faces)
    assert table["is_critical"].any()
    assert table["reason"].notna().all()
    assert "contempt" in set(table["emotion"])
    sheet = nodes.draw_example_sheet(faces, images, augmented_faces, augmented_images, ONLINE, 0)
    assert isinstance(sheet, Figure)
    assert len(sheet.axes) > 1
