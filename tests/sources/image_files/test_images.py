import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_fairness import pictures
from fer_fairness.errors import DamagedDataError
from fer_fairness.params.data_processing import SourceParameters
from fer_fairness.sources.base import DamageRecord
from fer_fairness.sources.image_files.images import (
    DecodedImages,
    ImageHeader,
    decode_listed,
    read_headers,
)

NO_PICTURE = "the file is none of PNG, JPEG, BMP, GIF, TIFF, WEBP, PPM, or is damaged"


def decode(paths: list[Path], n_threads: int = 2) -> tuple[DecodedImages, DamageRecord]:
    params = SourceParameters(max_damaged_share=1.0, n_threads=n_threads)
    record = DamageRecord("test")
    places = [("labels.csv", 2 + row, path.name) for row, path in enumerate(paths)]
    return decode_listed(paths, places, record, params, n_rows=len(paths)), record


def read_header(path: Path) -> ImageHeader | str:
    (found,) = read_headers([path], n_threads=1)
    return found


def test_files_of_any_mode_and_size_become_grey_faces_in_their_order(tmp_path: Path) -> None:
    Image.new("RGB", (224, 224), (90, 90, 90)).save(tmp_path / "a.jpg")
    Image.new("L", (48, 48), 17).save(tmp_path / "b.png")
    Image.new("RGBA", (30, 60), (200, 200, 200, 255)).save(tmp_path / "c.png")
    paths = [tmp_path / name for name in ("a.jpg", "b.png", "c.png")]
    decoded, record = decode(paths)
    assert record.damages == []
    assert decoded.images.shape == (3, 48, 48, 1)
    assert decoded.images.dtype == np.uint8
    assert decoded.images[:, 24, 24, 0].tolist() == pytest.approx([90, 17, 200], abs=1)
    assert decoded.readable.all()
    assert decoded.sizes == {"224 x 224": 1, "48 x 48": 1, "30 x 60": 1}


def test_the_number_of_threads_does_not_change_the_result(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    paths = [tmp_path / f"{i}.png" for i in range(8)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (60, 60), dtype=np.uint8)).save(path)
    one, _ = decode(paths, n_threads=1)
    many, _ = decode(paths, n_threads=4)
    np.testing.assert_array_equal(one.images, many.images)


def test_unreadable_files_are_named_and_stop_nothing(tmp_path: Path) -> None:
    good = tmp_path / "good.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    Image.fromarray(noise).save(good)
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "cut.jpg").write_bytes(good.read_bytes()[:3000])
    (tmp_path / "text.jpg").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "folder.jpg").mkdir()
    names = ["empty", "cut", "good", "text", "absent", "folder"]
    paths = [tmp_path / f"{name}.jpg" for name in names]
    decoded, record = decode(paths)
    assert decoded.readable.tolist() == [False, False, True, False, False, False]
    assert decoded.images.shape == (1, 48, 48, 1)
    reasons = [damage.reason.removeprefix("the image is unreadable: ") for damage in record.damages]
    assert reasons[0] == "the file has no bytes"
    assert "truncated" in reasons[1]
    assert reasons[2].startswith("the file is none of PNG, JPEG")
    assert reasons[3] == "there is no such file"
    assert [damage.row for damage in record.damages] == [2, 3, 5, 6, 7]
    assert record.damages[0].value == "empty.jpg"


def test_an_image_that_claims_too_many_pixels_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 100)
    Image.new("L", (20, 20)).save(tmp_path / "a.png")
    _, record = decode([tmp_path / "a.png"])
    assert record.damages[0].reason == "the image is unreadable: the image claims 20 x 20 pixels"
    assert read_header(tmp_path / "a.png") == "the image claims 20 x 20 pixels"


def test_a_header_is_read_without_the_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    noise = np.random.default_rng(0).integers(0, 256, (30, 20), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:100])
    assert read_header(path) == ImageHeader("PNG", 20, 30)


def test_what_is_wrong_with_a_header_is_said_without_the_full_path(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    assert read_header(tmp_path / "empty.jpg") == "the file has no bytes"
    assert read_header(tmp_path / "text.jpg") == NO_PICTURE
    assert read_header(tmp_path / "folder.jpg") == "it is not a regular file"
    assert read_header(tmp_path / "pipe.jpg") == "it is not a regular file"
    assert read_header(tmp_path / "absent.jpg") == "there is no such file"
    problem = read_header(tmp_path / "loop.jpg")
    assert isinstance(problem, str)
    assert str(tmp_path) not in problem


def test_an_image_that_pillow_takes_for_a_bomb_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (1, 1)).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = (20_000).to_bytes(4) * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4)
    path.write_bytes(content)
    assert "400000000 pixels" in str(read_header(path))


def test_no_image_is_opened_where_the_rows_are_damaged_already(tmp_path: Path) -> None:
    record = DamageRecord("test")
    record.add("labels.csv", 2, "x", "the row is damaged")
    with pytest.raises(DamagedDataError, match="1 of 2 rows are damaged") as caught:
        decode_listed([tmp_path], [("", 3, "")], record, SourceParameters(), n_rows=2)
    assert "unreadable" not in str(caught.value)


def test_a_dataset_without_rows_is_refused() -> None:
    with pytest.raises(DamagedDataError, match="hold no rows"):
        decode([])
