from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.batches import TrainingBatches, flip_and_shift
from fer_fairness.params.modeling import TrainingParameters

PLAIN = TrainingParameters(batch_size=4)


def numbered(n: int) -> TrainingSet:
    """Image k is filled with k."""
    images = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None, None], (n, 2, 2, 1))
    return TrainingSet(
        images=images,
        image_index=np.arange(n),
        targets=np.eye(8, dtype=np.float32)[np.arange(n) % 8],
    )


def order(batches: TrainingBatches, epoch: int) -> list[float]:
    return [float(image[0, 0, 0]) for batch in batches.epoch(epoch) for image in batch.images]


@given(n=st.integers(1, 30), epoch=st.integers(0, 5))
def test_every_face_comes_once_an_epoch_with_its_own_target(n: int, epoch: int) -> None:
    batches = TrainingBatches(numbered(n), PLAIN, seed=1)
    assert sorted(order(batches, epoch)) == list(range(n))
    assert len(list(batches.epoch(epoch))) == len(batches)
    for batch in batches.epoch(epoch):
        assert batch.images.dtype == np.float32
        assert np.array_equal(batch.images[:, 0, 0, 0] % 8, batch.targets.argmax(axis=1))


def test_order_depends_on_seed_and_epoch_alone() -> None:
    batches = TrainingBatches(numbered(30), PLAIN, seed=1)
    assert order(batches, 3) == order(TrainingBatches(numbered(30), PLAIN, seed=1), 3)
    assert order(batches, 3) != order(batches, 4)
    assert order(batches, 3) != order(TrainingBatches(numbered(30), PLAIN, seed=2), 3)


def test_memory_mapped_images_are_read_by_index(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.asarray(numbered(20).images))
    images = np.load(tmp_path / "images.npy", mmap_mode="r")
    targets = np.full((3, 8), 1 / 8, np.float32)
    part = TrainingSet(images=images, image_index=np.array([7, 2, 19]), targets=targets)
    assert sorted(order(TrainingBatches(part, PLAIN, seed=0), 0)) == [2, 7, 19]


def test_without_augmentation_images_stay_as_they_are() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 2)).astype(np.uint8)
    same = flip_and_shift(images, np.random.default_rng(0), random_flip=False, random_shift_px=0)
    assert np.array_equal(same, images)
    assert same.dtype == np.uint8


def test_each_image_is_mirrored_whole_or_not_at_all() -> None:
    images = np.random.default_rng(0).integers(0, 256, (200, 4, 6, 1)).astype(np.uint8)
    seen = flip_and_shift(images, np.random.default_rng(0), random_flip=True, random_shift_px=0)
    kept = (seen == images).all(axis=(1, 2, 3))
    mirrored = (seen == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (kept ^ mirrored).all()
    assert 70 < mirrored.sum() < 130


def test_shifts_cover_the_range_and_repeat_the_border() -> None:
    image = np.arange(25, dtype=np.uint8).reshape(1, 5, 5, 1)
    images = np.repeat(image, 300, axis=0)
    seen = flip_and_shift(images, np.random.default_rng(0), random_flip=False, random_shift_px=1)
    padded = np.pad(image[0, :, :, 0], 1, mode="edge")
    windows = {padded[r : r + 5, c : c + 5].tobytes() for r in range(3) for c in range(3)}
    assert {np.ascontiguousarray(shifted[:, :, 0]).tobytes() for shifted in seen} == windows


def test_extended_set_keeps_each_face_with_its_target_and_weight() -> None:
    first, second = numbered(3), numbered(10)
    part = TrainingSet(
        images=second.images,
        image_index=np.array([9, 8]),
        targets=second.targets[[9, 8]],
        sample_weight=np.array([2.0, 3.0], np.float32),
    )
    joined = first.extended(part)
    assert joined.images[:, 0, 0, 0].tolist() == [0, 1, 2, 9, 8]
    assert joined.sample_weight is not None
    assert joined.sample_weight.tolist() == [1, 1, 1, 2, 3]
    assert np.array_equal(joined.targets, np.concatenate([first.targets, part.targets]))
    assert first.extended(numbered(2)).sample_weight is None


def test_images_of_other_sizes_cannot_be_joined(toy: Callable[..., TrainingSet]) -> None:
    with pytest.raises(InvalidInputError, match=r"\(2, 2, 1\) and \(8, 8, 1\)"):
        numbered(3).extended(toy())


GOOD: dict[str, Any] = {
    "images": np.zeros((3, 2, 2, 1), np.uint8),
    "image_index": np.arange(3),
    "targets": np.full((3, 8), 1 / 8, np.float32),
    "sample_weight": np.ones(3, np.float32),
}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("images", np.zeros((3, 2, 2), np.uint8), r"shape \(3, 2, 2\)"),
        ("images", np.zeros((3, 2, 2, 1), np.float32), "float32: expected uint8"),
        ("image_index", np.array([0, 1, 3]), r"image_index\[2\] is 3, outside the 3 images"),
        ("image_index", np.array([0, -1, 2]), r"image_index\[1\] is -1"),
        ("image_index", np.array([0.0, 1.0, 2.0]), "expected integers"),
        ("image_index", np.arange(0), "no faces"),
        ("targets", np.full((2, 8), 1 / 8, np.float32), r"expected float32 of shape \(3"),
        ("targets", np.full((3, 8), 1 / 8), "type float64"),
        ("targets", np.zeros((3, 8), np.float32), "sum to 1. 3 of 3 rows"),
        ("targets", np.full((3, 8), np.nan, np.float32), "row 0"),
        ("sample_weight", np.ones(2, np.float32), r"of shape \(3,\)"),
        ("sample_weight", np.array([1, -1, 1], np.float32), "row 1 is -1.0"),
        ("sample_weight", np.array([1, 1, np.nan], np.float32), "row 2 is nan"),
        ("sample_weight", np.zeros(3, np.float32), "All sample weights are 0"),
    ],
)
def test_unusable_sets_are_refused_with_what_was_found(
    name: str, value: np.ndarray, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        TrainingSet(**{**GOOD, name: value})
