"""People made up here, whose truth is known, and what models and labellers say of them."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Names: TypeAlias = npt.NDArray[np.str_]

EMOTIONS: Final = ("anger", "fear", "happiness", "neutral", "sadness")
SHARES: Final = (0.1, 0.1, 0.35, 0.25, 0.2)
RECALLS: Final = np.array([0.7, 0.6, 0.92, 0.85, 0.72])
HARMED: Final = "c"
"""The group that is recognised less often, where one is."""


def people(
    n: int,
    seed: int,
    *,
    groups: Mapping[str, float],
    loss: float = 0.0,
    shares_of_harmed: Sequence[float] = SHARES,
) -> pd.DataFrame:
    """People, the emotion that they show, and what a model says of it.

    Args:
        n: How many.
        seed: Of all draws.
        groups: Share of each group.
        loss: By how much group `HARMED` is recognised less often, in every emotion.
        shares_of_harmed: How frequent each emotion is in that group.

    Returns:
        `sample_id`, `emotion`, `predicted_emotion` and `group`.
    """
    generator = np.random.default_rng(seed)
    group = generator.choice(list(groups), n, p=list(groups.values()))
    harmed = group == HARMED
    true = generator.choice(len(EMOTIONS), n, p=SHARES)
    true[harmed] = generator.choice(len(EMOTIONS), harmed.sum(), p=shares_of_harmed)
    right = generator.random(n) < RECALLS[true] - loss * harmed
    other = (true + generator.integers(1, len(EMOTIONS), n)) % len(EMOTIONS)
    names = np.array(EMOTIONS)
    predicted = names[np.where(right, true, other)]
    columns = {"emotion": names[true], "predicted_emotion": predicted, "group": group}
    return pd.DataFrame({"sample_id": np.arange(n), **columns})


def labelled(groups: pd.Series, right: float, *, seed: int) -> Names:
    """The groups as somebody sees them who is right about a share of people."""
    generator = np.random.default_rng(seed)
    names: Names = np.unique(groups.to_numpy(dtype=np.str_))
    others = generator.integers(1, len(names), len(groups))
    places = np.searchsorted(names, groups.to_numpy(dtype=np.str_)) + others * (
        generator.random(len(groups)) >= right
    )
    named: Names = names[places % len(names)]
    return named


def variants(
    effects: Sequence[Sequence[float]], n: int, seed: int, *, noise: float = 0.1
) -> list[dict[int, pd.DataFrame]]:
    """Predictions of several models of the same people, by training seed.

    Args:
        effects: Of each variant: on everybody, and on the harmed group beside that (probit scale).
        n: People.
        seed: Of all draws; training seeds add some of their own.
        noise: Standard deviation of what a training seed does to everybody.
    """
    generator = np.random.default_rng(seed)
    faces = people(n, seed, groups={"a": 0.4, "b": 0.35, HARMED: 0.25})
    true = faces["emotion"].map(EMOTIONS.index).to_numpy()
    harmed = (faces["group"] == HARMED).to_numpy()
    ease = 2.2 * RECALLS[true] - 0.7 - 0.45 * harmed + 0.8 * generator.standard_normal(n)
    result = []
    for everybody, of_harmed in effects:
        frames = {}
        for training_seed in range(10):
            of_seed = noise * generator.standard_normal() * (0.3 + harmed)
            own = ease + everybody + of_harmed * harmed + of_seed
            right = own + 0.6 * generator.standard_normal(n) > 0
            other = (true + generator.integers(1, len(EMOTIONS), n)) % len(EMOTIONS)
            names = np.array(EMOTIONS)[np.where(right, true, other)]
            frames[training_seed] = faces.assign(predicted_emotion=names)
        result.append(frames)
    return result
