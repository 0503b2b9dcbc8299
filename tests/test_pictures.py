import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fer_fairness import pictures
from fer_fairness.embedding.image_decoding import decode_or_problem
from fer_fairness.params.data_processing import SourceParameters
from fer_fairness.params.embedding import ImageCondition
from fer_fairness.pictures import FORMATS, picture_or_problem, upright, without_warnings
from fer_fairness.sources.base import DamageRecord
from fer_fairness.sources.image_files.images import decode_listed

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n{} loop\n"
AS_FER_PLUS = ImageCondition(side_px=48, colour=False)


def raw_reader(path: Path) -> np.ndarray | str:
    """What the readers of datasets make of a file."""
    record = DamageRecord("test")
    params = SourceParameters(max_damaged_share=1.0)
    decoded = decode_listed([path], [("labels.csv", 1, "")], record, params, n_rows=1)
    if record.damages:
        return record.damages[0].reason.removeprefix("the image is unreadable: ")
    return decoded.images[0, :, :, 0]


def embedder(path: Path) -> np.ndarray | str:
    """What an embedder is given of a file, in the condition of FER+."""
    found = decode_or_problem(path, AS_FER_PLUS)
    return found if isinstance(found, str) else found[:, :, 0]


@pytest.fixture(params=[raw_reader, embedder])
def read(request: pytest.FixtureRequest) -> Callable[[Path], np.ndarray | str]:
    reader: Callable[[Path], np.ndarray | str] = request.param
    return reader


Read = Callable[[Path], np.ndarray | str]


def half_white(mode: str = "L") -> Image.Image:
    """White above, black below: a turn shows."""
    pixels = np.zeros((60, 60), dtype=np.uint8)
    pixels[:30] = 255
    return Image.fromarray(pixels).convert(mode)


class TestOneDecoderForAllReaders:
    @pytest.mark.parametrize("form", ["png", "jpg", "webp", "tiff"])
    @pytest.mark.parametrize(("turn", "white"), [(3, np.s_[30:]), (6, np.s_[:, 30:])])
    def test_a_picture_is_turned_as_its_exif_says(
        self, read: Read, form: str, turn: int, white: object, tmp_path: Path
    ) -> None:
        exif = Image.Exif()
        exif[0x0112] = turn
        half_white("RGB").save(tmp_path / f"a.{form}", exif=exif)
        face = read(tmp_path / f"a.{form}")
        assert isinstance(face, np.ndarray)
        assert face[white].mean() > 250  # type: ignore[call-overload]

    def test_transparent_parts_are_white(self, read: Read, tmp_path: Path) -> None:
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(tmp_path / "a.png")
        assert np.all(read(tmp_path / "a.png") == 255)

    @pytest.mark.parametrize(
        ("pixels", "form"),
        [
            (np.full((50, 50), 40_000, np.uint16), "png"),
            (np.full((50, 50), 40_000, np.uint16), "tiff"),
            (np.full((50, 50), 4_000, np.uint16), "pgm"),
            (np.full((50, 50), 70_000, np.int32), "tiff"),
            (np.full((50, 50), 0.5, np.float32), "tiff"),
        ],
    )
    def test_more_than_eight_bits_are_not_guessed_at(
        self, read: Read, pixels: np.ndarray, form: str, tmp_path: Path
    ) -> None:
        Image.fromarray(pixels).save(tmp_path / f"a.{form}")
        assert "expected 8 bits a channel: convert it" in str(read(tmp_path / f"a.{form}"))

    def test_sixteen_bits_of_colour_neither(self, read: Read, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(_png(bit_depth=16, colour_type=2, row=b"\x0f\xff" * 150))
        assert "16 bits a channel, expected 8" in str(read(tmp_path / "a.png"))

    def test_sixteen_bits_a_pixel_are_five_or_six_a_channel(
        self, read: Read, tmp_path: Path
    ) -> None:
        (tmp_path / "a.bmp").write_bytes(_bmp_of_16_bits_a_pixel(50))
        face = read(tmp_path / "a.bmp")
        assert isinstance(face, np.ndarray)
        assert face.min() == 255

    def test_what_another_program_draws_is_not_opened(
        self, read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        from PIL import EpsImagePlugin

        monkeypatch.setattr(EpsImagePlugin, "Ghostscript", pytest.fail)
        for name in ("a.png", "a.eps"):
            (tmp_path / name).write_bytes(POSTSCRIPT)
            assert str(read(tmp_path / name)).startswith("the file is none of PNG, JPEG")

    def test_nothing_waits_for_a_pipe(self, read: Read, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "a.png")
        assert read(tmp_path / "a.png") == "it is not a regular file"


class TestSizes:
    """What a file claims is looked at before room is made for it."""

    @pytest.mark.parametrize("name", ["a.png", "a.webp", "a.gif", "a.ppm"])
    def test_a_bomb_is_not_decoded(
        self, name: str, read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        half_white("RGB").save(tmp_path / name)
        monkeypatch.setattr(pictures, "MAX_PIXELS", 3599)
        assert read(tmp_path / name) == "the image claims 60 x 60 pixels"

    @pytest.mark.parametrize("options", [{"lossless": True}, {}, {"save_all": True}])
    def test_the_size_of_a_webp_is_known_before_its_decoder_is_made(
        self, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        half_white("RGBA").resize((61, 50)).save(
            tmp_path / "a.webp", append_images=[half_white("RGBA").resize((61, 50))], **options
        )
        monkeypatch.setattr(pictures, "MAX_PIXELS", 3049)
        monkeypatch.setattr(Image, "open", pytest.fail)
        assert embedder(tmp_path / "a.webp") == "the image claims 61 x 50 pixels"

    def test_a_small_tiff_of_large_tiles_is_not_decoded(self, read: Read, tmp_path: Path) -> None:
        (tmp_path / "a.tiff").write_bytes(_tiff_of_one_tile(60, tile=60_000))
        assert read(tmp_path / "a.tiff") == "the image claims tiles of 60000 x 60000 pixels"

    def test_a_tiff_of_small_tiles_is(self, read: Read, tmp_path: Path) -> None:
        (tmp_path / "a.tiff").write_bytes(_tiff_of_one_tile(60, tile=64))
        assert np.all(read(tmp_path / "a.tiff") == 0)

    def test_a_file_of_many_bytes_is_not_read(self, read: Read, tmp_path: Path) -> None:
        with (tmp_path / "a.webp").open("wb") as file:
            file.truncate(pictures.MAX_FILE_BYTES + 1)
        assert "at most 536,870,912" in str(read(tmp_path / "a.webp"))


class TestDamage:
    @pytest.mark.parametrize(
        "error", [KeyError("x"), AssertionError(), struct.error("cut"), ZeroDivisionError("x")]
    )
    def test_whatever_a_decoder_raises_is_a_reason(self, error: Exception, tmp_path: Path) -> None:
        half_white().save(tmp_path / "a.png")

        def fail(_: Image.Image) -> None:
            raise error

        assert picture_or_problem(tmp_path / "a.png", fail) == (str(error) or "AssertionError")

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_a_damaged_file_is_a_picture_or_a_reason_and_the_same_for_all(
        self, data: st.DataObject, tmp_path: Path
    ) -> None:
        form = data.draw(st.sampled_from(["png", "jpg", "bmp", "gif", "tiff", "webp", "ppm"]))
        path = tmp_path / f"a.{form}"
        half_white("RGB").save(path)
        content = bytearray(path.read_bytes())
        places = st.integers(0, len(content) - 1)
        for place in data.draw(st.lists(places, max_size=5)):
            content[place] = data.draw(st.integers(0, 255))
        path.write_bytes(content[: data.draw(places)] if data.draw(st.booleans()) else content)
        one, other = raw_reader(path), embedder(path)
        assert type(one) is type(other)
        np.testing.assert_array_equal(one, other)


def test_a_picture_of_each_format_opens(tmp_path: Path) -> None:
    for form in FORMATS:
        half_white().save(tmp_path / "a", form)
        with without_warnings():
            picture = picture_or_problem(
                tmp_path / "a", lambda image: upright(image, colour=True, at_least_px=48)
            )
        assert isinstance(picture, Image.Image)
        assert picture.mode == "RGB"


def _png(*, bit_depth: int, colour_type: int, row: bytes) -> bytes:
    """A PNG of 50 rows, each one `row`."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 50, 50, bit_depth, colour_type, 0, 0, 0)
    pixels = zlib.compress((b"\0" + row) * 50)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


def _bmp_of_16_bits_a_pixel(side: int) -> bytes:
    """A white BMP with 5, 6 and 5 bits a channel."""
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    pixels = b"\xff\xff" * side * side
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 16, 3, len(pixels), 0, 0, 0, 0)
    start = 14 + len(info) + len(masks)
    return struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + info + masks + pixels


def _tiff_of_one_tile(side: int, *, tile: int) -> bytes:
    """A black grey TIFF in one compressed tile, of which the beginning is there."""
    pixels = zlib.compress(bytes(min(tile * tile, 4_000_000)))
    tags = [(256, side), (257, side), (258, 8), (259, 8), (262, 1), (277, 1)]
    tags += [(322, tile), (323, tile), (324, 8 + 2 + 12 * 10 + 4), (325, len(pixels))]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + pixels
