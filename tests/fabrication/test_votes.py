import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.fabrication.layouts.fer_plus_layout import CHOICES, vote, vote_not_a_face
from fer_fairness.taxonomy import EMOTIONS


def _majority(votes: np.ndarray) -> str | None:
    """The rule of the FER+ authors: single votes do not count, then more than half."""
    counted = np.where(votes == 1, 0, votes)
    return CHOICES[counted.argmax()] if counted.max() > 0.5 * counted.sum() else None


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), emotion=st.sampled_from(EMOTIONS))
def test_a_clear_face_has_its_label_as_majority(seed: int, emotion: str) -> None:
    votes = vote(emotion, np.random.default_rng(seed), ambiguous=False)

    assert votes.sum() == 10
    assert votes.min() >= 0
    assert _majority(votes) == emotion


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), emotion=st.sampled_from(EMOTIONS))
def test_an_ambiguous_face_has_no_majority(seed: int, emotion: str) -> None:
    votes = vote(emotion, np.random.default_rng(seed), ambiguous=True)

    assert votes.sum() == 10
    assert _majority(votes) is None


def test_no_face_gets_all_votes_for_no_face() -> None:
    assert vote_not_a_face().tolist() == [0] * 9 + [10]


def test_an_unknown_emotion_is_an_error() -> None:
    with pytest.raises(KeyError):
        vote("joy", np.random.default_rng(0), ambiguous=False)
