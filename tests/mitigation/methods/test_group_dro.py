import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.testing import assert_allclose
from pydantic import ValidationError

from fer_fairness.mitigation import Given
from fer_fairness.mitigation.methods.group_dro import GroupDro
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.training import TrainingParameters

CONF = Path(__file__).parents[3] / "conf"
N_CLASSES = 3
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)


def objective(
    groups: list[int],
    params: TrainingParameters = PARAMS,
    targets: np.ndarray | None = None,
    **settings: Any,
) -> Any:
    """The objective on faces of these groups, with its variables beside an empty model."""
    import keras

    made = GroupDro.model_validate(settings).objective(training_set(groups, targets), params)
    made.build(keras.Model(), n_features=0, seed=0)
    return made


def training_set(groups: list[int], targets: np.ndarray | None = None) -> TrainingSet:
    """Faces of these groups, all of the first class if nothing else is said."""
    return TrainingSet(
        images=np.zeros((len(groups), 8, 8, 1), np.uint8),
        image_index=np.arange(len(groups)),
        targets=first_class(len(groups)) if targets is None else targets,
        columns={"group": np.array(groups, np.int32)},
    )


def first_class(n: int) -> np.ndarray:
    """Targets of n faces, all of the first class."""
    return np.tile(np.eye(N_CLASSES, dtype=np.float32)[0], (n, 1))


def logits_of(losses: list[float]) -> np.ndarray:
    """Logits whose cross-entropy with the first class is as given."""
    right = np.exp(-np.array(losses))
    others = np.repeat((1 - right)[:, None] / 2, 2, axis=1)
    return np.asarray(np.log(np.column_stack([right, others])), dtype=np.float32)


def loss(
    made: Objective, groups: list[int], losses: list[float], weight: list[float] | None = None
) -> float:
    found = made.loss(
        Seen(
            {"group": np.array(groups, np.int32)},
            first_class(len(groups)),
            logits_of(losses),
            None,
            None if weight is None else np.array(weight, np.float32),
        )
    )
    return float(found)


def q(made: Any) -> np.ndarray:
    return np.asarray(np.exp(np.asarray(made.log_q)))


def test_two_steps_computed_by_hand() -> None:
    made = objective([0, 0, 0, 1], step_size=0.5)
    assert_allclose(q(made), [0.5, 0.5], rtol=1e-6)
    # L = (1, 3): q is 0.5 exp(0.5) and 0.5 exp(1.5), over their sum: 1 / (1 + e) = 0.268941.
    first = loss(made, [0, 0, 0, 1], [0.5, 1.0, 1.5, 3.0])
    assert_allclose(q(made), [0.268941, 0.731059], rtol=1e-5)
    assert first == pytest.approx(0.268941 * 1 + 0.731059 * 3, rel=1e-5)
    # L = (2, 0.4): q is 0.268941 exp(1) = 0.731058 and 0.731059 exp(0.2) = 0.892917, over 1.623975.
    second = loss(made, [1, 0, 1], [0.3, 2.0, 0.5])
    assert_allclose(q(made), [0.450166, 0.549834], rtol=1e-5)
    assert second == pytest.approx(0.450166 * 2 + 0.549834 * 0.4, rel=1e-5)


def test_the_gradient_takes_the_weights_of_the_groups_as_given(
    gradient: Callable[..., np.ndarray],
) -> None:
    groups, losses = [0, 0, 0, 1], [0.5, 1.0, 1.5, 3.0]
    logits = logits_of(losses)
    codes = np.array(groups, np.int32)
    found = gradient(objective(groups, step_size=0.5), logits, first_class(4), group=codes)
    # That of a face's cross-entropy is softmax - target; the weights of the first test's first step
    # stand before it, and a group's mean is over its faces.
    before = np.array([0.268941 / 3] * 3 + [0.731059])[:, None]
    assert_allclose(found, before * (np.exp(logits) - first_class(4)), rtol=1e-4)


@pytest.mark.parametrize("n_groups", [2, 3, 10])
def test_the_worst_group_comes_to_weigh_most_and_all_sum_to_one(n_groups: int) -> None:
    groups = list(range(n_groups))
    made = objective(groups, step_size=0.1)
    losses = [0.1 * (group + 1) for group in groups]
    for _ in range(50):
        loss(made, groups, losses)
    assert q(made).sum() == pytest.approx(1, rel=1e-5)
    assert (np.diff(q(made)) > 0).all()
    expected = np.exp(50 * 0.1 * np.array(losses))
    assert_allclose(q(made), expected / expected.sum(), rtol=1e-4)


def test_what_annotators_disagree_about_moves_no_weights() -> None:
    votes = np.array([[1, 0, 0], [0.4, 0.3, 0.3]], np.float32)
    answers = np.log(np.array([[0.8, 0.1, 0.1], [0.38, 0.31, 0.31]], np.float32))
    made = objective([0, 1], targets=votes, step_size=1.0)
    found = float(made.loss(Seen({"group": np.array([0, 1], np.int32)}, votes, answers)))
    losses = cross_entropy(answers.astype(np.float64), votes)
    divergences = (votes * (np.log(np.maximum(votes, 1e-9)) - answers)).sum(axis=1)
    assert losses[1] > losses[0]
    assert divergences[1] < divergences[0]
    expected = np.exp(divergences) / np.exp(divergences).sum()
    assert_allclose(q(made), expected, rtol=1e-4)
    assert found == pytest.approx(expected @ losses, rel=1e-4)


def test_a_group_far_behind_in_weight_can_come_back() -> None:
    made = objective([0, 1], step_size=1.0)
    for _ in range(100):
        loss(made, [0, 1], [0.01, 3.0])
    for _ in range(110):
        loss(made, [0, 1], [3.0, 0.01])
    assert q(made)[0] > 0.99


def test_faces_of_unknown_group_count_as_in_plain_training() -> None:
    made = objective([0, 1, -1], step_size=0.0)
    found = loss(made, [0, 0, 1, -1], [1.0, 2.0, 4.0, 0.6])
    assert found == pytest.approx((3 * (0.5 * 1.5 + 0.5 * 4) + 0.6) / 4)
    assert loss(made, [-1, -1], [1.0, 2.0]) == pytest.approx(1.5)
    nobody = objective([-1, -1])
    assert loss(nobody, [-1, -1], [1.0, 2.0]) == pytest.approx(1.5)


def test_a_group_that_is_not_in_the_batch_adds_nothing_and_moves_by_the_others_alone() -> None:
    made = objective([0, 1, 2], step_size=1.0)
    found = loss(made, [0, 0, 1], [0.5, 1.5, 2.0])
    moved = np.exp([1.0, 2.0, 0.0])
    assert_allclose(q(made), moved / moved.sum(), rtol=1e-5)
    assert found == pytest.approx((np.e * 1 + np.e**2 * 2) / moved.sum(), rel=1e-5)


def test_weights_of_faces_weigh_them_in_the_means_of_their_groups() -> None:
    made = objective([0, 1], step_size=0.5)
    found = loss(made, [0, 0, 1, 1], [1.0, 2.0, 3.0, 9.0], [3.0, 1.0, 2.0, 0.0])
    means = np.array([(3 * 1 + 1 * 2) / 4, 3.0])
    weights = np.exp(0.5 * means) / np.exp(0.5 * means).sum()
    assert_allclose(q(made), weights, rtol=1e-5)
    # The mean is over four faces, whose weights sum to 6, as in plain training.
    assert found == pytest.approx(6 / 4 * (weights @ means), rel=1e-5)


def test_strength_parts_the_loss_between_group_dro_and_the_plain_mean() -> None:
    groups, losses = [0, 0, 0, 1], [0.5, 1.0, 1.5, 3.0]
    whole = loss(objective(groups), groups, losses)
    half = loss(objective(groups, strength=0.5), groups, losses)
    assert half == pytest.approx((whole + 1.5) / 2)
    assert loss(objective(groups, strength=0.0), groups, losses) == pytest.approx(1.5)


def test_smoothing_of_the_plain_loss_is_in_the_losses_of_the_groups() -> None:
    smoothing = TrainingParameters(label_smoothing=0.3, logit_adjustment=0.0)
    losses = [0.5, 2.0]
    means = cross_entropy(logits_of(losses).astype(np.float64), np.array([[0.8, 0.1, 0.1]] * 2))
    every_class = np.full((2, N_CLASSES), 1 / N_CLASSES, np.float32)
    found = loss(objective([0, 1], smoothing, every_class, step_size=0.0), [0, 1], losses)
    assert found == pytest.approx(means.mean(), rel=1e-5)


def test_groups_are_those_of_the_attribute_named_or_its_cells(
    make_faces: Callable[..., pd.DataFrame], caplog: pytest.LogCaptureFixture
) -> None:
    faces = make_faces(
        ["train"] * 5 + ["validation"],
        ["fear", "anger", "fear", "fear", "fear", "anger"],
        gender=["x", "x", "y", None, "y", "y"],
        race=["a", "b", "c", "a", "b", "d"],
    )
    faces.loc[4, "emotion"] = None
    images = np.zeros((6, 8, 8, 1), np.uint8)
    nothing = Given(pd.DataFrame(), seed=0)
    for settings, expected in (
        ({"by_emotion": False}, [0, 0, 1, -1, 1]),
        ({"by_emotion": False, "attribute": "race"}, [0, 1, 2, 0, 1]),
        # x anger, x fear, y fear: the groups of the paper, if nothing else is asked for.
        ({}, [1, 0, 2, -1, -1]),
    ):
        with caplog.at_level(logging.INFO):
            composed = GroupDro.model_validate(settings).training_set(faces, images, nothing)
        assert composed.columns["group"].tolist() == expected
        assert composed.columns["sample_id"].tolist() == [f"face_{n}" for n in range(5)]
    assert "2 of 5 faces have no group" in caplog.text


def test_groups_are_drawn_equally_often_unless_that_is_not_wanted() -> None:
    groups = [0] * 90 + [1] * 6 + [-1] * 4
    training = training_set(groups)
    generator = np.random.default_rng(0)

    def shares_drawn(**settings: Any) -> np.ndarray:
        method = GroupDro.model_validate(settings)
        rows = np.concatenate([method.order(training, generator) for _ in range(200)])
        return np.bincount(np.array(groups)[rows] + 1) / len(rows)

    assert_allclose(shares_drawn(), [0.04, 0.48, 0.48], rtol=0.05)
    assert_allclose(shares_drawn(balanced=False), [0.04, 0.9, 0.06])
    assert_allclose(shares_drawn(strength=0.0), [0.04, 0.9, 0.06])


def test_logit_adjustment_is_to_the_emotions_as_they_are_drawn() -> None:
    targets = np.eye(N_CLASSES, dtype=np.float32)[[0] * 90 + [1] * 10]
    training = training_set([0] * 90 + [1] * 10, targets)
    adjusted = TrainingParameters(label_smoothing=0.0, logit_adjustment=1.0)
    logits = np.zeros((2, N_CLASSES), np.float32)
    losses = {}
    for balanced in (True, False):
        made = GroupDro(balanced=balanced, strength=1.0).objective(training, adjusted)
        losses[balanced] = made.face_losses({}, targets[[0, 99]], logits)
    # The loss of a face is minus the log of its emotion's share.
    assert_allclose(losses[True], -np.log([0.5, 0.5]), rtol=1e-4)
    assert_allclose(losses[False], -np.log([0.9, 0.1]), rtol=1e-4)


def test_within_the_steps_of_a_trial_every_step_size_worth_trying_moves_the_weights() -> None:
    """A group that is worse by a fifth of a nat, as cells of a trained FER model easily are."""
    bench = yaml.safe_load((CONF / "bench" / "parameters_bench.yml").read_text(encoding="utf-8"))
    budget = bench["fine_tuning"]["training"]
    n_steps = budget["steps_per_epoch"] * budget["max_epochs"]
    for step_size in GroupDro.search["step_size"]:
        # Steps with the same losses are one step that is as many times as long.
        made = objective([0, 1], step_size=step_size * n_steps)
        loss(made, [0, 1], [0.4, 0.6])
        assert q(made)[1] > 0.9, step_size


def test_bad_settings_are_refused() -> None:
    for wrong in ({"step_size": -0.1}, {"strength": 1.5}, {"attribute": "height"}):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            GroupDro.model_validate(wrong)
