"""The truth tables of the datasets: planted people, the files they stand in, FER+'s votes."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_fairness.fabrication.planting import SplitPlan, generator, plant
from fer_fairness.params.fabrication import FabricationParameters
from fer_fairness.taxonomy import EMOTIONS

FAIRFACE_CLASS_SHARES: Final = {
    "neutral": 0.45,
    "happiness": 0.4,
    "surprise": 0.08,
    "sadness": 0.07,
}
"""What people in everyday photographs show; FairFace records no emotion."""

N_VOTES: Final = 10
CHOICES: Final = (*EMOTIONS, "unknown", "NF")
"""What an annotator can choose, in the order of the columns of fer2013new.csv."""

CONFUSED_WITH: Final = {
    "neutral": ("sadness", "contempt"),
    "happiness": ("neutral", "surprise"),
    "surprise": ("fear", "neutral"),
    "sadness": ("neutral", "fear"),
    "anger": ("disgust", "neutral"),
    "disgust": ("anger", "sadness"),
    "fear": ("surprise", "sadness"),
    "contempt": ("neutral", "disgust"),
}
"""What the votes that miss a label go to; an ambiguous face is split with the first."""


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


def vote(emotion: str, rng: np.random.Generator, *, ambiguous: bool) -> NDArray[np.int64]:
    """Ten votes on one face.

    A clear face gets six to ten votes for its label, so that the label keeps more than half of the
    votes whatever is dropped. An ambiguous face gets four and four, and two for the third choice
    or unknown: no choice has a majority.

    Returns:
        int64 (10,) in the order of `CHOICES`, sums to ten.
    """
    first, second = CONFUSED_WITH[emotion]
    votes = np.zeros(len(CHOICES), dtype=np.int64)
    if ambiguous:
        votes[[CHOICES.index(emotion), CHOICES.index(first)]] = 4
        votes[CHOICES.index(second if rng.random() < 0.5 else "unknown")] = 2
        return votes
    right = 6 + int(rng.binomial(4, 0.65))
    votes[CHOICES.index(emotion)] = right
    astray = rng.multinomial(N_VOTES - right, [0.6, 0.3, 0.1])
    for choice, count in zip((first, second, "unknown"), astray.tolist(), strict=True):
        votes[CHOICES.index(choice)] += count
    return votes


def vote_not_a_face() -> NDArray[np.int64]:
    """All ten annotators agree that there is no face; int64 (10,)."""
    votes = np.zeros(len(CHOICES), dtype=np.int64)
    votes[CHOICES.index("NF")] = N_VOTES
    return votes


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
