"""Fabricated faces: grey squares whose brightness and stripes tell their groups apart."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.embedding.bench import Bench

from fer_fairness.params.embedding import EmbedderParameters
from fer_fairness.tables import FACES_SCHEMA, TARGET_COLUMNS, VOTES_COLUMNS
from fer_fairness.taxonomy import ATTRIBUTES, FAIRFACE_AGE_GROUPS, FAIRFACE_RACES, GENDERS

FairFace = tuple[pd.DataFrame, np.ndarray]


def make_fairface(n: int, *, seed: int = 0) -> FairFace:
    generator = np.random.default_rng(seed)
    faces = pd.DataFrame(
        {
            "sample_id": [f"fairface-train-{row}" for row in range(n)],
            "image_index": np.arange(n),
            "dataset": "fairface",
            "split": "train",
            "emotion": pd.Series([None] * n, dtype=str),
            "excluded_reason": pd.Series([None] * n, dtype=str),
            **dict.fromkeys(VOTES_COLUMNS, np.nan),
            **dict.fromkeys(TARGET_COLUMNS, 0.0),
            **{f"{attribute}_source": "annotated" for attribute in ATTRIBUTES},
            **{f"{attribute}_confidence": np.nan for attribute in ATTRIBUTES},
        }
    )
    gender = generator.integers(2, size=n)
    faces["gender"] = np.array(GENDERS)[gender]
    faces["race"] = generator.choice(FAIRFACE_RACES, size=n)
    faces["age_group"] = generator.choice(FAIRFACE_AGE_GROUPS, size=n)
    images = generator.integers(0, 60, size=(n, 48, 48, 1))
    images += 150 * gender[:, None, None, None]
    return FACES_SCHEMA.validate(faces), images.astype(np.uint8)


@pytest.fixture
def fairface() -> Callable[..., FairFace]:
    return make_fairface


@pytest.fixture
def small() -> EmbedderParameters:
    return EmbedderParameters(
        widths=(4, 6), dimension=8, epochs=3, batch_size=16, learning_rate=0.02, held_out_share=0.25
    )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
