"""The fabricated datasets in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_fairness.fabrication.drawing import Mode, draw, draw_landmarks, draw_not_a_face
from fer_fairness.fabrication.expressions import express
from fer_fairness.fabrication.face import Person, sample_face, sample_view
from fer_fairness.fabrication.planting import generator
from fer_fairness.fabrication.truth import make_truth
from fer_fairness.params.fabrication import FabricationParameters
from fer_fairness.progress import track


@dataclass(frozen=True)
class Style:
    """How the pictures of a dataset look: side in pixels, colours, framing of the face."""

    size: int
    mode: Mode
    framing: float


STYLES: Final[Mapping[str, Style]] = {
    "fer_plus": Style(48, "L", 0.95),
    "raf_db": Style(100, "RGB", 0.95),
    "fairface": Style(112, "RGB", 0.85),
}
"""FairFace is drawn at half its side and doubled when written."""


@dataclass(frozen=True)
class FabricatedDataset:
    """One fabricated dataset with all that is true about it.

    Attributes:
        layout: `fer_plus`, `raf_db` or `fairface`: whose files `write_dataset` writes.
        images: uint8 (n, side, side, channels): fer_plus (48, 48, 1), raf_db (100, 100, 3),
            fairface (112, 112, 3), doubled when written.
        truth: One row an image, in its order: `sample_id` (as the readers name
            it), `file` (the publisher's name of the picture; empty where FER+ has none), `row`
            (0-based within the dataset for fer_plus, within the split otherwise), dataset, split,
            gender, race, age_group, true_emotion, labelled_emotion,
            mislabelled, quality_loss; for fer_plus also not_a_face, ambiguous and votes_<choice>;
            for raf_db also gender_unsure. Groups and emotions are missing where there is no face.
        landmarks: float64 (n, 5, 2), pixels of `images`: left eye, right eye, nose tip, left and
            right corner of the mouth as they appear.
        parameters: What it was made with.
    """

    layout: str
    images: NDArray[np.uint8]
    truth: pd.DataFrame
    landmarks: NDArray[np.float64]
    parameters: FabricationParameters


def draw_person(
    person: Person, emotion: str, quality_loss: float, style: Style, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Picture (side, side, channels) and landmarks (5, 2) of one person in one dataset's style."""
    face = sample_face(person, rng)
    expression = express(emotion, rng)
    view = sample_view(style.framing, quality_loss, rng)
    picture = draw(face, expression, view, rng, size=style.size, mode=style.mode)
    return picture, draw_landmarks(face, expression, view, size=style.size)


def draw_truth(
    truth: pd.DataFrame, layout: str, seed: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Picture and landmarks of each row, decided by the seed and its place in its split alone.

    Args:
        truth: As `make_truth` gives it; a row without a true emotion is drawn without a face.
        layout: Decides side, colours and framing.
        seed: Of the dataset.
    """
    style = STYLES[layout]
    people = zip(truth["gender"], truth["race"], truth["age_group"], strict=True)
    places = zip(truth["split"], truth.groupby("split").cumcount(), strict=True)
    shown = zip(truth["true_emotion"], truth["quality_loss"], strict=True)
    for groups, (split, index), (emotion, loss) in zip(people, places, shown, strict=True):
        rng = generator(seed, layout, split, "pictures", index)
        if pd.isna(emotion):
            yield draw_not_a_face(rng, size=style.size), np.full((5, 2), np.nan)
        else:
            yield draw_person(Person(*groups), emotion, loss, style, rng)


def fabricate_one(params: FabricationParameters, layout: str) -> FabricatedDataset:
    """Draw one dataset; see `fabricate`."""
    truth = make_truth(params, layout)
    style = STYLES[layout]
    channels = 1 if style.mode == "L" else 3
    images = np.empty((len(truth), style.size, style.size, channels), dtype=np.uint8)
    landmarks = np.empty((len(truth), 5, 2))
    pictures = draw_truth(truth, layout, params.seed)
    bar = track(pictures, description=f"drawing {layout}", total=len(truth))
    for number, (picture, points) in enumerate(bar):
        images[number], landmarks[number] = picture, points
    return FabricatedDataset(layout, images, truth, landmarks, params)


def fabricate(params: FabricationParameters) -> dict[str, FabricatedDataset]:
    """Draw the three datasets.

    The same parameters give the same pixels and tables, whatever is drawn before or beside them.

    Args:
        params: Seed, sizes, class shares and planted bias.

    Returns:
        `fer_plus`, `raf_db` and `fairface`.

    Raises:
        InvalidInputError: Where class shares and planted bias leave nothing to draw.
    """
    return {layout: fabricate_one(params, layout) for layout in STYLES}
