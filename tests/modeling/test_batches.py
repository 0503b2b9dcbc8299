from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling import Procedure, TrainingSet
from fer_fairness.modeling.batches import Batch, TrainingBatches, mixed, pasted
from fer_fairness.modeling.distillation import Teaching
from fer_fairness.modeling.training_set import GROUP, STRENGTH, WEIGHT, StackedImages
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters

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
    return [
        float(image[0, 0, 0]) for batch in batches.epoch(epoch) for image in batch.inputs["images"]
    ]


@given(n=st.integers(1, 30), epoch=st.integers(0, 5))
def test_every_face_comes_once_an_epoch_with_its_own_target(n: int, epoch: int) -> None:
    batches = TrainingBatches(numbered(n), PLAIN, Procedure(), seed=1)
    assert sorted(order(batches, epoch)) == list(range(n))
    assert len(list(batches.epoch(epoch))) == len(batches)
    for batch in batches.epoch(epoch):
        assert batch.inputs["images"].dtype == np.uint8
        assert np.array_equal(batch.inputs["images"][:, 0, 0, 0] % 8, batch.targets.argmax(axis=1))


def test_order_depends_on_seed_and_epoch_alone() -> None:
    batches = TrainingBatches(numbered(30), PLAIN, Procedure(), seed=1)
    assert order(batches, 3) == order(TrainingBatches(numbered(30), PLAIN, Procedure(), seed=1), 3)
    assert order(batches, 3) != order(batches, 4)
    assert order(batches, 3) != order(TrainingBatches(numbered(30), PLAIN, Procedure(), seed=2), 3)


def test_memory_mapped_images_are_read_by_index(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.asarray(numbered(20).images))
    images = np.load(tmp_path / "images.npy", mmap_mode="r")
    targets = np.full((3, 8), 1 / 8, np.float32)
    part = TrainingSet(images=images, image_index=np.array([7, 2, 19]), targets=targets)
    assert sorted(order(TrainingBatches(part, PLAIN, Procedure(), seed=0), 0)) == [2, 7, 19]


def test_without_augmentation_images_stay_as_they_are() -> None:
    batch = next(TrainingBatches(numbered(4), PLAIN, Procedure(), seed=0).epoch(0))
    assert list(batch.inputs) == ["images"]


def test_changes_depend_on_seed_epoch_and_strength() -> None:
    params = TrainingParameters(
        batch_size=4, online_augmentation=OnlineAugmentationParameters(rotation_degrees=20)
    )

    def drawn(seed: int, epoch: int, strength: float = 1.0) -> np.ndarray:
        part = numbered(8)
        part = replace(part, columns={STRENGTH: np.full(8, strength, np.float32)})
        batches = TrainingBatches(part, params, Procedure(), seed=seed).epoch(epoch)
        return np.concatenate([batch.inputs["affine"] for batch in batches])

    assert np.array_equal(drawn(0, 1), drawn(0, 1))
    assert not np.array_equal(drawn(0, 1), drawn(0, 2))
    assert not np.array_equal(drawn(0, 1), drawn(1, 1))
    assert np.allclose(drawn(0, 1, strength=0.0), [1, 0, 0, 0, 1, 0, 0, 0])


@pytest.mark.parametrize(("asked", "weaker"), [(0, 0), (2, 2), (9, 3)])
def test_the_last_epochs_at_most_half_change_images_less(asked: int, weaker: int) -> None:
    params = TrainingParameters(
        batch_size=8,
        max_epochs=6,
        weaker_epochs=asked,
        weaker_strength=0.25,
        online_augmentation=OnlineAugmentationParameters(shift_share=0.4),
    )
    plain = params.model_copy(update={"weaker_epochs": 0})
    for epoch in range(6):
        found, full = (
            next(TrainingBatches(numbered(8), one, Procedure(), seed=0).epoch(epoch)).inputs
            for one in (params, plain)
        )
        strength = 0.25 if epoch >= 6 - weaker else 1.0
        # Columns 2 and 5 are where the top left pixel comes from.
        np.testing.assert_allclose(
            found["affine"][:, [2, 5]], strength * full["affine"][:, [2, 5]], rtol=1e-5
        )


def test_mixed_targets_are_mixed_like_their_images() -> None:
    params = PLAIN.model_copy(update={"mixup_alpha": 0.4})
    for batch in TrainingBatches(numbered(8), params, Procedure(), seed=0).epoch(0):
        share, partner = batch.inputs["mixing_share"], batch.inputs["partner"]
        assert share.min() >= 0.5
        whole = np.eye(8, dtype=np.float32)[batch.inputs["images"][:, 0, 0, 0] % 8]
        expected = share[:, None] * whole + (1 - share[:, None]) * whole[partner]
        np.testing.assert_allclose(batch.targets, expected, rtol=1e-6)


def test_what_teachers_say_stays_with_its_face_and_is_mixed_like_its_label() -> None:
    certain = Teaching(np.log(np.maximum(numbered(8).targets, 1e-6))[None], has_views=False)
    for batch in TrainingBatches(numbered(8), PLAIN, Procedure(), seed=0, teaching=certain).epoch(
        0
    ):
        np.testing.assert_allclose(np.exp(batch.inputs["teacher_logits"]), batch.targets, atol=1e-5)
    params = PLAIN.model_copy(update={"mixup_alpha": 0.4})
    for batch in TrainingBatches(numbered(8), params, Procedure(), seed=0, teaching=certain).epoch(
        0
    ):
        assert (batch.inputs["mixing_share"] < 1).any()
        np.testing.assert_allclose(np.exp(batch.inputs["teacher_logits"]), batch.targets, atol=1e-5)


def test_a_face_of_weight_zero_counts_for_nothing_in_a_mixture_either() -> None:
    params = PLAIN.model_copy(update={"mixup_alpha": 0.4})
    weights = np.array([0, 2] * 4, np.float32)
    part = replace(numbered(8), columns={WEIGHT: weights})
    seen = 0.0
    for batch in TrainingBatches(part, params, Procedure(), seed=0).epoch(0):
        assert batch.sample_weight is not None
        of_zero_weight = batch.targets[:, ::2].sum(axis=1)
        assert of_zero_weight[batch.sample_weight > 0].max(initial=0.0) == 0.0
        share, partner = batch.inputs["mixing_share"], batch.inputs["partner"]
        own = weights[batch.inputs["images"][:, 0, 0, 0]]
        expected = share * own + (1 - share) * own[partner]
        np.testing.assert_allclose(batch.sample_weight, expected, rtol=1e-6)
        seen += float(batch.sample_weight.sum())
    assert seen > 0


def test_order_and_changes_come_from_different_streams() -> None:
    changed = PLAIN.model_copy(
        update={"online_augmentation": OnlineAugmentationParameters(contrast=0.5)}
    )
    assert order(TrainingBatches(numbered(30), changed, Procedure(), seed=1), 3) == order(
        TrainingBatches(numbered(30), PLAIN, Procedure(), seed=1), 3
    )
    first = next(TrainingBatches(numbered(30), changed, Procedure(), seed=1).epoch(3)).inputs[
        "tone"
    ]
    uniform = np.random.default_rng([1, 3]).random((4, 12))
    assert not np.allclose(first[:, 0], 1 + (2 * uniform[:, 5] - 1) * 0.5)


def test_shares_of_the_classes_are_weighted() -> None:
    part = numbered(2)
    assert part.class_shares()[:3].tolist() == [0.5, 0.5, 0.0]
    weighted = replace(part, columns={WEIGHT: np.array([3.0, 1.0], np.float32)})
    assert weighted.class_shares()[:3].tolist() == [0.75, 0.25, 0.0]


def test_extended_set_keeps_each_face_with_its_target_and_weight() -> None:
    first, second = numbered(3), numbered(10)
    part = TrainingSet(
        images=second.images,
        image_index=np.array([9, 8]),
        targets=second.targets[[9, 8]],
        columns={WEIGHT: np.array([2.0, 3.0], np.float32)},
    )
    joined = first.extended(part)
    assert joined.images[joined.image_index][:, 0, 0, 0].tolist() == [0, 1, 2, 9, 8]
    assert joined.columns[WEIGHT].tolist() == [1, 1, 1, 2, 3]
    assert np.array_equal(joined.targets, np.concatenate([first.targets, part.targets]))
    assert joined.epoch_size == 3
    assert not first.extended(numbered(2)).columns


def test_joined_images_are_read_like_one_array() -> None:
    parts = [np.asarray(numbered(3).images), np.asarray(numbered(5).images) + 100]
    joined, stacked = np.concatenate(parts), StackedImages(parts)
    assert stacked.shape == joined.shape
    rows = np.random.default_rng(0).integers(0, 8, 40)
    assert np.array_equal(stacked[rows], joined[rows])
    assert np.shares_memory(stacked._parts[0], parts[0])
    again = StackedImages([stacked, parts[0]])
    assert np.array_equal(again[np.array([10, 4])], np.stack([parts[0][2], parts[1][1]]))


def test_images_of_other_sizes_cannot_be_joined(toy: Callable[..., TrainingSet]) -> None:
    with pytest.raises(InvalidInputError, match=r"shapes \[\(2, 2, 1\), \(8, 8, 1\)\]"):
        numbered(3).extended(toy())


GOOD: dict[str, Any] = {
    "images": np.zeros((3, 2, 2, 1), np.uint8),
    "image_index": np.arange(3),
    "targets": np.full((3, 8), 1 / 8, np.float32),
    "columns": {WEIGHT: np.ones(3, np.float32)},
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
        (
            "targets",
            np.full((3, 8), -1, np.float32),
            "Leave out faces without target. 3 of 3 rows are wrong",
        ),
        ("columns", {GROUP: np.array([0, -2, 1], np.int32)}, "group of row 1 is -2"),
        ("columns", {GROUP: np.zeros(3)}, "expected int32"),
        ("targets", np.full((3, 8), np.nan, np.float32), "row 0"),
        ("columns", {WEIGHT: np.ones(2, np.float32)}, r"of shape \(3,\)"),
        ("columns", {WEIGHT: np.array([1, -1, 1], np.float32)}, "row 1 is -1.0"),
        ("columns", {WEIGHT: np.array([1, 1, np.nan], np.float32)}, "row 2 is nan"),
        ("columns", {STRENGTH: np.array([1, -1, 1], np.float32)}, "strength of row 1 is -1.0"),
        ("columns", {STRENGTH: np.ones(3)}, "type float64"),
        ("columns", {WEIGHT: np.zeros(3, np.float32)}, "All sample weights are 0"),
    ],
)
def test_unusable_sets_are_refused_with_what_was_found(name: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        TrainingSet(**{**GOOD, name: value})


def test_an_epoch_is_as_long_as_before_faces_were_added() -> None:
    first, many = numbered(8), numbered(40)
    joined = first.extended(TrainingSet(many.images, np.arange(8, 40), many.targets[8:]))
    batches = TrainingBatches(joined, PLAIN, Procedure(), seed=0)
    assert len(batches) == len(TrainingBatches(first, PLAIN, Procedure(), seed=0)) == 2
    seen = order(batches, 0)
    assert len(set(seen)) == len(seen) == 8
    assert max(order(batches, 0) + order(batches, 1)) >= 8, "added faces are shown too"


@pytest.mark.parametrize("steps", [1, 5])
def test_steps_of_an_epoch_are_those_asked_for(steps: int) -> None:
    params = PLAIN.model_copy(update={"steps_per_epoch": steps})
    batches = TrainingBatches(numbered(8), params, Procedure(), seed=0)
    assert len(batches) == len(list(batches.epoch(0))) == steps
    seen = order(batches, 0)
    assert len(seen) == 4 * steps
    assert set(seen[:8]) <= set(range(8))
    assert steps < 5 or sorted(seen[:8]) == list(range(8)), "each once before any comes again"


def test_columns_stay_with_their_faces() -> None:
    part = replace(
        numbered(8),
        columns={GROUP: np.array([0, 1, 2, -1] * 2, np.int32), "rank": np.arange(8.0, dtype="f4")},
    )
    for batch in TrainingBatches(part, PLAIN, Procedure(), seed=0).epoch(0):
        number = batch.inputs["images"][:, 0, 0, 0].astype(int)
        assert np.array_equal(batch.inputs["rank"], number)
        assert np.array_equal(batch.inputs[GROUP], np.array([0, 1, 2, -1])[number % 4])
        assert WEIGHT not in batch.inputs


def test_a_procedure_decides_order_and_mixture() -> None:
    class Backwards(Procedure):
        def order(self, training: TrainingSet, _: np.random.Generator) -> np.ndarray:
            return np.arange(len(training))[::-1]

        def mix(self, batch: Batch, *_: object) -> Batch:
            halves = np.full(len(batch.targets), 0.5, np.float32)
            return mixed(batch, halves, np.arange(len(batch.targets), dtype=np.int32)[::-1])

    batches = TrainingBatches(numbered(8), PLAIN, Backwards(), seed=0)
    assert order(batches, 0) == list(range(8))[::-1]
    for batch in batches.epoch(0):
        np.testing.assert_allclose(batch.targets, batch.targets[::-1])


@pytest.mark.parametrize("weight", [None, np.array([1.0, 3.0, 0.0], np.float32)])
def test_what_is_pasted_counts_like_what_is_mixed_in_the_share_of_its_area(
    weight: np.ndarray | None,
) -> None:
    teachers = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    images = np.zeros((3, 4, 10, 1), np.uint8)
    targets = np.array([[1, 0], [0.5, 0.5], [0, 1]], np.float32)
    batch = Batch({"images": images, "teacher_logits": teachers}, targets, weight)
    partner = np.array([1, 2, 0], np.int32)
    box = np.array([[0, 4, 0, 10], [1, 3, 0, 5], [2, 2, 3, 9]])
    found = pasted(batch, box, partner)
    expected = mixed(batch, np.array([0.0, 0.75, 1.0], np.float32), partner)
    np.testing.assert_allclose(found.targets, expected.targets)
    for name in ("teacher_logits", "partner"):
        np.testing.assert_allclose(found.inputs[name], expected.inputs[name])
    if weight is not None:
        np.testing.assert_allclose(found.sample_weight, [3.0, 2.25, 0.0])  # type: ignore[arg-type]
    assert "mixing_share" not in found.inputs


def test_an_order_without_rows_is_refused() -> None:
    class Nothing(Procedure):
        def order(self, _training: TrainingSet, _generator: np.random.Generator) -> np.ndarray:
            return np.empty(0, np.int64)

    with pytest.raises(TrainingError, match=r"Nothing\.order gives no rows"):
        next(TrainingBatches(numbered(8), PLAIN, Nothing(), seed=0).epoch(0))


@pytest.mark.parametrize("name", ["gamma", "images", "partner", "pasted_box"])
def test_columns_cannot_have_the_names_of_images_and_their_changes(name: str) -> None:
    part = replace(numbered(8), columns={name: np.ones(8, np.float32)})
    with pytest.raises(InvalidInputError, match=f"columns called \\['{name}'\\]"):
        TrainingBatches(part, PLAIN, Procedure(), seed=0)
