from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fer_fairness import pictures
from fer_fairness.embedding import ImageFiles, ImageRows, pixel_array
from fer_fairness.embedding.face_images import pixel_block
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import ImageCondition

AS_IT_IS = ImageCondition()
RED = (200, 40, 20)


def decode(path: Path, condition: ImageCondition = AS_IT_IS) -> np.ndarray:
    images, problems = ImageFiles([path]).decode(0, 1, condition)
    assert problems == {}
    image = images[0]
    assert image is not None
    assert image.dtype == np.uint8
    return image


def problem(path: Path) -> str:
    images, problems = ImageFiles([path]).decode(0, 1, AS_IT_IS)
    assert images == [None]
    return problems[0]


def red_png(mode: str) -> Callable[[Path], None]:
    return lambda path: Image.new("RGB", (6, 4), RED).convert(mode).save(path)


class TestKindsOfFiles:
    @pytest.mark.parametrize("mode", ["RGB", "P", "RGBA"])
    def test_colours_of_a_png_survive(self, mode: str, tmp_path: Path) -> None:
        red_png(mode)(tmp_path / "face.png")
        image = decode(tmp_path / "face.png")
        assert image.shape == (4, 6, 3)
        assert np.abs(image.astype(int) - RED).max() <= 45  # a palette of fixed colours is coarse

    def test_cmyk_keeps_its_colours(self, tmp_path: Path) -> None:
        Image.new("RGB", (16, 16), RED).convert("CMYK").save(tmp_path / "face.jpg", quality=95)
        assert np.abs(decode(tmp_path / "face.jpg").astype(int) - RED).max() <= 8

    @pytest.mark.parametrize("mode", ["L", "1"])
    def test_grey_has_three_equal_channels(self, mode: str, tmp_path: Path) -> None:
        Image.new("L", (6, 4), 255).convert(mode).save(tmp_path / "face.png")
        np.testing.assert_array_equal(decode(tmp_path / "face.png"), np.full((4, 6, 3), 255))

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
    def test_transparent_parts_are_white(self, mode: str, tmp_path: Path) -> None:
        picture = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
        picture.putpixel((0, 0), (0, 0, 0, 0))
        picture.convert(mode).save(tmp_path / "face.png")
        assert decode(tmp_path / "face.png")[0, :, 0].tolist() == [255, 0]

    def test_an_image_is_turned_as_its_exif_says(self, tmp_path: Path) -> None:
        picture = Image.new("RGB", (8, 4))
        picture.putpixel((0, 0), RED)
        exif = picture.getexif()
        exif[0x0112] = 6  # to be turned by a quarter, clockwise
        picture.save(tmp_path / "face.png", exif=exif)
        image = decode(tmp_path / "face.png")
        assert image.shape == (8, 4, 3)
        assert tuple(image[0, 3]) == RED

    def test_sixteen_bits_are_not_guessed_at(self, tmp_path: Path) -> None:
        assert "mode I;16" in problem(deep_png(tmp_path))

    def test_floats_are_no_image(self, tmp_path: Path) -> None:
        Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "face.tiff")
        assert "mode F, expected 8 bits a channel" in problem(tmp_path / "face.tiff")


def deep_png(folder: Path) -> Path:
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(folder / "deep.png")
    return folder / "deep.png"


class TestDamagedFiles:
    def test_a_truncated_jpeg_is_listed(self, tmp_path: Path) -> None:
        file = tmp_path / "face.jpg"
        noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(file)
        file.write_bytes(file.read_bytes()[:1500])
        assert "truncated" in problem(file)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (None, "there is no such file"),
            (b"", "the file has no bytes"),
            (
                b"<html>moved</html>",
                "the file is none of PNG, JPEG, BMP, GIF, TIFF, WEBP, PPM, or is damaged",
            ),
        ],
    )
    def test_the_reason_is_told(self, content: bytes | None, reason: str, tmp_path: Path) -> None:
        if content is not None:
            (tmp_path / "face.jpg").write_bytes(content)
        assert problem(tmp_path / "face.jpg") == reason

    def test_a_folder_is_no_image(self, tmp_path: Path) -> None:
        assert problem(tmp_path) != ""

    def test_too_many_pixels_are_not_decoded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pictures, "MAX_PIXELS", 100)
        red_png("RGB")(tmp_path / "small.png")
        Image.new("L", (11, 10)).save(tmp_path / "face.png")
        assert problem(tmp_path / "face.png") == "the image claims 11 x 10 pixels"
        decode(tmp_path / "small.png")

    def test_one_damaged_file_does_not_disturb_the_others(self, tmp_path: Path) -> None:
        paths = [tmp_path / f"{number}.png" for number in range(3)]
        for path in (paths[0], paths[2]):
            red_png("RGB")(path)
        images, problems = ImageFiles(paths).decode(0, 3, AS_IT_IS)
        assert [image is None for image in images] == [False, True, False]
        assert list(problems) == [1]


class TestCondition:
    def test_grey_is_luma_at_the_size_asked_for(self, tmp_path: Path) -> None:
        Image.new("RGB", (90, 60), RED).save(tmp_path / "face.png")
        image = decode(tmp_path / "face.png", ImageCondition(side_px=48, colour=False))
        luma = round(0.299 * RED[0] + 0.587 * RED[1] + 0.114 * RED[2])
        np.testing.assert_array_equal(image, np.full((48, 48, 3), luma))

    def test_a_jpeg_in_the_condition_of_fer_plus_is_what_its_reader_would_make(
        self, tmp_path: Path
    ) -> None:
        generator = np.random.default_rng(0)
        coarse = Image.fromarray(generator.integers(0, 255, (9, 9, 3), np.uint8))
        coarse.resize((224, 224), Image.Resampling.BICUBIC).save(tmp_path / "face.jpg")
        with Image.open(tmp_path / "face.jpg") as picture:
            picture.draft("L", (48, 48))
            small = picture.convert("L").resize((48, 48), Image.Resampling.BILINEAR)
        image = decode(tmp_path / "face.jpg", ImageCondition(side_px=48, colour=False))
        np.testing.assert_array_equal(image[:, :, 0], np.asarray(small))

    def test_a_very_large_image_is_shrunk_in_proportion(self, tmp_path: Path) -> None:
        Image.new("RGB", (3000, 1500), RED).save(tmp_path / "face.png")
        assert decode(tmp_path / "face.png").shape == (512, 1024, 3)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_files_and_rows_of_the_same_pixels_agree(self, channels: int, tmp_path: Path) -> None:
        pixels = np.random.default_rng(0).integers(0, 255, (5, 60, 60, channels), np.uint8)
        for number, face in enumerate(pixels):
            Image.fromarray(face if channels == 3 else face[:, :, 0]).save(
                tmp_path / f"{number}.png"
            )
        files = ImageFiles([tmp_path / f"{number}.png" for number in (3, 0)])
        for condition in (AS_IT_IS, ImageCondition(side_px=20, colour=False)):
            one, _ = files.decode(0, 2, condition)
            other, _ = ImageRows(pixels, np.array([3, 0])).decode(0, 2, condition)
            np.testing.assert_array_equal(np.array(one), np.array(other))


class TestContent:
    def test_bytes_order_and_absence_decide(self, tmp_path: Path) -> None:
        paths = [tmp_path / name for name in ("a.png", "b.png")]
        paths[0].write_bytes(b"one")
        paths[1].write_bytes(b"two")
        first = ImageFiles(paths).content_sha256()
        assert ImageFiles(paths, names=["x", "y"]).content_sha256() == first
        assert ImageFiles(paths[::-1]).content_sha256() != first
        paths[1].write_bytes(b"twp")
        changed = ImageFiles(paths).content_sha256()
        paths[1].unlink()
        assert len({first, changed, ImageFiles(paths).content_sha256()}) == 3

    def test_rows_are_known_by_their_pixels_not_their_place(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 255, (600, 4, 4, 1), np.uint8)
        index = np.arange(300)
        first = ImageRows(pixels, index).content_sha256()
        moved = np.concatenate([pixels[300:], pixels[:300]])
        assert ImageRows(moved, index + 300).content_sha256() == first
        other = pixels.copy()
        other[299, 3, 3, 0] ^= 1
        assert ImageRows(other, index).content_sha256() != first


class TestBadInput:
    @pytest.mark.parametrize(
        "pixels",
        [
            np.zeros((3, 4, 4, 2), np.uint8),
            np.zeros((3, 4, 4), np.uint8),
            np.zeros((3, 4, 4, 1), np.float32),
            np.zeros((3, 4, 4, 3), np.uint16),
        ],
    )
    def test_rows_of_another_kind_are_refused(self, pixels: np.ndarray) -> None:
        with pytest.raises(
            InvalidInputError, match=r"expected (uint8 of shape \(n, h|1 \(grey\) or 3)"
        ):
            ImageRows(pixels, np.arange(3))

    @pytest.mark.parametrize("index", [[10], [-1]])
    def test_an_index_outside_the_images_is_refused(self, index: list[int]) -> None:
        with pytest.raises(InvalidInputError, match="outside the 10 images"):
            ImageRows(np.zeros((10, 4, 4, 1), np.uint8), np.array(index))

    def test_names_for_other_faces_are_refused(self) -> None:
        with pytest.raises(InvalidInputError, match="1 names were given for 2 faces"):
            ImageFiles([Path("a"), Path("b")], names=["a"])

    @pytest.mark.parametrize(
        "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 1), np.uint8), np.zeros((4, 4, 3))]
    )
    def test_a_block_of_other_images_is_refused(self, image: np.ndarray) -> None:
        with pytest.raises(InvalidInputError, match=r"expected uint8 \(height, width, 3\)"):
            pixel_block([image], 4, colour=True)


def test_a_face_is_named_with_its_file() -> None:
    paths: Any = [Path("folder/a.jpg")]
    assert ImageFiles(paths, names=["face-1"]).name(0) == "face-1 (a.jpg)"
    assert ImageFiles(paths).name(0) == "a.jpg"


class TestPixelArray:
    def test_files_become_rows_of_one_size(self, tmp_path: Path) -> None:
        values = list(range(1, 131))
        for value in values:
            Image.new("RGB", (value % 5 + 3, 4), (value, value, value)).save(
                tmp_path / f"{value}.png"
            )
        (tmp_path / "70.png").unlink()
        files = ImageFiles([tmp_path / f"{value}.png" for value in values])
        array, problems = pixel_array(files, side_px=16, colour=True, out_path=tmp_path / "p.npy")
        assert array.dtype == np.uint8
        assert array.shape == (130, 16, 16, 3)
        assert problems == {69: "there is no such file"}
        values[69] = 0
        expected = np.array(values)[:, None, None, None] * np.ones((1, 16, 16, 3), np.uint8)
        np.testing.assert_array_equal(array, expected)
        assert not array.flags.writeable

    def test_grey_rows_come_through_unchanged(self, tmp_path: Path) -> None:
        pixels = np.random.default_rng(0).integers(0, 255, (9, 48, 48, 1), np.uint8)
        array, problems = pixel_array(
            ImageRows(pixels, np.arange(9)),
            side_px=48,
            colour=False,
            out_path=tmp_path / "p.npy",
        )
        assert problems == {}
        np.testing.assert_array_equal(array, pixels)
