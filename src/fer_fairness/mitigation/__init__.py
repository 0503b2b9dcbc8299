"""Mitigations beside augmentation: training weights, and post-processing of predictions."""

from fer_fairness.mitigation.equalized_odds import (
    EqualizedOddsRates,
    Rates,
    apply_equalized_odds,
    fit_equalized_odds,
)
from fer_fairness.mitigation.protocol import FittedPostProcessor
from fer_fairness.mitigation.reweighing import Reweighed, reweigh, reweighing_weights

__all__ = [
    "EqualizedOddsRates",
    "FittedPostProcessor",
    "Rates",
    "Reweighed",
    "apply_equalized_odds",
    "fit_equalized_odds",
    "reweigh",
    "reweighing_weights",
]
