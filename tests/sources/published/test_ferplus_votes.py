import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.data_processing import TargetMode
from fer_fairness.sources.published.ferplus_votes import majority_choice, targets

MODES: tuple[TargetMode, ...] = ("majority", "probability", "multi_target")


def row_rule(votes: Sequence[int], mode: TargetMode) -> list[float]:
    """The rule of microsoft/FERPlus (src/ferplus.py, _process_data), one row, in plain Python."""
    raw = [0.0 if vote < 1.0 + sys.float_info.epsilon else float(vote) for vote in votes]
    total = sum(raw)
    emotion = [0.0] * 10
    if mode == "majority":
        highest = max(raw)
        if highest > 0.5 * total:
            emotion[raw.index(highest)] = highest
        agreed = any(emotion)
    elif mode == "probability":
        emotion, agreed = probability_rule(raw)
    else:
        emotion = [vote if vote >= 0.3 * total else 0.0 for vote in raw]
        agreed = sum(emotion) > 0.5 * total
    return emotion if agreed else [0.0] * 8 + [1.0, 0.0]


def probability_rule(raw: list[float]) -> tuple[list[float], bool]:
    total, emotion = sum(raw), [0.0] * 10
    covered, count, valid = 0.0, 0, True
    while covered < 0.75 * total and count < 3 and valid:
        highest = max(raw)
        for i in range(10):
            if raw[i] != highest:
                continue
            emotion[i], raw[i] = highest, 0.0
            covered += highest
            count += 1
            if i >= 8:
                valid = False
                if sum(emotion) > highest:
                    emotion[i] = 0.0
                    count -= 1
                break
    return emotion, sum(emotion) > 0.5 * total and count <= 3


def expected_target(votes: Sequence[int], mode: TargetMode) -> list[float]:
    """What its load_folders keeps of a row, and (multi_target) its set of right answers, shared."""
    emotion = row_rule(votes, mode)
    if emotion.index(max(emotion)) >= 8:
        return [0.0] * 8
    kept = emotion[:8]
    if mode == "multi_target":
        kept = [float(vote > 0) for vote in kept]
    return [vote / sum(kept) for vote in kept]


@st.composite
def ten_votes(draw: st.DrawFn) -> list[int]:
    choices = draw(st.lists(st.integers(0, 9), min_size=0, max_size=10))
    return [choices.count(choice) for choice in range(10)]


any_votes = st.one_of(ten_votes(), st.lists(st.integers(0, 12), min_size=10, max_size=10))


@pytest.mark.parametrize("mode", MODES)
@given(rows=st.lists(any_votes, min_size=1, max_size=20))
@example(rows=[[1] * 10, [0] * 10])
@example(rows=[[4, 0, 0, 0, 0, 0, 0, 0, 4, 2], [5, 0, 0, 0, 0, 0, 0, 0, 5, 0]])
@example(rows=[[4, 2, 2, 2, 0, 0, 0, 0, 0, 0], [3, 3, 0, 0, 0, 0, 0, 0, 2, 2]])
@example(rows=[[0, 0, 0, 0, 0, 0, 0, 0, 5, 5], [2, 2, 2, 2, 2, 0, 0, 0, 0, 0]])
def test_targets_are_those_of_the_authors_rule(mode: TargetMode, rows: list[list[int]]) -> None:
    found = targets(np.array(rows, dtype=np.float64), mode)
    np.testing.assert_allclose(found, [expected_target(row, mode) for row in rows], rtol=1e-12)


@given(rows=st.lists(any_votes, min_size=1, max_size=20))
def test_majority_choice_is_that_of_the_authors_rule(rows: list[list[int]]) -> None:
    found = majority_choice(np.array(rows, dtype=np.float64))
    for row, choice in zip(rows, found.tolist(), strict=True):
        remaining = [vote if vote > 1 else 0 for vote in row]
        if 2 * max(remaining) > sum(remaining):
            assert choice == remaining.index(max(remaining))
        else:
            assert choice == -1


@pytest.mark.parametrize("mode", MODES)
@given(rows=st.lists(any_votes, min_size=1, max_size=20))
def test_targets_sum_to_one_or_are_zero(mode: TargetMode, rows: list[list[int]]) -> None:
    total = targets(np.array(rows, dtype=np.float64), mode).sum(axis=1)
    assert np.all(np.isclose(total, 1.0) | (total == 0.0))


def test_a_single_vote_is_an_outlier_and_the_target_is_shared_among_the_others() -> None:
    votes = np.array([[6, 3, 1, 0, 0, 0, 0, 0, 0, 0]], dtype=np.float64)
    shares: dict[TargetMode, list[float]] = {
        "majority": [1.0, 0.0],
        "probability": [2 / 3, 1 / 3],
        "multi_target": [0.5, 0.5],
    }
    for mode, expected in shares.items():
        np.testing.assert_allclose(targets(votes, mode)[0, :2], expected)


@pytest.mark.parametrize("votes", [np.zeros((3, 8)), np.zeros(10)])
def test_votes_of_another_shape_are_refused(votes: npt.NDArray[np.float64]) -> None:
    with pytest.raises(InvalidInputError, match=r"expected \(n, 10\)"):
        majority_choice(votes)
