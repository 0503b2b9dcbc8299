"""What happens where labeller and emotion model err on the same faces.

The inversion assumes that the labeller's errors are independent of the emotion model's errors given
the true group. Poor images break that: both err on them more often. Everything here is expected
counts, so what is off is off for the broken assumption alone.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.fairness.label_noise.worlds import (
    CLASS_SIZES,
    MIDDLE_EASTERN,
    answers_of,
    expected_labels,
    fairface_shares,
    losing,
    two_groups,
)

from fer_fairness.fairness.label_noise.bounds import accuracy_bounds, answers_by_label
from fer_fairness.fairness.label_noise.corrected_scores import (
    ACCURACY,
    ACCURACY_DIFFERENCE,
    RECALL_DIFFERENCE,
    scores,
)
from fer_fairness.fairness.label_noise.inversion import by_true_group, inverse
from fer_fairness.fairness.metrics.reductions import Array

FEW_WOMEN = np.array([0.2, 0.8])
UNEVEN = np.array([0.5, 0.08, 0.12, 0.09, 0.06, 0.07, 0.08])


class World:
    """Half of all faces are poor: labeller and model err on them so much more often, and on the
    other half so much less, so that on average both err as ever."""

    def __init__(self, shares: Array, mix: Array, recalls: Array, strength: float) -> None:
        self.shares, self.mix = shares, mix
        self.true = np.zeros((len(mix), 7, 7))
        self.labelled, self.everybody = np.zeros((len(mix), 7, 7)), np.zeros((7, 7))
        people = mix[:, np.newaxis] * CLASS_SIZES / 2
        for wrong in (1 + strength, 1 - strength):
            counts = people[..., np.newaxis] * answers_of(1 - (1 - recalls) * wrong)
            errors = shares * (1 - np.eye(*shares.shape)) * wrong
            own = np.eye(*shares.shape) * (1 - errors.sum(axis=1, keepdims=True))
            labelled, everybody = expected_labels(counts, errors + own)
            self.true += counts
            self.labelled += labelled
            self.everybody += everybody

    def corrected(self) -> dict[str, Array]:
        return scores(by_true_group(self.labelled, inverse(self.shares[:, :-1])), self.everybody)

    def truth(self) -> dict[str, Array]:
        return scores(self.true, self.everybody)


def error(shares: Array, mix: Array, loss: float, strength: float, group: int) -> float:
    """By how much the corrected recall difference of a group misses the truth."""
    world = World(shares, mix, losing(len(mix), group, loss), strength)
    return float((world.corrected()[RECALL_DIFFERENCE] - world.truth()[RECALL_DIFFERENCE])[group])


@pytest.mark.parametrize("loss", [0.0, 0.08])
@pytest.mark.parametrize(
    ("shares", "mix", "group"),
    [(two_groups(0.87), FEW_WOMEN, 0), (fairface_shares(0.1), UNEVEN, MIDDLE_EASTERN)],
    ids=["gender", "race"],
)
def test_the_correction_is_right_where_the_assumption_holds_and_off_where_it_does_not(
    shares: Array, mix: Array, group: int, loss: float
) -> None:
    holding, little, some, much = (
        error(shares, mix, loss, strength, group) for strength in (0.0, 0.15, 0.3, 0.5)
    )
    assert holding == pytest.approx(0.0, abs=1e-6)
    # A small group is seen as worse served than it is: whoever is mistaken for it has a poor image.
    assert 0 > little > some > much
    assert abs(little) < 0.006  # hardly anything, with errors 1.15 and 0.85 times as frequent
    assert 0.009 < abs(some) < 0.025
    assert 0.025 < abs(much) < 0.07  # as large as gaps that one looks for


def test_the_error_grows_with_the_square_of_the_strength() -> None:
    small, double = (error(two_groups(0.87), FEW_WOMEN, 0.0, part, 0) for part in (0.1, 0.2))
    assert double / small == pytest.approx(4.0, rel=0.05)


def test_labels_that_are_mistaken_by_chance_alone_leave_the_model_free_to_err_on_poor_images() -> (
    None
):
    """Only errors on the same faces matter, not that the model errs more on some."""
    people = FEW_WOMEN[:, np.newaxis] * CLASS_SIZES / 2
    recalls = losing(2, 0, 0.08)
    true = sum(
        people[..., np.newaxis] * answers_of(1 - (1 - recalls) * wrong) for wrong in (0.5, 1.5)
    )
    labelled, everybody = expected_labels(np.asarray(true), two_groups(0.8))
    found = scores(by_true_group(labelled, inverse(two_groups(0.8)[:, :-1])), everybody)
    assert_allclose(found[RECALL_DIFFERENCE], [-0.08, 0.08], atol=1e-6)


@given(
    strength=st.floats(0.0, 0.6),
    loss=st.floats(-0.05, 0.3),
    right=st.floats(0.6, 0.95),
    abstained=st.floats(0.0, 0.3),
    women=st.floats(0.05, 0.95),
)
def test_bounds_hold_the_truth_however_strongly_the_assumption_is_broken(
    strength: float, loss: float, right: float, abstained: float, women: float
) -> None:
    mix = np.array([women, 1 - women])
    world = World(two_groups(right, abstained), mix, losing(2, 0, loss), strength)
    answers = answers_by_label(world.labelled, world.everybody)
    bounds = accuracy_bounds(answers, world.shares, mix)
    for name in (ACCURACY, ACCURACY_DIFFERENCE):
        truth = world.truth()[name]
        assert np.all(bounds[name].low <= truth + 1e-9)
        assert np.all(truth <= bounds[name].high + 1e-9)


def test_bounds_hold_the_truth_of_seven_groups_where_the_correction_fails() -> None:
    world = World(fairface_shares(0.1), UNEVEN, losing(7, MIDDLE_EASTERN, 0.08), 0.5)
    answers = answers_by_label(world.labelled, world.everybody)
    bounds = accuracy_bounds(answers, world.shares, UNEVEN)[ACCURACY]
    truth = world.truth()[ACCURACY]
    assert np.all((bounds.low <= truth) & (truth <= bounds.high))
    assert np.abs(world.corrected()[ACCURACY] - truth).max() > 0.03
