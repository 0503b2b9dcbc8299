from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.mitigation.methods.fairgrad import FairGrad
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)

# Of class 0 group 0 is right in 2 of 2 faces, group 1 in 1 of 3, group 2 has none of class 1.
GROUPS = np.array([0, 0, 1, 1, 1, 0, 1, 2])
CLASSES = np.array([0, 0, 0, 0, 0, 1, 1, 0])
ANSWERS = np.array([0, 0, 0, 1, 1, 1, 0, 1])


def objective(training: TrainingSet, **settings: Any) -> Any:
    import keras

    made: Any = FairGrad.model_validate(settings).objective(training, PARAMS)
    made.build(keras.Model(), n_features=0, seed=0)
    return made


def faces(group_training: GroupTraining, groups: np.ndarray = GROUPS) -> TrainingSet:
    members = (groups[:, None] == np.arange(3)).astype(float)
    return group_training(members.tolist(), np.eye(2)[CLASSES].tolist())


def logits_of(answers: np.ndarray) -> np.ndarray:
    return np.asarray(2 * np.eye(2)[answers] + 0.5, np.float32)


def loss(made: Any, training: TrainingSet, answers: np.ndarray = ANSWERS) -> float:
    weight = training.columns.get("weight")
    logits = logits_of(answers)
    return float(made.loss(Seen(training.columns, training.targets, logits, None, weight)))


class Reference:
    """The paper's multipliers, constraint by constraint."""

    def __init__(self, n_groups: int, n_classes: int, **settings: float) -> None:
        self.settings = settings
        self.cells = [(g, c) for g in range(n_groups) for c in range(n_classes)]
        share = {cell: np.mean((cell[0] == GROUPS) & (cell[1] == CLASSES)) for cell in self.cells}
        self.share = share
        self.matrix = np.array(
            [
                [
                    (share[h, k] / np.mean(k == CLASSES) - (g == h)) if c == k else 0.0
                    for h, k in self.cells
                ]
                for g, c in self.cells
            ]
        )
        self.above = np.zeros(len(self.cells))
        self.below = np.zeros(len(self.cells))

    def weights(self, answers: np.ndarray) -> np.ndarray:
        rate, slack = self.settings["rate"], self.settings["slack"]
        for place, (g, c) in enumerate(self.cells):
            of_class = np.equal(CLASSES, c)
            here = np.equal(GROUPS, g) & of_class
            if not here.any():
                continue
            lead = (answers[here] == c).mean() - (answers[of_class] == c).mean()
            self.above[place] = max(0, self.above[place] + rate * (lead - slack))
            self.below[place] = max(0, self.below[place] - rate * (lead + slack))
        moved = self.matrix.T @ (self.above - self.below)
        found = [
            1 + moved[place] / self.share[cell] if self.share[cell] else 1.0
            for place, cell in enumerate(self.cells)
        ]
        return np.array(found).reshape(-1, 2)


@pytest.mark.parametrize("slack", [0.0, 0.1])
def test_three_steps_are_those_of_the_paper(group_training: GroupTraining, slack: float) -> None:
    training = faces(group_training)
    made = objective(training, rate=0.1, slack=slack)
    reference = Reference(3, 2, rate=0.1, slack=slack)
    for answers in (ANSWERS, ANSWERS, 1 - ANSWERS):
        weights = reference.weights(answers)
        plain = cross_entropy(logits_of(answers).astype(float), training.targets)
        expected = (weights[GROUPS, CLASSES] * plain).mean()
        assert loss(made, training, answers) == pytest.approx(expected, rel=1e-5)
        assert_allclose(np.asarray(made.cell_weights()), weights, rtol=1e-5)


def test_a_group_that_lags_comes_to_weigh_more_and_the_mean_weight_stays_one(
    group_training: GroupTraining,
) -> None:
    training = faces(group_training)
    made = objective(training, rate=0.01)
    for _ in range(100):
        loss(made, training)
    weights = np.asarray(made.cell_weights())
    assert weights[0, 0] < 0 < 1 < weights[1, 0] < weights[2, 0]
    assert weights[GROUPS, CLASSES].mean() == pytest.approx(1, rel=1e-4)
    cut = objective(training, rate=0.01, least_weight=0.0)
    for _ in range(100):
        loss(cut, training)
    assert np.asarray(cut.cell_weights()).min() == 0


def test_equal_recalls_and_differences_within_the_slack_change_nothing(
    group_training: GroupTraining,
) -> None:
    training = faces(group_training)
    plain = cross_entropy(logits_of(CLASSES).astype(float), training.targets).mean()
    assert loss(objective(training, rate=1.0), training, CLASSES) == pytest.approx(plain)
    wide = objective(training, rate=1.0, slack=1.0)
    loss(wide, training)
    assert_allclose(np.asarray(wide.cell_weights()), 1)


def test_faces_of_unknown_group_weigh_one_and_move_nothing(group_training: GroupTraining) -> None:
    groups = GROUPS.copy()
    groups[:2] = -1
    training = faces(group_training, groups)
    made = objective(training, rate=0.1)
    found = loss(made, training)
    weights = np.asarray(made.cell_weights())
    of_faces = np.where(groups < 0, 1, weights[groups, CLASSES])
    plain = cross_entropy(logits_of(ANSWERS).astype(float), training.targets)
    assert found == pytest.approx((of_faces * plain).mean(), rel=1e-5)
    # Without them nobody of group 0 shows class 0, where one face in four is recognised.
    assert weights[0, 0] == 1
    above = np.asarray(made.above)
    assert above[1, 0] == pytest.approx(0.1 * (1 / 3 - 1 / 4), rel=1e-4)


def test_soft_memberships_count_in_each_of_their_groups(group_training: GroupTraining) -> None:
    training = group_training([[0.75, 0.25], [0, 1]], [[1, 0], [1, 0]])
    made = objective(training, rate=0.1)
    answers = np.array([0, 1])
    found = loss(made, training, answers)
    # Recalls: 1, 0.25 / 1.25 and of all 0.5; group 0 has three quarters of a face.
    leads = np.array([0.5, 0.2 - 0.5])
    multipliers = 0.1 * leads * [0.75, 1]
    shares = np.array([0.375, 0.625])
    weights = 1 + (shares * multipliers.sum() - multipliers) / shares
    of_faces = np.array([0.75 * weights[0] + 0.25 * weights[1], weights[1]])
    plain = cross_entropy(logits_of(answers).astype(float), training.targets)
    assert found == pytest.approx((of_faces * plain).mean(), rel=1e-5)


def test_the_gradient_takes_the_weights_as_given(group_training: GroupTraining, step: Step) -> None:
    training = faces(group_training)
    reference = Reference(3, 2, rate=0.1, slack=0.0).weights(ANSWERS)[GROUPS, CLASSES]
    logits = logits_of(ANSWERS)
    made = FairGrad(rate=0.1).objective(training, PARAMS)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = reference[:, None] * (shares - training.targets) / len(GROUPS)
    assert_allclose(step(made, training, logits)["logits"], expected, rtol=1e-4, atol=1e-6)


def test_bad_settings_are_refused() -> None:
    for wrong in ({"rate": -0.1}, {"slack": -1}, {"least_weight": 2}):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            FairGrad.model_validate(wrong)
