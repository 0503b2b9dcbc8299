from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.augmentation import transform_images
from fer_fairness.augmentation.transforms import (
    add_noise,
    blur,
    change_brightness,
    change_contrast,
    change_gamma,
    erase,
    flip,
    warp,
)
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.augmentation import TransformRanges

Images = npt.NDArray[np.uint8]
Batch = npt.NDArray[np.float32]

OFF = {
    "flip": False,
    "rotation_degrees": 0.0,
    "shift_share": 0.0,
    "scale_share": 0.0,
    "brightness": 0.0,
    "contrast": 0.0,
    "gamma": 0.0,
    "blur_sigma": 0.0,
    "noise": 0.0,
    "erased_share": 0.0,
}

image_batches = arrays(np.uint8, st.tuples(st.integers(0, 3), st.just(16), st.just(16), st.just(1)))


def generators(n: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, number)) for number in range(n)]


@pytest.fixture
def images() -> Images:
    return np.random.default_rng(2).integers(0, 256, (6, 48, 48, 1), dtype=np.uint8)


@pytest.fixture
def batch(images: Images) -> Batch:
    return images[..., 0].astype(np.float32)


@settings(deadline=None, max_examples=25)
@given(image_batches)
def test_strength_zero_changes_nothing(images: Images) -> None:
    made = transform_images(images, 0.0, TransformRanges(), generators(len(images)))
    assert (made == images).all()


@settings(deadline=None, max_examples=25)
@given(image_batches)
def test_transforms_turned_off_change_nothing(images: Images) -> None:
    off = TransformRanges.model_validate(OFF)
    assert (transform_images(images, 1.0, off, generators(len(images))) == images).all()


@settings(deadline=None, max_examples=25)
@given(image_batches, st.floats(0, 1), st.integers(0, 2**32))
def test_shape_and_type_are_kept_and_the_seed_decides(
    images: Images, strength: float, seed: int
) -> None:
    first, second = (
        transform_images(images, strength, TransformRanges(), generators(len(images), seed))
        for _ in range(2)
    )
    assert first.dtype == np.uint8
    assert first.shape == images.shape
    assert (first == second).all()


@pytest.mark.parametrize("name", sorted(OFF))
def test_each_transform_alone_changes_images(images: Images, name: str) -> None:
    alone = {name: getattr(TransformRanges(), name)}
    ranges = TransformRanges.model_validate(OFF | alone)
    made = transform_images(images, 1.0, ranges, generators(len(images)))
    assert (made != images).any()


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_boxes_are_erased_in_the_asked_share_of_images(probability: float) -> None:
    images = np.random.default_rng(3).integers(0, 256, (400, 24, 24, 1), dtype=np.uint8)
    ranges = TransformRanges.model_validate(
        OFF | {"erased_share": 0.9, "erased_probability": probability}
    )
    made = transform_images(images, 1.0, ranges, generators(400))
    share = (made != images).any(axis=(1, 2, 3)).mean()
    assert share == pytest.approx(probability, abs=0.06)


def test_a_variant_does_not_depend_on_its_neighbours(images: Images) -> None:
    together = transform_images(images, 0.7, TransformRanges(), generators(6))
    alone = transform_images(images[4:5], 0.7, TransformRanges(), generators(6)[4:5])
    assert (together[4] == alone[0]).all()


def test_more_strength_changes_more() -> None:
    ramp = np.tile(np.linspace(30, 220, 48).astype(np.uint8)[:, None], (40, 1, 48))[..., None]
    weak, strong = (
        np.abs(
            transform_images(ramp, strength, TransformRanges(), generators(40)).astype(int) - ramp
        ).mean()
        for strength in (0.2, 0.9)
    )
    assert weak < strong


def test_flip_mirrors_the_flagged(batch: Batch) -> None:
    flipped = flip(batch, np.array([True] + [False] * 5))
    assert (flipped[0] == batch[0, :, ::-1]).all()
    assert (flipped[1:] == batch[1:]).all()


def test_warp_by_whole_pixels_moves_down_and_right(batch: Batch) -> None:
    shift = np.tile([2 / 48, 3 / 48], (6, 1))
    moved = warp(batch, np.zeros(6), shift, np.ones(6))
    assert_allclose(moved[:, 2:, 3:], batch[:, :-2, :-3], atol=1e-3)


def test_warp_by_a_quarter_turn_is_an_exact_rotation(batch: Batch) -> None:
    turned = warp(batch, np.full(6, 90.0), np.zeros((6, 2)), np.ones(6))
    assert_allclose(turned, np.rot90(batch, axes=(1, 2)), atol=1e-2)


def test_warp_enlarges_about_the_centre() -> None:
    dot = np.zeros((1, 49, 49), dtype=np.float32)
    dot[0, 22:27, 22:27] = 100
    larger = warp(dot, np.zeros(1), np.zeros((1, 2)), np.array([2.0]))
    assert larger.sum() == pytest.approx(4 * dot.sum(), rel=0.05)
    assert_allclose(larger[0], larger[0, ::-1, ::-1], atol=1e-3)


def test_photometric_changes_do_as_they_say(batch: Batch) -> None:
    ones = np.ones(6)
    assert_allclose(change_brightness(batch, 12 * ones) - batch, 12, atol=1e-4)
    half = change_contrast(batch, 0.5 * ones)
    assert_allclose(half.std(axis=(1, 2)), 0.5 * batch.std(axis=(1, 2)), rtol=1e-4)
    assert_allclose(half.mean(axis=(1, 2)), batch.mean(axis=(1, 2)), rtol=1e-4)
    assert_allclose(change_gamma(batch, 2 * ones), batch**2 / 255, rtol=1e-4, atol=1e-3)


def test_blur_smooths_and_noise_has_its_deviation(batch: Batch) -> None:
    assert (blur(batch, np.ones(6)).std(axis=(1, 2)) < batch.std(axis=(1, 2))).all()
    noise = add_noise(batch, np.full(6, 9.0), generators(6)) - batch
    assert noise.std() == pytest.approx(9, rel=0.05)


def test_erase_fills_only_its_box_with_the_mean(batch: Batch) -> None:
    erased = erase(batch, np.tile([0.25, 0.5, 0.25, 0.125], (6, 1)))
    changed = erased != batch
    assert changed[:, 12:24, 24:30].mean() > 0.9
    changed[:, 12:24, 24:30] = False
    assert not changed.any()
    assert_allclose(erased[:, 12, 24], batch.mean(axis=(1, 2)), rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images: (images[..., 0], 0.5, generators(6)), r"shape \(6, 48, 48\)"),
        (lambda images: (images.astype(float), 0.5, generators(6)), "float64"),
        (lambda images: (images, 1.5, generators(6)), "Strength is 1.5"),
        (lambda images: (images, float("nan"), generators(6)), "Strength is nan"),
        (lambda images: (images, [0.5, 0.5], generators(6)), "each of the 6"),
        (lambda images: (images, 0.5, generators(2)), "2 generators for 6 images"),
    ],
)
def test_bad_input_is_refused(
    images: Images,
    change: Callable[[Images], tuple[Images, float, list[np.random.Generator]]],
    message: str,
) -> None:
    given_images, strength, given_generators = change(images)
    with pytest.raises(InvalidInputError, match=message):
        transform_images(given_images, strength, TransformRanges(), given_generators)


@pytest.mark.parametrize(
    "values",
    [{"rotation_degrees": -1}, {"shift_share": 0.6}, {"contrast": 1.0}, {"colour": 0.1}],
)
def test_ranges_out_of_bounds_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        TransformRanges.model_validate(values)
