from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import ndimage

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import prepare_backend
from fer_fairness.modeling.image_changes import apply_changes, change_images
from fer_fairness.modeling.image_draws import GeneratorPerImage, affine, draw_changes
from fer_fairness.params.image_changes import ImageChanges

prepare_backend()

EVERYTHING = ImageChanges(
    flip=True,
    rotation_degrees=20,
    shift_share=0.1,
    scale_share=0.2,
    brightness=0.2,
    contrast=0.4,
    gamma=0.3,
    blur_sigma=1.0,
    noise=0.04,
    erased_share=0.3,
)
NO_CHANGES = {"erased_probability", "n_operations"}
"""Parameters that change nothing by themselves."""


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


def pixels(n: int, side: int = 48, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (n, side, side, channels), dtype=np.uint8)


def changed(images: np.ndarray, strength: float, params: ImageChanges) -> np.ndarray:
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


@pytest.mark.parametrize("channels", [1, 3])
def test_at_strength_zero_or_with_all_ranges_zero_nothing_changes(channels: int) -> None:
    images = pixels(20, channels=channels)
    everything = EVERYTHING.model_copy(update={"degraded_share": 1.0})
    for strength, params in ((0.0, everything), (1.0, ImageChanges())):
        strengths = np.full(20, strength, np.float32)
        made = change_images(np.random.default_rng(0), images, strengths, params)
        assert made.dtype == np.uint8
        np.testing.assert_array_equal(made, images)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", sorted({*ImageChanges.model_fields} - NO_CHANGES))
def test_each_change_alone_changes_images(name: str, channels: int) -> None:
    params = ImageChanges.model_validate({name: getattr(EVERYTHING, name) or 1.0})
    images = pixels(6, side=64, channels=channels)
    made = change_images(np.random.default_rng(0), images, np.ones(6, np.float32), params)
    assert made.shape == images.shape
    assert (made != images).any()
    assert not params.is_off


def test_an_image_is_changed_in_the_same_way_whichever_are_beside_it() -> None:
    images = pixels(6)
    strengths = np.full(6, 0.7, np.float32)
    together, alone = (
        change_images(
            GeneratorPerImage([np.random.default_rng((5, row)) for row in rows.tolist()]),
            images[rows],
            strengths[rows],
            EVERYTHING,
        )
        for rows in (np.arange(6), np.array([4]))
    )
    np.testing.assert_array_equal(together[4], alone[0])
    assert len({image.tobytes() for image in together}) == 6


def test_more_strength_changes_more() -> None:
    ramp = np.tile(np.linspace(30, 220, 48).astype(np.uint8)[:, None], (40, 1, 48))[..., None]
    weak, strong = (
        np.abs(changed(ramp.astype(np.float32), strength, EVERYTHING) - ramp).mean()
        for strength in (0.2, 0.9)
    )
    assert weak < strong


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
    params = ImageChanges(contrast=0.9, shift_share=0.5, scale_share=0.9)
    strengths = np.full(500, 2, np.float32)
    drawn = draw_changes(np.random.default_rng(0), (48, 48), strengths, params)
    assert drawn["tone"][:, 0].min() > 0
    scale = 1 / np.hypot(drawn["affine"][:, 0], drawn["affine"][:, 3])
    assert scale.min() >= 0.1 - 1e-6
    to_x = (23.5 - drawn["affine"][:, 2]) / drawn["affine"][:, 0]
    assert np.abs(to_x - 23.5).max() <= 24 + 1e-2


def test_a_box_has_the_mean_of_the_image_after_its_tone_was_changed() -> None:
    images = np.full((40, 24, 24, 1), 100, np.float32)
    params = ImageChanges(brightness=0.3, erased_share=0.5, erased_probability=1.0)
    seen = changed(images, 1.0, params)
    assert np.ptp(seen, axis=(1, 2, 3)).max() < 1e-2
    assert np.ptp(seen.mean(axis=(1, 2, 3))) > 50


def test_boxes_get_the_mean_of_their_image_and_the_rest_stays() -> None:
    params = ImageChanges(erased_share=0.5, erased_probability=1.0)
    images = noise(50, side=24)
    seen = changed(images, 1.0, params)
    erased = seen != images
    assert 0.1 < erased.mean() < 0.4
    means = np.broadcast_to(images.mean(axis=(1, 2, 3), keepdims=True), images.shape)
    np.testing.assert_allclose(seen[erased], means[erased], rtol=1e-4)


def test_the_share_of_erased_images_is_that_asked_for() -> None:
    params = ImageChanges(erased_share=0.5, erased_probability=0.3)
    images = noise(400, side=24)
    touched = (changed(images, 1.0, params) != images).any(axis=(1, 2, 3))
    assert 0.2 < touched.mean() < 0.4


def test_gamma_raises_grey_levels_as_shares_to_a_power() -> None:
    images = noise(2)
    seen = np.asarray(apply_changes(images, {"gamma": np.array([[2.0], [1.0]], np.float32)}))
    np.testing.assert_allclose(seen[0], images[0] ** 2 / 255, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(seen[1], images[1], rtol=1e-4, atol=1e-3)


def test_blur_is_that_of_scipy_away_from_the_border_and_keeps_plain_images() -> None:
    images = noise(2, side=31)
    seen = np.asarray(apply_changes(images, {"blur": np.array([[1.3], [0.0]], np.float32)}))
    expected = ndimage.gaussian_filter(images[0, :, :, 0], 1.3, truncate=6.0)
    np.testing.assert_allclose(seen[0, 8:-8, 8:-8, 0], expected[8:-8, 8:-8], atol=0.05)
    np.testing.assert_allclose(seen[1], images[1], atol=1e-3)
    plain = np.full((1, 31, 20, 3), 77, np.float32)
    blurred = np.asarray(apply_changes(plain, {"blur": np.array([[3.0]], np.float32)}))
    np.testing.assert_allclose(blurred, plain, rtol=1e-5)


def test_noise_has_up_to_its_deviation_and_is_the_same_in_all_colours() -> None:
    images = np.full((300, 16, 16, 3), 128, np.float32)
    seen = changed(images, 1.0, ImageChanges(noise=0.04)) - images
    deviations = seen[..., 0].std(axis=(1, 2))
    assert 0 < deviations.min() < 1
    assert deviations.max() == pytest.approx(0.04 * 255, rel=0.15)
    np.testing.assert_array_equal(seen[..., 0], seen[..., 2])


def test_a_share_of_the_images_becomes_grey_and_loses_detail() -> None:
    images = np.random.default_rng(0).uniform(0, 255, (200, 96, 96, 3)).astype(np.float32)
    degraded = changed(images, 1.0, ImageChanges(degraded_share=0.3))
    touched = (degraded != images).any(axis=(1, 2, 3))
    assert 40 < touched.sum() < 80
    grey = degraded[touched]
    assert (grey == grey[..., :1]).all()
    assert grey.std(axis=(1, 2)).max() < 0.6 * images[touched].std(axis=(1, 2)).min()
    plain = np.full((3, 96, 96, 1), 77, np.float32)
    seen = changed(plain, 1.0, ImageChanges(degraded_share=1.0))
    np.testing.assert_allclose(seen, plain, rtol=1e-5)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        (ImageChanges(), set()),
        (ImageChanges(flip=True), {"affine"}),
        (ImageChanges(contrast=0.1), {"tone"}),
        (ImageChanges(gamma=0.1, noise=0.1), {"gamma", "noise"}),
        (ImageChanges(blur_sigma=1, degraded_share=0.5), {"blur", "degraded"}),
        (ImageChanges(erased_share=0.1), {"box"}),
        (ImageChanges(erased_share=0.1, erased_probability=0.0), set()),
    ],
)
def test_only_changes_that_are_on_are_drawn(params: ImageChanges, names: set[str]) -> None:
    drawn = draw_changes(np.random.default_rng(0), (8, 8), np.ones(3, np.float32), params)
    assert set(drawn) == names
    assert params.is_off == (not names)


def test_one_change_does_not_move_the_draws_of_another() -> None:
    tonal = ImageChanges(contrast=0.4, brightness=0.2)
    ones = np.ones(5, np.float32)
    alone, among = (
        draw_changes(np.random.default_rng(0), (8, 8), ones, params)["tone"]
        for params in (tonal, EVERYTHING)
    )
    assert np.array_equal(alone, among)


@pytest.mark.parametrize(
    ("images", "strength", "message"),
    [
        (pixels(6)[..., 0], np.ones(6), r"shape \(6, 48, 48\)"),
        (noise(6), np.ones(6), "type float32"),
        (pixels(6), np.full(6, np.nan), "Strength is .nan"),
        (pixels(6), np.full(6, -0.5), "at least 0"),
        (pixels(6), np.ones(2), "each of the 6"),
    ],
)
def test_bad_input_is_refused(images: np.ndarray, strength: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        change_images(np.random.default_rng(0), images, strength.astype(np.float32), EVERYTHING)


@pytest.mark.parametrize(
    "values",
    [{"rotation_degrees": -1}, {"shift_share": 0.6}, {"contrast": 1.0}, {"colour": 0.1}],
)
def test_ranges_out_of_bounds_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ImageChanges.model_validate(values)
