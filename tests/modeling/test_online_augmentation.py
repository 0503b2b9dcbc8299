from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.modeling import prepare_backend
from fer_fairness.modeling.online_augmentation import affine, apply_changes, draw_changes
from fer_fairness.params.training import OnlineAugmentationParameters

prepare_backend()

EVERYTHING = OnlineAugmentationParameters(
    flip=True,
    rotation_degrees=20,
    shift_share=0.1,
    scale_share=0.2,
    brightness=0.2,
    contrast=0.4,
    erased_share=0.3,
)


def noise(n: int, side: int = 9) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (n, side, side, 1)).astype(np.float32)


def moved(images: np.ndarray, **change: Any) -> np.ndarray:
    n = len(images)
    values: dict[str, Any] = {
        "mirrored": np.zeros(n, bool),
        "angle_degrees": np.zeros(n),
        "scale": np.ones(n),
        "shift_px": np.zeros((n, 2)),
    }
    coefficients = affine(images.shape[1:3], **{**values, **change}).astype(np.float32)
    return np.asarray(apply_changes(images, {"affine": coefficients}))


def changed(
    images: np.ndarray, strength: float, params: OnlineAugmentationParameters
) -> np.ndarray:
    strengths = np.full(len(images), strength, np.float32)
    drawn = draw_changes(np.random.default_rng(1), images.shape[1:3], strengths, params)
    return np.asarray(apply_changes(images, drawn))


def test_mirroring_reverses_the_columns() -> None:
    images = noise(3)
    mirrored = moved(images, mirrored=np.array([True, False, True]))
    np.testing.assert_allclose(mirrored[[0, 2]], images[[0, 2], :, ::-1], atol=1e-3)
    np.testing.assert_allclose(mirrored[1], images[1], atol=1e-3)


def test_a_quarter_turn_is_that_of_numpy() -> None:
    images = noise(1)
    turned = moved(images, angle_degrees=np.array([90.0]))
    # Rows count downwards, so a turn by +90 degrees runs clockwise or not by convention: it is one
    # of the two quarter turns, and exact.
    assert any(
        np.allclose(turned[0, :, :, 0], np.rot90(images[0, :, :, 0], k), atol=1e-2) for k in (1, 3)
    )


def test_a_shift_moves_right_and_down_and_repeats_the_border() -> None:
    images = noise(1)
    seen = moved(images, shift_px=np.array([[2.0, 1.0]]))[0, :, :, 0]
    padded = np.pad(images[0, :, :, 0], ((1, 0), (2, 0)), mode="edge")[:9, :9]
    np.testing.assert_allclose(seen, padded, atol=1e-3)


def test_scaling_enlarges_about_the_centre() -> None:
    image = np.zeros((1, 9, 9, 1), np.float32)
    image[0, 3:6, 3:6] = 255
    larger = moved(image, scale=np.array([1.8]))
    assert larger.sum() > 2 * image.sum()
    np.testing.assert_allclose(larger, larger[:, ::-1, ::-1], atol=1e-2)


def test_at_strength_zero_nothing_changes() -> None:
    images = noise(20)
    np.testing.assert_allclose(changed(images, 0.0, EVERYTHING), images, atol=1e-2)


@given(seed=st.integers(0, 50), strength=st.floats(0, 2))
def test_draws_stay_within_their_ranges(seed: int, strength: float) -> None:
    strengths = np.full(30, strength, np.float32)
    drawn = draw_changes(np.random.default_rng(seed), (48, 48), strengths, EVERYTHING)
    assert np.abs(drawn["tone"][:, 0] - 1).max() <= 0.4 * strength + 1e-6
    assert np.abs(drawn["tone"][:, 1]).max() <= 0.2 * 255 * strength + 1e-3
    top, bottom, left, right = drawn["box"].T
    assert (drawn["box"] >= 0).all()
    assert max(bottom.max(), right.max()) <= 48 + 1e-3
    assert ((bottom - top) * (right - left)).max() <= 48 * 48 * 0.3 * strength * 1.01 + 1e-3
    determinant = np.abs(np.linalg.det(drawn["affine"][:, [0, 1, 3, 4]].reshape(-1, 2, 2)))
    scale = 1 / np.sqrt(determinant)
    assert np.abs(scale - 1).max() <= 0.2 * strength + 1e-4


def test_strengths_above_one_make_no_negatives_and_push_no_face_out_of_its_picture() -> None:
    params = OnlineAugmentationParameters(contrast=0.9, shift_share=0.5, scale_share=0.9)
    strengths = np.full(500, 2, np.float32)
    drawn = draw_changes(np.random.default_rng(0), (48, 48), strengths, params)
    assert drawn["tone"][:, 0].min() > 0
    scale = 1 / np.hypot(drawn["affine"][:, 0], drawn["affine"][:, 3])
    assert scale.min() >= 0.1 - 1e-6
    to_x = (23.5 - drawn["affine"][:, 2]) / drawn["affine"][:, 0]
    assert np.abs(to_x - 23.5).max() <= 24 + 1e-2


def test_a_box_has_the_mean_of_the_image_after_its_tone_was_changed() -> None:
    images = np.full((40, 24, 24, 1), 100, np.float32)
    params = OnlineAugmentationParameters(brightness=0.3, erased_share=0.5, erased_probability=1.0)
    seen = changed(images, 1.0, params)
    assert np.ptp(seen, axis=(1, 2, 3)).max() < 1e-2
    assert np.ptp(seen.mean(axis=(1, 2, 3))) > 50


def test_boxes_get_the_mean_of_their_image_and_the_rest_stays() -> None:
    params = OnlineAugmentationParameters(erased_share=0.5, erased_probability=1.0)
    images = noise(50, side=24)
    seen = changed(images, 1.0, params)
    erased = seen != images
    assert 0.1 < erased.mean() < 0.4
    means = np.broadcast_to(images.mean(axis=(1, 2, 3), keepdims=True), images.shape)
    np.testing.assert_allclose(seen[erased], means[erased], rtol=1e-4)


def test_the_share_of_erased_images_is_that_asked_for() -> None:
    params = OnlineAugmentationParameters(erased_share=0.5, erased_probability=0.3)
    images = noise(400, side=24)
    touched = (changed(images, 1.0, params) != images).any(axis=(1, 2, 3))
    assert 0.2 < touched.mean() < 0.4


@pytest.mark.parametrize(
    ("params", "names"),
    [
        (OnlineAugmentationParameters(), set()),
        (OnlineAugmentationParameters(flip=True), {"affine"}),
        (OnlineAugmentationParameters(contrast=0.1), {"tone"}),
        (OnlineAugmentationParameters(erased_share=0.1), {"box"}),
        (OnlineAugmentationParameters(erased_share=0.1, erased_probability=0.0), set()),
    ],
)
def test_only_changes_that_are_on_are_drawn(
    params: OnlineAugmentationParameters, names: set[str]
) -> None:
    drawn = draw_changes(np.random.default_rng(0), (8, 8), np.ones(3, np.float32), params)
    assert set(drawn) == names


def test_one_change_does_not_move_the_draws_of_another() -> None:
    tonal = OnlineAugmentationParameters(contrast=0.4, brightness=0.2)
    ones = np.ones(5, np.float32)
    alone, among = (
        draw_changes(np.random.default_rng(0), (8, 8), ones, params)["tone"]
        for params in (tonal, EVERYTHING)
    )
    assert np.array_equal(alone, among)
