"""FER+: fer2013.csv with the pixels, and fer2013new.csv with ten annotators' votes on each face."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_fairness.fabrication.layouts.layout import FabricatedDataset, Layout, pictures, write_csv
from fer_fairness.fabrication.planting import generator
from fer_fairness.params.fabrication import FabricationParameters
from fer_fairness.taxonomy import EMOTIONS, FER2013_CODES

USAGE: Final = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}
CODE_OF: Final = {name: code for code, name in FER2013_CODES.items()} | {"contempt": 6}
"""FER2013 has no contempt: its annotators called those faces neutral."""
NOT_A_FACE_CODE: Final = 6
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


class FerPlusLayout(Layout):
    """FER2013's grey faces of 48 pixels with FER+'s votes, joined by row order."""

    name = "fer_plus"
    size = 48
    mode = "L"
    numbers_through = True

    def split_sizes(self, params: FabricationParameters) -> Mapping[str, int]:
        """See `Layout`."""
        sizes = params.fer_plus
        return {"train": sizes.train, "validation": sizes.validation, "test": sizes.test}

    def class_shares(self, params: FabricationParameters) -> dict[str, float]:
        """See `Layout`."""
        return params.fer_plus.class_shares

    def completed(self, truth: pd.DataFrame, params: FabricationParameters) -> pd.DataFrame:
        """Add votes and rows without a face: `not_a_face, ambiguous`, `votes_<choice>`."""
        split = str(truth["split"].iloc[0])
        rng = generator(params.seed, self.name, split, "layout")
        uniform = rng.random((len(truth), 2))
        no_face = uniform[:, 0] < params.fer_plus.not_a_face_share
        ambiguous = (uniform[:, 1] < params.fer_plus.ambiguous_share) & ~no_face
        votes = [
            vote_not_a_face()
            if no_face[row]
            else vote(
                str(emotion),
                generator(params.seed, self.name, split, "layout", row),
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

    def names(self, truth: pd.DataFrame, seed: int) -> tuple[list[str], list[str]]:
        """Names whose numbers rise with gaps, so that a number is not the index of its row."""
        gaps = generator(seed, self.name, "train", "layout", 0, 0).random(len(truth)) < 0.03
        numbers = np.arange(len(truth)) + np.cumsum(gaps) + 2
        files = [
            "" if no_face else f"fer{number:07d}.png"
            for number, no_face in zip(numbers.tolist(), truth["not_a_face"], strict=True)
        ]
        return files, [f"fer_plus_{row:05d}" for row in truth["row"]]

    def write(self, dataset: FabricatedDataset, folder: Path) -> None:
        """See `Layout`."""
        truth = dataset.truth
        usage = truth["split"].map(USAGE)
        # Without a face there is no emotion, and a code all the same.
        codes = truth["labelled_emotion"].map(CODE_OF).fillna(NOT_A_FACE_CODE).astype(int)
        with (folder / "fer2013.csv").open("w", encoding="ascii") as file:
            file.write("emotion,pixels,Usage\n")
            images = (image for _, image, _ in pictures(dataset))
            for code, image, name in zip(codes, images, usage, strict=True):
                file.write(f"{code},{' '.join(map(str, image.ravel().tolist()))},{name}\n")
        votes = truth[[f"votes_{name}" for name in (*CHOICES[:-1], "not_a_face")]]
        table = votes.set_axis(list(CHOICES), axis=1)
        table.insert(0, "Usage", usage)
        table.insert(1, "Image name", truth["file"])
        write_csv(table, folder / "fer2013new.csv")


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
