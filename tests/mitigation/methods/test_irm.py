from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.mitigation.methods.irm import Irm
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(12, 3)).astype(np.float32)
VOTES = GENERATOR.dirichlet(np.ones(3), 12).astype(np.float32)
GROUPS = np.array([0, 0, 0, 1, 1, 1, 0, 1, 2, -1, 1, 0])
"""Group 2 is in one half of the batch alone."""


def penalty(training: TrainingSet, **settings: Any) -> float:
    """What is added to the plain loss."""
    losses = [
        Irm.model_validate({**settings, "strength": strength})
        .objective(training, PARAMS)
        .loss(
            Seen(training.columns, training.targets, LOGITS, None, training.columns.get("weight"))
        )
        for strength in (0.0, 1.0)
    ]
    return float(losses[1]) - float(losses[0])


def slope(rows: np.ndarray, weight: np.ndarray) -> float:
    """Derivative of the mean cross-entropy in a scale of the logits, by differences."""

    def mean(scale: float) -> float:
        losses = cross_entropy(scale * LOGITS[rows].astype(float), VOTES[rows])
        return float(np.average(losses, weights=weight[rows]))

    return (mean(1 + 1e-5) - mean(1 - 1e-5)) / 2e-5


@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 3.0] * 4])
def test_it_is_the_product_of_the_slopes_of_two_halves_by_group(
    group_training: GroupTraining, weight: list[float] | None
) -> None:
    members = np.equal(GROUPS[:, None], np.arange(3)).astype(float)
    training = group_training(members.tolist(), VOTES.tolist(), weight)
    weights = np.array(weight or [1.0] * 12)
    halves = np.arange(12) % 2
    products = [
        slope((g == GROUPS) & (halves == 0), weights)
        * slope((g == GROUPS) & (halves == 1), weights)
        for g in range(2)
    ]
    assert penalty(training) == pytest.approx(np.mean(products), rel=1e-3)


def test_a_batch_with_nobody_to_compare_adds_nothing(group_training: GroupTraining) -> None:
    members = np.equal(np.arange(12)[:, None] % 2, np.arange(2)).astype(float)
    assert penalty(group_training(members.tolist(), VOTES.tolist())) == 0
