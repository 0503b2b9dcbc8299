from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.embedding import held_out_mask
from fer_fairness.embedding.group_labels import HEADS, group_targets, split_faces
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
        faces, images = fairface(100)
        faces.loc[:9, "split"] = "test"
        faces.loc[10:19, "excluded_reason"] = "constant image"
        faces.loc[20:29, ["gender", "race", "age_group"]] = None
        training, held_out = split_faces(faces, images, small, 0)
        used = np.concatenate([training.image_index, held_out.image_index])
        np.testing.assert_array_equal(np.sort(used), np.arange(30, 100))

    def test_without_faces_the_message_says_what_to_do(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, _ = fairface(100)
        faces["split"] = "test"
        with pytest.raises(InvalidInputError, match=r"Only 0 of 100 faces .*data/01_raw/fairface"):
            held_out_mask(faces, small, 0)


class TestGroupTargets:
    def test_each_attribute_has_one_group_and_a_missing_label_none(self, fairface: Maker) -> None:
        faces, _ = fairface(80)
        faces.loc[faces.index % 2 == 0, "race"] = None
        targets = group_targets(faces)
        assert targets.shape == (80, 18)
        assert targets.dtype == np.float32
        races, genders = targets[:, :7], targets[:, 7:9]
        np.testing.assert_array_equal(races.sum(axis=1), np.arange(80) % 2)
        for groups, values in ((HEADS["race"], races), (HEADS["gender"], genders)):
            attribute = "race" if values is races else "gender"
            labelled = values.any(axis=1)
            named = np.array(groups)[values.argmax(axis=1)]
            assert (named[labelled] == faces[attribute].to_numpy()[labelled]).all()

    def test_an_unknown_label_is_named(self, fairface: Maker) -> None:
        faces, _ = fairface(80)
        faces["race"] = "caucasian"
        with pytest.raises(InvalidInputError, match=r"has race 'caucasian'.*middle_eastern"):
            group_targets(faces)


class TestUnreadable:
    def test_faces_without_image_are_in_neither_part_and_move_no_other(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, images = fairface(100)
        whole = split_faces(faces, images, small, 0)
        parts = split_faces(faces, images, small, 0, unreadable=[3, 50, 77])
        for before, after in zip(whole, parts, strict=True):
            expected = [index for index in before.image_index if index not in (3, 50, 77)]
            assert after.image_index.tolist() == expected

    def test_a_part_without_images_is_an_error(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, images = fairface(100)
        held_out = np.flatnonzero(held_out_mask(faces, small, 0)).tolist()
        with pytest.raises(InvalidInputError, match=r"on 75, .* held out 0 .*; 25 have none"):
            split_faces(faces, images, small, 0, unreadable=held_out)
