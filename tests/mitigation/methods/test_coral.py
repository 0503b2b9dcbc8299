"""CORAL's own: covariances of few and of uncertain faces; the rest is in `test_mmd.py`."""

from collections.abc import Callable

import numpy as np
import pytest

from fer_fairness.mitigation.methods.coral import Coral
from fer_fairness.modeling import TrainingSet

GroupTraining = Callable[..., TrainingSet]
Penalty = Callable[..., float]


def test_a_single_face_has_a_mean_and_no_covariance(
    group_training: GroupTraining, penalty: Penalty
) -> None:
    training = group_training([[1, 0], [0, 1]], [[1, 0]] * 2)
    features = np.array([[1.0, 0.0], [0.0, 3.0]], np.float32)
    assert penalty(Coral, training, features) == pytest.approx((1 + 9) / 2, rel=1e-5)


def test_soft_memberships_weigh_faces(group_training: GroupTraining, penalty: Penalty) -> None:
    # A face that is half in each group is in both means.
    training = group_training([[1, 0], [0, 1], [0.5, 0.5]], [[1, 0]] * 3)
    features = np.array([[0.0], [3.0], [6.0]], np.float32)
    means = np.array([6 * 0.5 / 1.5, (3 + 6 * 0.5) / 1.5])
    variances = [
        (1.5 / 0.5) * ((36 * 0.5) / 1.5 - means[0] ** 2),
        (1.5 / 0.5) * ((9 + 36 * 0.5) / 1.5 - means[1] ** 2),
    ]
    expected = np.diff(means)[0] ** 2 + 0.5 * (variances[0] - variances[1]) ** 2
    assert penalty(Coral, training, features) == pytest.approx(expected, rel=1e-4)
