"""Nodes of the post-processing mitigations."""

from typing import Any

import pandas as pd

from fer_fairness.mitigation import (
    EqualizedOddsRates,
    apply_equalized_odds,
    fit_equalized_odds,
)
from fer_fairness.params.mitigation import EqualizedOddsParameters


def fit_equalized_odds_rates(
    predictions: pd.DataFrame,
    faces: pd.DataFrame,
    parameters: EqualizedOddsParameters,
) -> dict[str, Any]:
    """Mixing rates of each emotion, fitted on the baseline's validation predictions."""
    groups = _groups(predictions, faces, parameters.attribute)
    return fit_equalized_odds(predictions, groups, parameters).to_dict()


def apply_equalized_odds_rates(
    predictions: pd.DataFrame,
    faces: pd.DataFrame,
    rates: dict[str, Any],
    parameters: EqualizedOddsParameters,
    seed: int,
) -> pd.DataFrame:
    """The baseline's test predictions after the fitted changes."""
    groups = _groups(predictions, faces, parameters.attribute)
    return apply_equalized_odds(
        predictions,
        groups,
        EqualizedOddsRates.from_dict(rates),
        seed=seed,
        variant="equalized_odds",
    )


def _groups(predictions: pd.DataFrame, faces: pd.DataFrame, attribute: str) -> pd.Series:
    """The attribute of each predicted face, in the order of the predictions."""
    return faces.set_index("sample_id")[attribute].reindex(predictions["sample_id"])
