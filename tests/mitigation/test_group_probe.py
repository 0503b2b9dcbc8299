import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.group_probe import GroupProbe, probe_groups

N = 300
GENERATOR = np.random.default_rng(0)
EMOTIONS = pd.Series(GENERATOR.choice(["fear", "anger"], N))
# Groups differ in their mix of emotions.
GROUPS = pd.Series(np.where(GENERATOR.random(N) < np.where(EMOTIONS == "fear", 0.8, 0.3), "x", "y"))
NOISE = GENERATOR.normal(size=(N, 6))


def probed(features: np.ndarray, groups: pd.Series = GROUPS, n_shuffles: int = 3) -> GroupProbe:
    return probe_groups(features, groups, EMOTIONS, seed=0, n_shuffles=n_shuffles)


def test_features_that_tell_the_group_are_found_out() -> None:
    found = probed(NOISE + 2 * np.outer(GROUPS == "x", [1, 0, 0, 0, 0, 0]))
    assert found.accuracy > 0.75 > 0.65 > found.highest_chance
    assert found.p_value == pytest.approx(1 / 4)
    assert found.n_faces == N


def test_what_is_told_in_a_bend_alone_is_found_out_too() -> None:
    features = NOISE[:, :2].copy()
    features[:, 0] = np.where(GROUPS == "x", 0.3, 2.0) * np.sign(features[:, 0])
    assert probed(features).accuracy > 0.8


def test_features_that_tell_the_emotion_alone_are_at_chance() -> None:
    found = probed(NOISE + 5 * np.outer(EMOTIONS == "fear", np.ones(6)))
    assert found.accuracy == pytest.approx(0.5, abs=0.12)
    assert found.chance == pytest.approx(0.5, abs=0.06)
    assert found.p_value > 1 / 4


def test_the_same_seed_gives_the_same_answer() -> None:
    assert probed(NOISE, n_shuffles=1) == probed(NOISE, n_shuffles=1)


def test_unknown_groups_and_those_of_few_faces_take_no_part() -> None:
    groups = pd.Series([None] * 10 + ["z"] * 4 + GROUPS.tolist()[14:])
    found = probed(NOISE, groups, 1)
    assert found.n_faces == N - 14


def test_a_single_group_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"expected two groups of at least 5"):
        probed(NOISE, pd.Series(["x"] * N))
    with pytest.raises(InvalidInputError, match="same faces"):
        probed(NOISE[:5])
