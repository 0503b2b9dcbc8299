"""The fabricated datasets in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_fairness.fabrication.drawing import Mode, draw, draw_landmarks, draw_not_a_face
from fer_fairness.fabrication.expressions import express
from fer_fairness.fabrication.face import sample_face, sample_view
from fer_fairness.fabrication.people import Person
from fer_fairness.fabrication.planting import SplitPlan, generator, plant
from fer_fairness.fabrication.votes import CHOICES, vote, vote_not_a_face
from fer_fairness.params.fabrication import FabricationParameters
from fer_fairness.progress import track

FAIRFACE_CLASS_SHARES: Final = {
    "neutral": 0.45,
    "happiness": 0.4,
    "surprise": 0.08,
    "sadness": 0.07,
}
"""What people in everyday photographs show; FairFace records no emotion."""


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


def _plans(params: FabricationParameters, layout: str) -> list[SplitPlan]:
    if layout == "fer_plus":
        fer = params.fer_plus
        sizes = {"train": fer.train, "validation": fer.validation, "test": fer.test}
        shares = fer.class_shares
    elif layout == "raf_db":
        sizes = {"train": params.raf_db.train, "test": params.raf_db.test}
        shares = params.raf_db.class_shares
    else:
        sizes = {"train": params.fairface.train, "test": params.fairface.val}
        shares = FAIRFACE_CLASS_SHARES
    labelled = layout != "fairface"
    return [SplitPlan(layout, split, n, shares, labelled) for split, n in sizes.items()]


def _with_votes(truth: pd.DataFrame, params: FabricationParameters) -> pd.DataFrame:
    """Add to one split of FER+ what only FER+ has: votes, rows without a face."""
    split = str(truth["split"].iloc[0])
    rng = generator(params.seed, "fer_plus", split, "layout")
    uniform = rng.random((len(truth), 2))
    no_face = uniform[:, 0] < params.fer_plus.not_a_face_share
    ambiguous = (uniform[:, 1] < params.fer_plus.ambiguous_share) & ~no_face
    votes = [
        vote_not_a_face()
        if no_face[row]
        else vote(
            str(emotion),
            generator(params.seed, "fer_plus", split, "layout", row),
            ambiguous=bool(ambiguous[row]),
        )
        for row, emotion in enumerate(truth["labelled_emotion"])
    ]
    names = [f"votes_{name}" for name in (*CHOICES[:-1], "not_a_face")]
    truth = truth.assign(not_a_face=no_face, ambiguous=ambiguous)
    of_people = ["gender", "race", "age_group", "true_emotion", "labelled_emotion"]
    truth[of_people] = truth[of_people].mask(truth["not_a_face"])
    truth["mislabelled"] &= ~no_face
    truth["quality_loss"] = truth["quality_loss"].where(~truth["not_a_face"], 0.0)
    return truth.join(pd.DataFrame(np.stack(votes), columns=names, index=truth.index))


def _fer_plus_names(truth: pd.DataFrame, seed: int) -> list[str]:
    """Names whose numbers rise with gaps, so that a number is not the index of its row."""
    gaps = generator(seed, "fer_plus", "train", "layout", 0, 0).random(len(truth)) < 0.03
    numbers = np.arange(len(truth)) + np.cumsum(gaps) + 2
    return [
        "" if no_face else f"fer{number:07d}.png"
        for number, no_face in zip(numbers.tolist(), truth["not_a_face"], strict=True)
    ]


def make_truth(params: FabricationParameters, layout: str) -> pd.DataFrame:
    """The truth table of one dataset, without drawing it; see `FabricatedDataset.truth`."""
    plans = _plans(params, layout)
    splits = [plant(plan, params.planted, params.seed) for plan in plans]
    if layout == "fer_plus":
        splits = [_with_votes(truth, params) for truth in splits]
    elif layout == "raf_db":
        for truth in splits:
            rng = generator(params.seed, layout, str(truth["split"].iloc[0]), "layout")
            truth["gender_unsure"] = rng.random(len(truth)) < params.raf_db.unsure_gender_share
    rows = np.concatenate([np.arange(plan.n_faces) for plan in plans])
    truth = pd.concat(splits, ignore_index=True)
    truth.insert(0, "row", np.arange(len(truth)) if layout == "fer_plus" else rows)
    truth.insert(0, "file", _file_names(truth, layout, params.seed))
    truth.insert(0, "sample_id", _sample_ids(truth, layout))
    return truth


def _sample_ids(truth: pd.DataFrame, layout: str) -> list[str]:
    """The names that the readers in `sources` give to the same faces."""
    if layout == "fer_plus":
        return [f"fer_plus_{row:05d}" for row in truth["row"]]
    if layout == "raf_db":
        return [f"raf_db_{name.removesuffix('.jpg')}" for name in truth["file"]]
    places = (name.removesuffix(".jpg").split("/") for name in truth["file"])
    return [f"fairface_{folder}_{int(number):05d}" for folder, number in places]


def _file_names(truth: pd.DataFrame, layout: str, seed: int) -> list[str]:
    if layout == "fer_plus":
        return _fer_plus_names(truth, seed)
    places = zip(truth["split"], truth["row"] + 1, strict=True)
    if layout == "fairface":
        return [f"{'train' if split == 'train' else 'val'}/{row}.jpg" for split, row in places]
    return [f"{split}_{row:0{5 if split == 'train' else 4}d}.jpg" for split, row in places]


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
