"""Fabricated predictions, of which women's are wrong more often."""

from typing import Any

import numpy as np
import pandas as pd

CLASSES = ("anger", "fear", "happiness")
DRAWS: dict[str, Any] = {"n_bootstrap": 100, "n_permutations": 100}
PROBABILITIES = [f"probability_{name}" for name in CLASSES]


def fabricated(n: int = 600, *, lost: float = 0.3, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    true = generator.choice(CLASSES, n, p=[0.3, 0.2, 0.5])
    gender = generator.choice(["female", "male"], n)
    right = generator.random(n) < 0.85 - lost * (gender == "female")
    predicted = np.where(right, true, generator.choice(CLASSES, n))
    sure = generator.uniform(0.6, 0.95, n)
    frame = pd.DataFrame(
        {
            "file": [f"face_{row}.png" for row in range(n)],
            "label": true,
            "prediction": predicted,
            "gender": gender,
            "race": generator.choice(["asian", "black", "white"], n),
        }
    )
    for column, name in zip(PROBABILITIES, CLASSES, strict=True):
        frame[column] = np.where(predicted == name, sure, (1 - sure) / 2)
    return frame
