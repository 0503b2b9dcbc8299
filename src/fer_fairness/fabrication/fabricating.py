"""The fabricated datasets in memory."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_fairness.fabrication.drawing import draw, draw_landmarks, draw_not_a_face
from fer_fairness.fabrication.expressions import express
from fer_fairness.fabrication.face import Person, sample_face, sample_view
from fer_fairness.fabrication.layouts import LAYOUTS, FabricatedDataset, Layout
from fer_fairness.fabrication.planting import SplitPlan, generator, plant
from fer_fairness.params.fabrication import FabricationParameters
from fer_fairness.progress import track


def make_truth(params: FabricationParameters, layout: str) -> pd.DataFrame:
    """The truth table of one dataset, without drawing it; see `FabricatedDataset.truth`."""
    of = LAYOUTS[layout]
    shares = of.class_shares(params)
    splits = []
    for split, n_faces in of.split_sizes(params).items():
        people = of.group_shares(params)
        plan = SplitPlan(layout, split, n_faces, shares, of.has_emotions, people, of.races)
        splits.append(of.completed(plant(plan, params.planted, params.seed), params))
    truth = pd.concat(splits, ignore_index=True)
    rows = truth.index if of.numbers_through else truth.groupby("split").cumcount()
    truth.insert(0, "row", rows.to_numpy())
    files, sample_ids = of.names(truth, params.seed)
    truth.insert(0, "file", files)
    truth.insert(0, "sample_id", sample_ids)
    return truth


def draw_person(
    person: Person, emotion: str, quality_loss: float, layout: Layout, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Picture (side, side, channels) and landmarks (5, 2) of one person as a layout shows them."""
    face = sample_face(person, rng)
    expression = express(emotion, rng)
    view = sample_view(layout.framing, quality_loss, rng)
    picture = draw(face, expression, view, rng, size=layout.size, mode=layout.mode)
    return picture, draw_landmarks(face, expression, view, size=layout.size)


def draw_truth(
    truth: pd.DataFrame, layout: str, seed: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Picture and landmarks of each row, decided by the seed and its place in its split alone.

    Args:
        truth: As `make_truth` gives it; a row without a true emotion is drawn without a face.
        layout: Decides side, colours and framing.
        seed: Of the dataset.
    """
    of = LAYOUTS[layout]
    people = zip(truth["gender"], truth["race"], truth["age_group"], strict=True)
    places = zip(truth["split"], truth.groupby("split").cumcount(), strict=True)
    shown = zip(truth["true_emotion"], truth["quality_loss"], strict=True)
    for groups, (split, index), (emotion, loss) in zip(people, places, shown, strict=True):
        rng = generator(seed, layout, split, "pictures", index)
        if pd.isna(emotion):
            yield draw_not_a_face(rng, size=of.size), np.full((5, 2), np.nan)
        else:
            yield draw_person(Person(*groups), emotion, loss, of, rng)


def fabricate_one(params: FabricationParameters, layout: str) -> FabricatedDataset:
    """Draw one dataset; see `fabricate`."""
    truth = make_truth(params, layout)
    of = LAYOUTS[layout]
    channels = 1 if of.mode == "L" else 3
    images = np.empty((len(truth), of.size, of.size, channels), dtype=np.uint8)
    landmarks = np.empty((len(truth), 5, 2))
    pictures = draw_truth(truth, layout, params.seed)
    bar = track(pictures, description=f"drawing {layout}", total=len(truth))
    for number, (picture, points) in enumerate(bar):
        images[number], landmarks[number] = picture, points
    return FabricatedDataset(layout, images, truth, landmarks, params)


def fabricate(params: FabricationParameters) -> dict[str, FabricatedDataset]:
    """Draw every dataset of `LAYOUTS`.

    The same parameters give the same pixels and tables, whatever is drawn before or beside them.

    Args:
        params: Seed, sizes, class shares and planted bias.

    Returns:
        Name of each layout -> its dataset.

    Raises:
        InvalidInputError: Where class shares and planted bias leave nothing to draw.
    """
    return {layout: fabricate_one(params, layout) for layout in LAYOUTS}
