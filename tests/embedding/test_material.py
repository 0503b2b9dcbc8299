from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.embedding import held_out_mask
from fer_fairness.embedding.material import degrade, split_faces, varied_batches, vary
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import EmbedderParameters

Maker = Callable[..., tuple[pd.DataFrame, np.ndarray]]


class TestHeldOutMask:
    def test_the_same_seed_holds_out_the_same_faces(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, _ = fairface(100)
        mask = held_out_mask(faces, small, 3)
        np.testing.assert_array_equal(mask, held_out_mask(faces.copy(), small, 3))
        assert (mask != held_out_mask(faces, small, 4)).any()
        assert mask.sum() == 25

    def test_test_excluded_and_unlabelled_faces_are_in_neither_part(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, _ = fairface(100)
        faces.loc[:9, "split"] = "test"
        faces.loc[10:19, "excluded_reason"] = "constant image"
        faces.loc[20:29, ["gender", "race", "age_group"]] = None
        training, held_out = split_faces(faces, small, 0)
        used = np.concatenate([training.image_index, held_out.image_index])
        np.testing.assert_array_equal(np.sort(used), np.arange(30, 100))

    def test_without_faces_the_message_says_what_to_do(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, _ = fairface(100)
        faces["split"] = "test"
        with pytest.raises(InvalidInputError, match=r"Only 0 of 100 faces .*data/01_raw/fairface"):
            held_out_mask(faces, small, 0)


class TestSplitFaces:
    def test_a_missing_label_has_no_weight(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, _ = fairface(80)
        faces.loc[faces.index % 2 == 0, "race"] = None
        training, _ = split_faces(faces, small, 0)
        np.testing.assert_array_equal(training.weights["race"], training.image_index % 2)
        assert training.weights["gender"].all()

    def test_an_unknown_label_is_named(self, fairface: Maker, small: EmbedderParameters) -> None:
        faces, _ = fairface(80)
        faces["race"] = "caucasian"
        with pytest.raises(InvalidInputError, match=r"has race 'caucasian'.*middle_eastern"):
            split_faces(faces, small, 0)


class TestUnreadable:
    def test_faces_without_image_are_in_neither_part_and_move_no_other(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, _ = fairface(100)
        whole = split_faces(faces, small, 0)
        parts = split_faces(faces, small, 0, unreadable=[3, 50, 77])
        for before, after in zip(whole, parts, strict=True):
            expected = [index for index in before.image_index if index not in (3, 50, 77)]
            assert after.image_index.tolist() == expected

    def test_a_part_without_images_is_an_error(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, _ = fairface(100)
        held_out = np.flatnonzero(held_out_mask(faces, small, 0)).tolist()
        with pytest.raises(InvalidInputError, match=r"on 75, .* held out 0 .*; 25 have none"):
            split_faces(faces, small, 0, unreadable=held_out)


def test_a_pass_gives_every_face_once_with_its_own_label(
    fairface: Maker, small: EmbedderParameters
) -> None:
    faces, images = fairface(90)
    training, _ = split_faces(faces, small, 0)
    batches = list(varied_batches(training, images, small, np.random.default_rng(0)))
    assert sum(len(batch) for batch, _, _ in batches) == len(training)
    for batch, codes, _ in batches:
        bright = batch.mean(axis=(1, 2, 3)) > 100
        np.testing.assert_array_equal(codes["gender"] == 1, bright)


class TestVary:
    @settings(deadline=None)
    @given(shift=st.integers(0, 5), seed=st.integers(0, 100))
    def test_every_pixel_comes_from_the_same_image(self, shift: int, seed: int) -> None:
        images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones(
            (1, 12, 10, 1), np.uint8
        )
        varied = vary(images, shift, np.random.default_rng(seed))
        assert varied.dtype == np.uint8
        np.testing.assert_array_equal(varied, images)

    def test_without_shift_an_image_is_itself_or_its_mirror(self) -> None:
        generator = np.random.default_rng(0)
        images = generator.integers(0, 255, size=(40, 8, 8, 1), dtype=np.uint8)
        varied = vary(images, 0, generator)
        same = (varied == images).all(axis=(1, 2, 3))
        mirrored = (varied == images[:, :, ::-1]).all(axis=(1, 2, 3))
        assert (same ^ mirrored).all()
        assert 5 < same.sum() < 35

    def test_a_shift_moves_the_picture_and_repeats_the_edge(self) -> None:
        image = np.zeros((1, 9, 9, 1), np.uint8)
        image[0, 4, 4] = 255
        positions = {
            tuple(np.argwhere(vary(image, 2, np.random.default_rng(seed))[0, :, :, 0])[0])
            for seed in range(300)
        }
        assert positions == {(row, column) for row in range(2, 7) for column in range(2, 7)}


class TestDegrade:
    def test_a_share_becomes_grey_and_loses_detail(self) -> None:
        generator = np.random.default_rng(0)
        images = generator.integers(0, 255, (200, 96, 96, 3), np.uint8)
        degraded = degrade(images, 0.3, generator)
        changed = (degraded != images).any(axis=(1, 2, 3))
        assert 40 < changed.sum() < 80
        grey = degraded[changed].astype(int)
        assert (grey == grey[..., :1]).all()
        assert grey.std(axis=(1, 2)).max() < 0.6 * images[changed].std(axis=(1, 2)).min()

    def test_plain_images_keep_their_brightness(self) -> None:
        images = np.full((3, 96, 96, 1), 77, np.uint8)
        np.testing.assert_array_equal(degrade(images, 1.0, np.random.default_rng(0)), images)

    def test_only_the_share_of_the_parameters_is_degraded(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, _ = fairface(80)
        noise = np.random.default_rng(0).integers(0, 255, (80, 64, 64, 3), np.uint8)
        training, _ = split_faces(faces, small, 0)
        shares = {}
        for share in (0.0, 1.0):
            params = small.model_copy(update={"degraded_share": share})
            batches = varied_batches(training, noise, params, np.random.default_rng(0))
            pixels = np.concatenate([batch for batch, _, _ in batches]).astype(int)
            shares[share] = (pixels == pixels[..., :1]).all(axis=(1, 2, 3)).mean()
        assert shares == {0.0: 0.0, 1.0: 1.0}
