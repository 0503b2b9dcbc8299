"""Fabricated embeddings whose groups are known and overlap as much as a test wants."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.labeling import DemographicLabeller, fit_labeller
from fer_fairness.params.race_labeling import LabellerParameters, LogisticRegressionGrid
from fer_fairness.tables import FACES_SCHEMA, TARGET_COLUMNS, VOTES_COLUMNS
from fer_fairness.taxonomy import ATTRIBUTES, FAIRFACE_AGE_GROUPS, FAIRFACE_RACES, GENDERS

GROUPS = {"gender": GENDERS, "race": FAIRFACE_RACES, "age_group": FAIRFACE_AGE_GROUPS}
DIMENSION = 24

FairFace = tuple[pd.DataFrame, np.ndarray]


def make_fairface(n: int, *, seed: int, spread: float = 0.3, split: str = "train") -> FairFace:
    """A FairFace `faces` table and embeddings in which each group has a direction of its own."""
    generator = np.random.default_rng(seed)
    faces = pd.DataFrame(
        {
            "sample_id": [f"fairface-{split}-{row}" for row in range(n)],
            "image_index": np.arange(n),
            "dataset": "fairface",
            "split": split,
            "emotion": pd.Series([None] * n, dtype=str),
            "excluded_reason": pd.Series([None] * n, dtype=str),
            **dict.fromkeys(VOTES_COLUMNS, np.nan),
            **dict.fromkeys(TARGET_COLUMNS, 0.0),
        }
    )
    embeddings = generator.normal(scale=spread, size=(n, DIMENSION))
    first = 0
    for attribute in ATTRIBUTES:
        codes = generator.integers(len(GROUPS[attribute]), size=n)
        faces[attribute] = np.array(GROUPS[attribute])[codes]
        faces[f"{attribute}_source"] = "annotated"
        faces[f"{attribute}_confidence"] = np.nan
        embeddings[np.arange(n), first + codes] += 1.0
        first += len(GROUPS[attribute])
    return FACES_SCHEMA.validate(faces), embeddings.astype(np.float32)


@pytest.fixture
def fairface() -> Callable[..., FairFace]:
    return make_fairface


@pytest.fixture(scope="session")
def quick() -> LabellerParameters:
    """One candidate and few folds, for tests that are not about the choice."""
    return LabellerParameters(
        classifiers=("logistic_regression",),
        logistic_regression=LogisticRegressionGrid(inverse_regularisation=(0.1,)),
        n_folds=3,
    )


@pytest.fixture(scope="session")
def labeller(quick: LabellerParameters) -> DemographicLabeller:
    """Fitted on faces that hardly overlap, with coarse labels."""
    faces, embeddings = make_fairface(1500, seed=0)
    return fit_labeller(embeddings, faces, quick, seed=0)


@pytest.fixture(scope="session")
def unsure_labeller(quick: LabellerParameters) -> DemographicLabeller:
    """Fitted on faces that overlap much, with coarse labels."""
    faces, embeddings = make_fairface(800, seed=0, spread=0.6)
    return fit_labeller(embeddings, faces, quick, seed=0)


@pytest.fixture
def unseen() -> FairFace:
    """300 faces that overlap much and that no labeller has seen."""
    return make_fairface(300, seed=1, spread=0.6, split="test")
