"""Nothing made from a validation or test face reaches training.

Held-out faces are white, training faces dark and noisy. No transform in its default ranges makes a
dark face bright or a white one dark, so that a variant tells by its brightness what it came from.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.augmentation import Augmented, augment, plan_augmentation, with_variants
from fer_fairness.modeling import Procedure, TrainingSet
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.params.augmentation import AugmentationParameters, SeverityTier
from fer_fairness.params.training import TrainingParameters
from fer_fairness.tables import TARGET_COLUMNS

FacesBuilder = Callable[..., pd.DataFrame]
Images = npt.NDArray[np.uint8]
Mode = Literal["written", "on_the_fly"]

MODES: tuple[Mode, Mode] = ("written", "on_the_fly")
BRIGHT = 160


def watermarked(faces: pd.DataFrame) -> Images:
    images = np.random.default_rng(1).integers(0, 40, (len(faces), 48, 48, 1), dtype=np.uint8)
    images[faces["image_index"][faces["split"] != "train"]] = 255
    return images


def parameters(mode: Mode) -> AugmentationParameters:
    strongest = {
        "mild": SeverityTier(below=0.9, strength=1.0),
        "moderate": SeverityTier(below=0.5, strength=1.0),
        "severe": SeverityTier(below=0.2, strength=1.0),
    }
    return AugmentationParameters(
        mode=mode, target_share=1.0, minimum_cell_size=1, max_added_share=9, **strongest
    )


def bright(images: Images) -> npt.NDArray[np.bool_]:
    return np.asarray(images.mean(axis=(1, 2, 3)) > BRIGHT)


def augmented_from(faces: pd.DataFrame, images: Images, mode: Mode, seed: int = 0) -> Augmented:
    params = parameters(mode)
    plan = plan_augmentation(faces, params, recall=None)
    return augment(faces, images, plan, params, seed=seed)


def every_image_of_an_epoch(faces: pd.DataFrame, images: Images, augmented: Augmented) -> Images:
    train = faces[faces["split"] == "train"]
    targets = train[list(TARGET_COLUMNS)].to_numpy(dtype=np.float32)
    originals = TrainingSet(images, train["image_index"].to_numpy(), targets)
    training = replace(with_variants(originals, augmented, images), n_original=None)
    batches = TrainingBatches(training, TrainingParameters(batch_size=16), Procedure(), seed=0)
    return np.concatenate([batch.inputs["images"] for batch in batches.epoch(0)])


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    """Rows of all splits in turn; images in another order than rows."""
    n = 120
    splits = (["train", "validation", "train", "test"] * n)[:n]
    emotions = (["neutral", "neutral", "neutral", "fear", "anger"] * n)[:n]
    return make_faces(splits, emotions, image_index=np.random.default_rng(2).permutation(n))


@pytest.mark.parametrize("mode", MODES)
def test_every_source_is_a_training_face_and_no_pixel_comes_from_another(
    mode: Mode, faces: pd.DataFrame
) -> None:
    images = watermarked(faces)
    assert bright(images).sum() == 60
    augmented = augmented_from(faces, images, mode)
    train = faces[faces["split"] == "train"]
    assert len(augmented.faces) > 20
    assert set(augmented.faces["source_sample_id"]) <= set(train["sample_id"])
    assert not bright(augmented.images).any()
    shown = every_image_of_an_epoch(faces, images, augmented)
    assert len(shown) == len(train) + len(augmented.faces)
    assert not bright(shown).any()


def test_on_the_fly_repeated_images_are_those_of_training_faces(faces: pd.DataFrame) -> None:
    augmented = augmented_from(faces, watermarked(faces), "on_the_fly")
    train = faces.loc[faces["split"] == "train", "image_index"]
    assert augmented.faces["image_index"].isin(train).all()


@pytest.mark.parametrize("mode", MODES)
def test_the_watermark_would_betray_a_leak(mode: Mode, faces: pd.DataFrame) -> None:
    images = watermarked(faces)
    leaking = faces.assign(split="train")
    augmented = augmented_from(leaking, images, mode)
    shown = every_image_of_an_epoch(leaking, images, augmented)
    held_out = set(faces.loc[faces["split"] != "train", "sample_id"])
    leaked = augmented.faces["source_sample_id"].isin(held_out)
    assert leaked.any()
    assert bright(shown).sum() == leaked.sum() + len(held_out)


@settings(max_examples=15)
@given(
    splits=st.lists(st.sampled_from(["train", "validation", "test"]), min_size=30, max_size=30),
    mode=st.sampled_from(MODES),
    seed=st.integers(0, 99),
)
def test_no_division_of_the_faces_lets_a_held_out_one_through(
    make_faces: FacesBuilder, splits: list[str], mode: Mode, seed: int
) -> None:
    emotions = ["neutral"] * 20 + ["fear"] * 6 + ["anger"] * 4
    faces = make_faces(["train", *splits[1:]], emotions)
    images = watermarked(faces)
    augmented = augmented_from(faces, images, mode, seed)
    assert not bright(every_image_of_an_epoch(faces, images, augmented)).any()
