import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import beta, kstest

from fer_fairness.mitigation import Given
from fer_fairness.mitigation.methods.lisa import Lisa, suitable
from fer_fairness.modeling import Procedure
from fer_fairness.modeling.batches import Batch
from fer_fairness.params.training import TrainingParameters

PARAMS = TrainingParameters()


def batch_of(groups: Any, emotions: Any) -> Batch:
    groups = np.array(groups, np.int32)
    images = np.zeros((len(groups), 8, 8, 1), np.uint8)
    targets = np.eye(4, dtype=np.float32)[np.array(emotions)]
    return Batch({"images": images, "group": groups}, targets, None)


def mix(batch: Batch, seed: int = 0, **settings: Any) -> Batch:
    return Lisa.model_validate(settings).mix(batch, PARAMS, np.random.default_rng(seed))


people = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 3)), min_size=1, max_size=20)


@given(people=people, within_emotion=st.sampled_from([0.0, 1.0]), seed=st.integers(0, 99))
def test_pairs_differ_in_one_of_group_and_emotion_and_share_the_other(
    people: list[tuple[int, int]], within_emotion: float, seed: int
) -> None:
    groups, emotions = (np.array(column) for column in zip(*people, strict=True))
    batch = batch_of([*groups, 9], [*emotions, 0])  # one whose group nobody else has
    groups, emotions = np.append(groups, 9), np.append(emotions, 0)
    found = mix(batch, seed, same_emotion=within_emotion)
    same, differing = (emotions, groups) if within_emotion else (groups, emotions)
    share, partner = found.inputs["mixing_share"], found.inputs["partner"]
    for row in range(len(groups)):
        partners = [
            other
            for other in range(len(groups))
            if same[other] == same[row]
            and differing[other] != differing[row]
            and min(groups[row], groups[other]) >= 0
        ]
        if partners:
            assert partner[row] in partners
        else:
            assert share[row] == 1
    targets = np.eye(4)[emotions]
    expected = share[:, None] * targets + (1 - share[:, None]) * targets[partner]
    assert_allclose(found.targets, expected, atol=1e-6)


def test_every_suitable_face_becomes_a_partner_equally_often() -> None:
    batch = batch_of([0, 1, 1, 2, 1, -1], [0, 0, 0, 0, 1, 0])
    counts = np.zeros(6)
    for seed in range(900):
        counts[mix(batch, seed, same_emotion=1.0).inputs["partner"][0]] += 1
    assert_allclose(counts[[1, 2, 3]], 300, rtol=0.2)
    assert counts.sum() == counts[[1, 2, 3]].sum()


def test_shares_are_of_the_papers_distribution_and_both_kinds_as_often_as_asked() -> None:
    groups, emotions = np.tile([0, 1], 500), np.repeat([0, 1], 500)
    found = mix(batch_of(groups, emotions), seed=1, same_emotion=0.25)
    assert kstest(found.inputs["mixing_share"], beta(2, 2).cdf).pvalue > 0.01
    is_within = emotions[found.inputs["partner"]] == emotions
    assert is_within.mean() == pytest.approx(0.25, abs=0.05)
    some = mix(batch_of(groups, emotions), probability=0.3).inputs["mixing_share"]
    assert (some < 1).mean() == pytest.approx(0.3, abs=0.05)


def test_where_no_group_is_known_batches_are_those_of_plain_training(
    make_faces: Callable[..., pd.DataFrame], caplog: pytest.LogCaptureFixture
) -> None:
    batch = batch_of([-1] * 4, [0, 0, 1, 2])
    assert "mixing_share" not in mix(batch).inputs
    plainly = TrainingParameters(mixup_alpha=0.4)
    mixtures = [
        one.mix(batch, plainly, np.random.default_rng(0)).inputs["mixing_share"]
        for one in (Lisa(), Procedure())
    ]
    assert np.array_equal(mixtures[0], mixtures[1])
    faces = make_faces(["train"] * 3, ["fear"] * 3, gender=["x", None, "y"])
    with caplog.at_level(logging.INFO):
        images = np.zeros((3, 8, 8, 1), np.uint8)
        composed = Lisa().training_set(faces, images, Given(pd.DataFrame(), seed=0))
    assert composed.columns["group"].tolist() == [0, -1, 1]
    assert "2 groups are mixed; 1 of 3 faces have no group" in caplog.text


def test_a_face_is_never_its_own_partner() -> None:
    groups, emotions = np.array([0, 0, 1], np.int32), np.array([0, 1, 0])
    for within in (True, False):
        found = suitable(groups, emotions, np.full(3, within))
        assert not found.diagonal().any()
