"""The truth table: who is in a dataset, what they show, how they are labelled, what is damaged.

Each row takes its numbers from its own place in a stream, one stream a purpose. So the first rows
do not change when a split grows, and planting one thing leaves everything else as it was.
"""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.fabrication import GROUPS, ByGroup, EmotionFactors, PlantedBias
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS

DATASETS: Final = ("fer_plus", "raf_db", "fairface")
"""Their places decide their random numbers: another dataset goes to the end."""
SPLITS: Final = ("train", "validation", "test")
STREAMS: Final = ("people", "labels", "pictures", "layout")
DEFAULT_AGE_SHARES: Final = MappingProxyType(
    {
        "0-2": 0.03,
        "3-9": 0.12,
        "10-19": 0.12,
        "20-29": 0.25,
        "30-39": 0.20,
        "40-49": 0.12,
        "50-59": 0.08,
        "60-69": 0.05,
        "70+": 0.03,
    }
)
"""Ages where no shares are planted: most people are adults, as in the published datasets."""


@dataclass(frozen=True)
class SplitPlan:
    """What to draw for one split of one dataset.

    Attributes:
        dataset: A name of `DATASETS`.
        split: A name of `SPLITS`.
        n_faces: Rows.
        class_shares: Share of each emotion, before the planted tilt.
        labelled: Whether the dataset records an emotion; where not, nothing is planted.
        group_shares: attribute -> group -> share of people; attributes not named have the default.
        races: Those that people are drawn from.
    """

    dataset: str
    split: str
    n_faces: int
    class_shares: dict[str, float]
    labelled: bool
    group_shares: ByGroup = field(default_factory=dict)
    races: tuple[str, ...] = GROUPS["race"]


def generator(seed: int, dataset: str, split: str, stream: str, *row: int) -> np.random.Generator:
    """The random numbers of one purpose, for a split or for one of its rows."""
    place = (DATASETS.index(dataset), SPLITS.index(split), STREAMS.index(stream) + 1)
    return np.random.default_rng([seed, *place, *row])


def group_shares(
    shares_of: ByGroup, attribute: str, *, races: tuple[str, ...]
) -> NDArray[np.float64]:
    """Share of each group of an attribute, in the order of `params.fabrication.GROUPS`.

    Args:
        shares_of: attribute -> group -> share of people; they decide where they name the attribute.
        attribute: `gender`, `race` or `age_group`.
        races: The others are given to nobody.

    Returns:
        float64 (groups,) that sums to one.
    """
    groups = GROUPS[attribute]
    default = DEFAULT_AGE_SHARES if attribute == "age_group" else dict.fromkeys(groups, 1.0)
    named = shares_of.get(attribute, default)
    shares = np.array([named.get(group, 0.0) for group in groups])
    if attribute == "race":
        shares = shares * np.isin(groups, races)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def combined_chance(people: pd.DataFrame, chances: ByGroup) -> NDArray[np.float64]:
    """Chance of each person from all groups they are in, 1 - prod(1 - chance); float64 (n,)."""
    spared = np.ones(len(people))
    for attribute, by_group in chances.items():
        spared *= 1.0 - people[attribute].map(by_group).fillna(0.0).to_numpy(np.float64)
    return np.asarray(1.0 - spared, dtype=np.float64)


def emotion_probabilities(
    people: pd.DataFrame, class_shares: dict[str, float], factors_of: EmotionFactors
) -> NDArray[np.float64]:
    """Chance of each emotion for each person.

    Args:
        people: Columns gender, race, age_group.
        class_shares: Of each emotion, before any factor.
        factors_of: attribute -> group -> emotion -> factor.

    Returns:
        float64 (n, 8) in the order of `EMOTIONS`, rows sum to one.

    Raises:
        InvalidInputError: Where no emotion is left for a person.
    """
    shares = np.array([class_shares.get(emotion, 0.0) for emotion in EMOTIONS])
    weights = np.tile(shares, (len(people), 1))
    for attribute, by_group in factors_of.items():
        for group, factors in by_group.items():
            tilt = np.array([factors.get(emotion, 1.0) for emotion in EMOTIONS])
            weights[(people[attribute] == group).to_numpy()] *= tilt
    total = weights.sum(axis=1, keepdims=True)
    if (total <= 0).any():
        raise InvalidInputError("class_shares leave no emotion to draw; give one a share above 0")
    return np.asarray(weights / total, dtype=np.float64)


def _choose(
    names: tuple[str, ...], probabilities: NDArray[np.float64], uniform: NDArray[np.float64]
) -> NDArray[np.str_]:
    """A name for each row: inverse of its cumulative distribution at one uniform number."""
    drawn = (uniform[:, None] >= np.cumsum(probabilities, axis=1)).sum(axis=1)
    # Rounding at the upper end can lead past the last name that has a chance.
    last_possible = len(names) - 1 - np.argmax(probabilities[:, ::-1] > 0, axis=1)
    chosen: NDArray[np.str_] = np.array(names)[np.minimum(drawn, last_possible)]
    return chosen


def sample_people(plan: SplitPlan, seed: int) -> pd.DataFrame:
    """Groups of every person of a split: gender, race, age_group."""
    uniform = generator(seed, plan.dataset, plan.split, "people").random((plan.n_faces, 4))
    people = {}
    for column, attribute in enumerate(ATTRIBUTES):
        shares = group_shares(plan.group_shares, attribute, races=plan.races)
        rows = np.tile(shares, (plan.n_faces, 1))
        people[attribute] = _choose(GROUPS[attribute], rows, uniform[:, column])
    return pd.DataFrame(people).astype(str)


def plant(plan: SplitPlan, planted: PlantedBias, seed: int) -> pd.DataFrame:
    """The truth about one split.

    A mislabelled face carries, with equal chance, one of the other emotions that the dataset has.

    Args:
        plan: The split.
        planted: The bias, but for its shares of people, which are the plan's; without a labelled
            emotion it does not apply.
        seed: Of all draws.

    Returns:
        One row a face: dataset, split, gender, race, age_group, true_emotion, labelled_emotion
        (missing where the dataset has no emotion), mislabelled, quality_loss (0 to 1).
    """
    bias = planted if plan.labelled else PlantedBias()
    truth = sample_people(plan, seed)
    factors = bias.emotion_by_group if plan.split in bias.emotion_splits else {}
    probabilities = emotion_probabilities(truth, plan.class_shares, factors)
    uniform = generator(seed, plan.dataset, plan.split, "labels").random((plan.n_faces, 3))
    truth["true_emotion"] = _choose(EMOTIONS, probabilities, uniform[:, 0])
    noise = combined_chance(truth, bias.label_noise_by_group)
    noisy = plan.split in bias.label_noise_splits
    wrong = (uniform[:, 1] < noise) & noisy
    known = np.array([plan.class_shares.get(emotion, 0.0) > 0 for emotion in EMOTIONS])
    true = truth["true_emotion"].to_numpy()
    others = known[None, :] & (np.array(EMOTIONS)[None, :] != true[:, None])
    if wrong.any() and not others.any(axis=1)[wrong].all():
        raise InvalidInputError("label noise needs two emotions with a share above 0, found one")
    other_chances = others / np.maximum(others.sum(axis=1, keepdims=True), 1)
    labelled = truth["true_emotion"].to_numpy(dtype=object, copy=True)
    labelled[wrong] = _choose(EMOTIONS, other_chances[wrong], uniform[wrong, 2])
    truth["labelled_emotion"] = labelled if plan.labelled else None
    truth["mislabelled"] = wrong
    truth["quality_loss"] = combined_chance(truth, bias.image_quality_by_group)
    truth.insert(0, "split", plan.split)
    truth.insert(0, "dataset", plan.dataset)
    return truth
