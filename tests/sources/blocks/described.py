"""Blocks of parameters as a user writes them, and faces in files for them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from fer_fairness.params.datasets import DatasetBlock
from fer_fairness.sources import RawFaces
from fer_fairness.sources.blocks import read_dataset

SEVEN = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")
"""Folders as FER2013's and SFEW's, in alphabetical order, and the emotions behind them."""
EMOTIONS_OF_SEVEN = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")


def write_face(path: Path, *, side: int = 60) -> None:
    """A picture of noise, which no other path has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(place * letter for place, letter in enumerate(str(path).encode(), start=1))
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def read(folder: Path, *, seed: int = 0, **block: Any) -> RawFaces:
    """What is read of the dataset `mine`, whose block this is."""
    return read_dataset(folder, DatasetBlock.model_validate({"name": "mine", **block}), seed)


def counts(faces: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Number of faces by split and emotion."""
    return dict(faces.value_counts(["split", "emotion"]))
