"""Faces in files: read as a model takes them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign import PictureFiles
from fer_fairness.params.data_processing import SourceParameters
from fer_fairness.sources.base import DamageRecord
from fer_fairness.sources.image_files.images import decode_listed

ALL = np.arange(2)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """A picture in colour that is wider than high, and one that its EXIF turns."""
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    plain, turned = tmp_path / "plain.png", tmp_path / "turned.jpg"
    Image.fromarray(pixels).save(plain)
    sideways = Image.fromarray(pixels).resize((64, 64))
    exif = sideways.getexif()
    exif[0x0112] = 6
    sideways.save(turned, exif=exif, quality=95)
    return [plain, turned]


def test_faces_have_the_size_and_channels_that_are_taken(paths: list[Path]) -> None:
    files = PictureFiles(paths, (32, 40, 3))
    assert files.shape == (2, 32, 40, 3)
    assert files[ALL].shape == files.shape
    expected = np.asarray(Image.open(paths[0]).resize((40, 32), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(files[np.array([0])][0], expected)
    assert "in colour (RGB), and resized to 32 x 40 px" in files.told()


def test_blue_comes_first_where_a_model_takes_it_so(paths: list[Path]) -> None:
    rgb, bgr = PictureFiles(paths, (8, 8, 3)), PictureFiles(paths, (8, 8, 3), "BGR")
    np.testing.assert_array_equal(bgr[ALL], rgb[ALL][..., ::-1])
    assert "(BGR)" in bgr.told()


def test_a_picture_is_turned_as_its_exif_says(paths: list[Path]) -> None:
    found = PictureFiles(paths, (64, 64, 3))[np.array([1])][0]
    as_stored = np.asarray(Image.open(paths[1]))
    np.testing.assert_allclose(found.astype(int), np.rot90(as_stored, -1).astype(int), atol=12)


def test_any_size_is_that_of_the_checked_array_and_so_are_the_pixels(paths: list[Path]) -> None:
    params = SourceParameters(n_threads=1)
    places = [(path.name, None, "") for path in paths]
    checked = decode_listed(paths, places, DamageRecord("mine"), params, n_rows=2).images
    np.testing.assert_array_equal(PictureFiles(paths, (None, None, 1))[ALL], checked)


def test_a_picture_that_is_gone_is_named_with_what_to_do(paths: list[Path]) -> None:
    paths[1].unlink()
    with pytest.raises(InvalidInputError, match=r"turned\.jpg: there is no such file.*put it back"):
        PictureFiles(paths)[ALL]
