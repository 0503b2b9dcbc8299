"""Fabricated people of several faces each, recognised unequally and alike in both genders."""

import numpy as np
import pandas as pd

EMOTIONS = ("anger", "happiness", "neutral")


def faces_of_people(
    n_people: int = 40,
    n_faces: int = 10,
    *,
    seed: int | np.random.Generator = 0,
    spread: float = 0.15,
    harmed: float = 0.0,
) -> pd.DataFrame:
    """`n_faces` of each person, of whom women are recognised by `harmed` less often."""
    generator = np.random.default_rng(seed)
    strength = 0.8 * 0.2 / spread**2 - 1
    person = np.repeat(np.arange(n_people), n_faces)
    female = person % 2 == 0
    ability = generator.beta(0.8 * strength, 0.2 * strength, n_people)[person] - harmed * female
    emotion = generator.choice(3, len(person), p=[0.3, 0.4, 0.3])
    right = generator.random(len(person)) < ability
    other = (emotion + generator.integers(1, 3, len(person))) % 3
    return pd.DataFrame(
        {
            "sample_id": [f"face {row}" for row in range(len(person))],
            "who": [f"S{number:03d}" for number in person],
            "emotion": np.array(EMOTIONS)[emotion],
            "predicted_emotion": np.array(EMOTIONS)[np.where(right, emotion, other)],
            "gender": np.where(female, "female", "male"),
            "race": np.array(["asian", "black", "white"])[person % 3],
        }
    )
