"""Fabricated predictions, as post methods are given them."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS

MakeScored = Callable[..., pd.DataFrame]


@pytest.fixture
def make_scored() -> MakeScored:
    """Makes a table of predictions with groups of gender, from true emotions and probabilities."""

    def make(
        true: Sequence[int] | np.ndarray,
        probabilities: np.ndarray,
        gender: Sequence[str | None] | np.ndarray,
        *,
        confidence: np.ndarray | float = np.nan,
    ) -> pd.DataFrame:
        names = np.array(EMOTIONS, dtype=object)
        full = np.zeros((len(probabilities), len(EMOTIONS)))
        full[:, : probabilities.shape[1]] = probabilities
        table = pd.DataFrame(full, columns=list(PROBABILITY_COLUMNS)).assign(
            sample_id=[f"face-{number}" for number in range(len(full))],
            variant="baseline",
            seed=0,
            emotion=names[np.asarray(true, dtype=int)],
            predicted_emotion=names[full.argmax(axis=1)],
        )
        table = PREDICTIONS_SCHEMA.validate(table[list(PREDICTIONS_SCHEMA.columns)])
        for attribute in ATTRIBUTES:
            table[attribute] = None
            table[f"{attribute}_confidence"] = np.nan
        table["gender"] = np.asarray(gender, dtype=object)
        table["gender_confidence"] = confidence
        return table

    return make


@pytest.fixture
def make_predicted(make_scored: MakeScored) -> MakeScored:
    """Makes a table of predictions from true and predicted emotions, each of probability .9."""

    def make(
        true: Sequence[int] | np.ndarray,
        predicted: Sequence[int] | np.ndarray,
        gender: Sequence[str | None] | np.ndarray,
    ) -> pd.DataFrame:
        n = len(EMOTIONS)
        shares = np.full((len(predicted), n), 0.1 / (n - 1))
        shares[np.arange(len(predicted)), predicted] = 0.9
        return make_scored(true, shares, gender)

    return make
