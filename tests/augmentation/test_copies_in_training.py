from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from fer_fairness.augmentation import (
    Augmented,
    augment,
    check_online_augmentation,
    plan_augmentation,
    with_variants,
)
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import STRENGTH, Procedure, TrainingSet
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.params.augmentation import AugmentationParameters, SeverityTier
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters
from fer_fairness.tables import TARGET_COLUMNS

FacesBuilder = Callable[..., pd.DataFrame]
Images = npt.NDArray[np.uint8]

WRITTEN = AugmentationParameters(target_share=1.0, minimum_cell_size=1, max_added_share=9)
ON_THE_FLY = WRITTEN.model_copy(update={"mode": "on_the_fly"})


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    return make_faces(["validation"] * 3 + ["train"] * 24, ["fear"] * 7 + ["neutral"] * 20)


@pytest.fixture
def images() -> Images:
    """Each face is one grey level, by which it is known again."""
    levels = np.arange(27, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(levels, (27, 8, 8, 1)).copy()


def originals(faces: pd.DataFrame, images: Images) -> TrainingSet:
    train = faces[faces["split"] == "train"]
    targets = train[list(TARGET_COLUMNS)].to_numpy(dtype=np.float32)
    return TrainingSet(images, train["image_index"].to_numpy(), targets)


def augmented_with(
    params: AugmentationParameters, faces: pd.DataFrame, images: Images
) -> Augmented:
    plan = plan_augmentation(faces, params, recall=None)
    return augment(faces, images, plan, params, seed=0)


def test_on_the_fly_the_drawn_faces_are_shown_again(faces: pd.DataFrame, images: Images) -> None:
    augmented = augmented_with(ON_THE_FLY, faces, images)
    training = with_variants(originals(faces, images), augmented, images)
    assert len(training) == 24 + 16
    assert training.epoch_size == 24
    training = replace(training, n_original=None)
    batches = TrainingBatches(training, TrainingParameters(batch_size=7), Procedure(), seed=0)
    rows = faces.set_index("sample_id")["image_index"]
    expected = Counter(range(3, 27)) + Counter(rows[augmented.faces["source_sample_id"]].tolist())
    for epoch in range(2):
        levels = [
            int(image[0, 0, 0])
            for batch in batches.epoch(epoch)
            for image in batch.inputs["images"]
        ]
        assert Counter(levels) == expected


def test_on_the_fly_repeats_are_varied_by_the_strength_of_their_cell(
    faces: pd.DataFrame, images: Images
) -> None:
    augmented = augmented_with(ON_THE_FLY, faces, images)
    training = with_variants(originals(faces, images), augmented, images)
    assert training.columns[STRENGTH].tolist() == pytest.approx([1.0] * 24 + [1.6] * 16)


def test_written_variants_follow_the_originals_with_their_own_images(
    faces: pd.DataFrame, images: Images
) -> None:
    augmented = augmented_with(WRITTEN, faces, images)
    training = with_variants(originals(faces, images), augmented, images)
    assert STRENGTH not in training.columns
    added = training.images[training.image_index[24:]]
    assert (added == augmented.images).all()
    fear = TARGET_COLUMNS.index("target_fear")
    assert (training.targets[24:, fear] == 1).all()


@pytest.mark.parametrize("params", [WRITTEN, ON_THE_FLY])
def test_a_plan_that_adds_nothing_leaves_the_training_faces(
    params: AugmentationParameters, faces: pd.DataFrame, images: Images
) -> None:
    plan = plan_augmentation(faces, params, recall=None).assign(n_to_add=0)
    training = originals(faces, images)
    nothing = augment(faces, images, plan, params, seed=0)
    assert with_variants(training, nothing, images) is training


@pytest.mark.parametrize("change", [{"flip": True}, {"noise": 0.1}, {"erased_share": 0.1}])
def test_on_the_fly_needs_online_augmentation(change: dict[str, float]) -> None:
    off = OnlineAugmentationParameters()
    check_online_augmentation(WRITTEN, off)
    check_online_augmentation(ON_THE_FLY, OnlineAugmentationParameters.model_validate(change))
    with pytest.raises(InvalidInputError, match=r"every range of fine_tuning\.training\.online"):
        check_online_augmentation(ON_THE_FLY, off)


def test_on_the_fly_needs_a_strength_in_every_tier() -> None:
    flip = OnlineAugmentationParameters(flip=True)
    tiers = {"mild": SeverityTier(below=0.5, strength=0.0), "on_the_fly_base": 0.0}
    check_online_augmentation(ON_THE_FLY.model_copy(update={"on_the_fly_base": 0.0}), flip)
    with pytest.raises(InvalidInputError, match="strength of a tier are 0"):
        check_online_augmentation(ON_THE_FLY.model_copy(update=tiers), flip)
