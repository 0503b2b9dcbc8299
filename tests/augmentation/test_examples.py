from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.augmentation import augment, example_sheet, plan_augmentation
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.training import OnlineAugmentationParameters

FacesBuilder = Callable[..., pd.DataFrame]

ONLINE = OnlineAugmentationParameters(flip=True, shift_share=0.2)
PARAMS = AugmentationParameters(target_share=1.0, minimum_cell_size=1, max_added_share=9)


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    return make_faces(["train"] * 16, ["neutral"] * 10 + ["fear"] * 4 + ["anger"] * 2)


def test_a_row_for_each_cell_the_most_varied_first(faces: pd.DataFrame) -> None:
    images = np.random.default_rng(0).integers(0, 256, (16, 48, 48, 1), dtype=np.uint8)
    plan = plan_augmentation(faces, PARAMS, recall=None)
    augmented = augment(faces, images, plan, PARAMS, seed=0)
    figure = example_sheet(faces, images, augmented, online=ONLINE, seed=0)
    titles = [text.get_text() for part in figure.subfigs for text in part.texts]
    assert [title.split(". Left: ")[0] for title in titles] == [
        "anger: 8 variants, strength 0.6",
        "fear: 6 variants, strength 0.4",
    ]
    assert titles[0].split(". Left: ")[1] in {"face_14", "face_15"}
    original = np.asarray(figure.axes[0].images[0].get_array())
    assert any((original == image[..., 0]).all() for image in images[14:])
    variant = np.asarray(figure.axes[1].images[0].get_array())
    assert any((variant == image[..., 0]).all() for image in augmented.images)


def test_on_the_fly_shows_what_epochs_may_make_of_a_face(faces: pd.DataFrame) -> None:
    images = np.zeros((16, 48, 48, 1), dtype=np.uint8)
    images[:, 20:28, 10:16] = 200
    params = PARAMS.model_copy(update={"mode": "on_the_fly"})
    plan = plan_augmentation(faces, params, recall=None)
    augmented = augment(faces, images, plan, params, seed=0)
    figure = example_sheet(faces, images, augmented, online=ONLINE, seed=0)
    assert (
        figure.subfigs[0]
        .texts[0]
        .get_text()
        .startswith("anger: 8 variants, online ranges times 1.6")
    )
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes[:6]]
    assert (shown[0] == images[0, ..., 0]).all()
    assert len({image.tobytes() for image in shown}) == 6, "each epoch varies the face anew"
    assert all(image.max() > 150 for image in shown), "moved or mirrored, it is still this face"


def test_a_plan_without_additions_says_so(faces: pd.DataFrame) -> None:
    images = np.zeros((16, 48, 48, 1), dtype=np.uint8)
    plan = plan_augmentation(faces, PARAMS, recall=None).assign(n_to_add=0)
    augmented = augment(faces, images, plan, PARAMS, seed=0)
    figure = example_sheet(faces, images, augmented, online=ONLINE, seed=0)
    assert not figure.axes
    assert figure.texts[0].get_text() == "The plan adds no variants."
