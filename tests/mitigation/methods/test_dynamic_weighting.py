from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation.methods.dynamic_weighting import DynamicWeighting
from fer_fairness.modeling import TrainingData, TrainingSet, build_network, train
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
GENERATOR = np.random.default_rng(0)
# Twelve faces of each of the first two groups, two of the third, two of none.
GROUPS = np.repeat([0, 1, 2, -1], [12, 12, 2, 2])
MEMBERS = np.equal(GROUPS[:, None], np.arange(3)).astype(float).tolist()
EMOTIONS = np.arange(28) % 2
TARGETS = np.eye(3)[EMOTIONS]
LOGITS = GENERATOR.normal(size=(28, 3)).astype(np.float32)


def objective(training: TrainingSet, **settings: Any) -> Any:
    import keras

    made: Any = DynamicWeighting.model_validate(settings).objective(training, PARAMS)
    made.build(keras.Model(), n_features=0, seed=0)
    return made


def answers(right: np.ndarray) -> np.ndarray:
    """Logits that are right where they are to be."""
    return np.eye(3)[np.where(right, EMOTIONS, 2)]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=60), st.floats(0, 4))
def test_who_lags_behind_weighs_more_in_proportion_and_within_bounds(
    people: list[tuple[bool, int]], strength: float
) -> None:
    right = np.array([one for one, _ in people], bool)
    groups = np.array([group for _, group in people], int)
    method = DynamicWeighting(strength=strength, largest=3.0)
    found = method.factors(right, np.eye(3)[groups])
    recalls = {g: right[groups == g].mean() for g in range(3) if (groups == g).sum() >= 10}
    best = max(recalls.values(), default=0)
    for group in range(3):
        behind = 1 - recalls.get(group, best) / best if best else 0
        assert found[group] == pytest.approx(min(1 + strength * behind, 3.0))


def test_all_weigh_alike_before_the_first_validation(group_training: GroupTraining) -> None:
    training = group_training(MEMBERS, TARGETS.tolist())
    found = objective(training).loss(Seen(training.columns, training.targets, LOGITS))
    assert float(found) == pytest.approx(cross_entropy(LOGITS.astype(float), TARGETS).mean())


@pytest.mark.parametrize("weight", [None, np.linspace(0.5, 2, 28).tolist()])
def test_groups_weigh_by_their_recall_and_the_others_do_not_change(
    group_training: GroupTraining, weight: list[float] | None
) -> None:
    # The repository that this comes from computes factors of groups and leaves them out.
    training = group_training(MEMBERS, TARGETS.tolist(), weight)
    made = objective(training, by="group", pace=0.5)
    right = np.ones(28, bool)
    right[:6] = False  # half of group 0, and nobody else of those that count
    right[24:] = False
    for _ in range(2):
        made.after_epoch(answers(right), training)
    # 1 + 2 (1 - 1/2) = 2, of which three quarters after two epochs at half the pace.
    factors = np.array([1.75, 1.0, 1.0])
    assert_allclose(made.factors[0], factors, rtol=1e-6)
    assert_allclose(made.factors[1], 1)
    weights = np.array(weight or [1.0] * 28)
    is_known = GROUPS >= 0
    own = np.where(is_known, factors[GROUPS], 1.0)
    own[is_known] /= np.average(own[is_known], weights=weights[is_known])
    losses = cross_entropy(LOGITS.astype(float), TARGETS)
    found = made.loss(Seen(training.columns, training.targets, LOGITS, None, weight and weights))
    assert float(found) == pytest.approx((weights * own * losses).mean(), rel=1e-5)


def test_emotions_weigh_by_their_recall_and_both_multiply(group_training: GroupTraining) -> None:
    training = group_training(MEMBERS[:24], TARGETS[:24].tolist())
    right = (EMOTIONS == 0) | (GROUPS == 0)
    made = objective(training, pace=1.0, strength=1.0)
    validation = group_training(MEMBERS, TARGETS.tolist())
    made.after_epoch(answers(right), validation)
    assert_allclose(made.factors[0], [1, 1.5, 1], rtol=1e-6)
    assert_allclose(made.factors[1], [1, 2 - 6 / 14, 1], rtol=1e-6)
    cells = np.array([1, 1.5])[GROUPS[:24]] * np.array([1, 2 - 6 / 14])[EMOTIONS[:24]]
    losses = cross_entropy(LOGITS[:24].astype(float), TARGETS[:24])
    found = made.loss(Seen(training.columns, training.targets, LOGITS[:24]))
    assert float(found) == pytest.approx((cells * losses).mean() / cells.mean(), rel=1e-5)


def test_validation_faces_have_the_groups_of_the_training_faces(
    make_faces: Callable[..., pd.DataFrame],
) -> None:
    table = make_faces(
        ["train"] * 3 + ["validation"] * 4,
        ["fear"] * 7,
        gender=["b", "c", "d", "a", "b", "d", None],
    )
    images = np.zeros((7, 8, 8, 1), np.uint8)
    found = DynamicWeighting().validation_set(table, images)
    shares = np.stack([found.columns[f"membership_{number}"] for number in range(3)], axis=1)
    assert shares.tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert len(found) == 4


def test_the_loop_tells_of_each_validation(group_training: GroupTraining) -> None:
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (28, 8, 8, 1)).astype(np.uint8)
    part = replace(group_training(MEMBERS, np.eye(8)[EMOTIONS].tolist()), images=images)
    made: Any = DynamicWeighting(pace=1.0).objective(part, PARAMS)
    procedure: Any = DynamicWeighting()
    network = build_network(ArchitectureParameters(blocks=((4,),), image_side_px=8), seed=0)
    network.layers[-1].bias.assign(5 * np.eye(8)[0])  # answers with the first emotion
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DynamicWeighting, "objective", lambda *_: made)
        train(
            network,
            TrainingData(part, part),
            TrainingParameters(batch_size=8, max_epochs=1, warmup_epochs=0),
            seed=0,
            checkpoint_folder=None,
            description="Dynamic",
            procedure=procedure,
        )
    logits = np.asarray(network(images.astype(np.float32)))
    right = logits.argmax(axis=1) == EMOTIONS
    for factors, shares in zip(made.factors, (np.array(MEMBERS), part.targets), strict=True):
        assert_allclose(factors, procedure.factors(right, shares), rtol=1e-5)
    assert max(np.ptp(np.asarray(factors)) for factors in made.factors) > 0


def test_an_emotion_that_is_never_answered_has_no_recall_though_other_faces_have_votes_for_it(
    group_training: GroupTraining,
) -> None:
    votes = np.where(np.arange(28)[:, None] < 14, [0.6, 0.4, 0.0], [0.4, 0.6, 0.0])
    training = group_training(MEMBERS, votes.tolist())
    made = objective(training, by="emotion", pace=1.0, strength=2.0)
    made.after_epoch(np.tile([1.0, 0.0, 0.0], (28, 1)), training)
    assert_allclose(made.factors[1], [1, 3, 1])
