"""Ten annotators for each fabricated FER+ face."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_fairness.taxonomy import EMOTIONS

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
