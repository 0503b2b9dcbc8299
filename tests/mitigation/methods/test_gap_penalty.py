from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import softmax

from fer_fairness.mitigation.methods.gap_penalty import GapPenalty
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import Seen
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)


def penalty(training: TrainingSet, logits: np.ndarray, strength: float = 1.0) -> float:
    """What is added to the plain loss."""
    losses = [
        GapPenalty(strength=one)
        .objective(training, PARAMS)
        .loss(
            Seen(training.columns, training.targets, logits, None, training.columns.get("weight"))
        )
        for one in (0.0, strength)
    ]
    return float(losses[1]) - float(losses[0])


def logits_of(right: list[float], classes: list[int], n_classes: int) -> np.ndarray:
    """Logits under which each face's class has the probability given."""
    shares = np.array([[(1 - p) / (n_classes - 1)] * n_classes for p in right])
    shares[np.arange(len(right)), classes] = right
    return np.asarray(np.log(shares), np.float32)


@given(
    st.lists(
        st.tuples(st.integers(-1, 2), st.integers(0, 2), st.floats(0.1, 0.9)),
        min_size=1,
        max_size=15,
    )
)
def test_it_sums_the_gaps_of_all_pairs_of_groups_in_all_classes(
    group_training: GroupTraining, faces: list[tuple[int, int, float]]
) -> None:
    groups, classes, right = (np.array(column) for column in zip(*faces, strict=True))
    training = group_training(
        (groups[:, None] == np.arange(3)).astype(float), np.eye(3)[classes].tolist()
    )
    expected = 0.0
    for label in range(3):
        means = [right[(groups == g) & (classes == label)] for g in range(3)]
        present = [values.mean() for values in means if len(values)]
        expected += sum(abs(a - b) for a, b in combinations(present, 2))
    logits = logits_of(right.tolist(), classes.tolist(), 3)
    assert penalty(training, logits) == pytest.approx(expected, abs=1e-4)
    assert penalty(training, logits, 20.0) == pytest.approx(20 * expected, abs=1e-3)


def test_traces_of_soft_labels_do_not_count_as_whole_faces(group_training: GroupTraining) -> None:
    right = [0.8, 0.3, 0.6]
    logits = logits_of(right, [0, 0, 0], 2)
    training = group_training([[1, 0], [0.9, 0.1], [0, 0]], [[1, 0]] * 3)
    means = [(0.8 + 0.9 * 0.3) / 1.9, 0.3]
    assert penalty(training, logits) == pytest.approx(0.1 * (means[0] - means[1]), rel=1e-4)
    votes = group_training([[1, 0], [0, 1], [0, 0]], [[1, 0], [0.2, 0.8], [1, 0]])
    assert penalty(votes, logits) == pytest.approx(0.2 * (0.8 - 0.3), rel=1e-4)


def test_weights_of_faces_weigh_them_in_the_means(group_training: GroupTraining) -> None:
    logits = logits_of([0.8, 0.2, 0.5], [0, 0, 0], 2)
    training = group_training([[1, 0], [1, 0], [0, 1]], [[1, 0]] * 3, weight=[3, 1, 1])
    assert penalty(training, logits) == pytest.approx(0.65 - 0.5, rel=1e-4)


def test_a_step_narrows_the_gap_that_it_sees(group_training: GroupTraining, step: Step) -> None:
    logits = logits_of([0.9, 0.4, 0.4], [0, 0, 0], 2)
    training = group_training([[1, 0], [0, 1], [0, 0]], [[1, 0]] * 3)
    both = [
        step(GapPenalty(strength=s).objective(training, PARAMS), training, logits) for s in (0, 1)
    ]
    gradient = both[1]["logits"] - both[0]["logits"]
    p = softmax(logits, axis=1)[:, 0]
    slope = p * (1 - p)
    assert_allclose(gradient[:, 0], [slope[0], -slope[1], 0], rtol=1e-4, atol=1e-6)


def test_one_group_has_no_gap(group_training: GroupTraining) -> None:
    training = group_training([[1], [1]], [[1, 0], [0, 1]])
    assert penalty(training, logits_of([0.8, 0.3], [0, 1], 2)) == 0
