"""Writers of tiny files in exactly the publishers' forms."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

VOTE_HEADER = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)
HAPPY = "0,10,0,0,0,0,0,0,0,0"

Pixels = npt.NDArray[np.uint8]
ImageWriter = Callable[[Path, int], None]


class FerPlusWriter(Protocol):
    def __call__(
        self, usages: Sequence[str], *, codes: Sequence[int] | None = None, icml: bool = False
    ) -> Pixels: ...


@pytest.fixture
def write_image() -> ImageWriter:
    """Writes a grey RGB image of the given side, whose brightness follows from its name."""

    def write(path: Path, side: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        level = sum(path.name.encode()) % 200 + 20
        Image.new("RGB", (side, side), (level, level, level)).save(path)

    return write


@pytest.fixture
def write_fer_plus(tmp_path: Path) -> FerPlusWriter:
    """Writes both csv files of FER+ into `tmp_path`, ten votes for happiness in every row."""

    def write(
        usages: Sequence[str], *, codes: Sequence[int] | None = None, icml: bool = False
    ) -> Pixels:
        pixels = np.random.default_rng(1).integers(0, 256, (len(usages), 2304), dtype=np.uint8)
        codes = codes or [3] * len(usages)
        lines = ["emotion, Usage, pixels" if icml else "emotion,pixels,Usage"]
        for code, usage, row in zip(codes, usages, pixels, strict=True):
            text = " ".join(map(str, row.tolist()))
            lines.append(f"{code},{usage},{text}" if icml else f"{code},{text},{usage}")
        name = "icml_face_data.csv" if icml else "fer2013.csv"
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        votes = [f"{usage},fer{i + 7:07d}.png,{HAPPY}" for i, usage in enumerate(usages)]
        (tmp_path / "fer2013new.csv").write_text("\n".join([VOTE_HEADER, *votes]) + "\n")
        return pixels

    return write
