"""Names of a stranger's outputs become the taxonomy's, or are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.class_names import named_classes, resolve_class_names
from fer_fairness.taxonomy import EMOTION_ALIASES, EMOTIONS

FER2013 = ("angry", "Disgust", "fear", "happy", "sad", "surprise", "neutral")


@given(st.permutations(EMOTIONS))
def test_probabilities_follow_the_order_of_the_class_names(order: list[str]) -> None:
    assert resolve_class_names(order, 8) == tuple(order)


def test_other_names_of_the_emotions_are_known() -> None:
    names = resolve_class_names(FER2013, 7)
    assert names == ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    assert set(EMOTION_ALIASES.values()) <= set(EMOTIONS)


@pytest.mark.parametrize(
    ("names", "n_classes", "message"),
    [
        (EMOTIONS, 7, "8 names .* 7 outputs.* assumed where none are given.*RAF-DB with surprise"),
        (FER2013, 8, "7 names .* 8 outputs"),
        (("angry", "bored"), 2, "'bored' is not known"),
        (("angry", "anger"), 2, "anger more than once"),
        (("angry", "-", "-"), 3, "fewer than two emotions"),
    ],
)
def test_class_names_that_cannot_be_used_are_refused(
    names: tuple[str, ...], n_classes: int, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        resolve_class_names(names, n_classes)


def test_outputs_that_are_no_class_keep_their_places() -> None:
    names = resolve_class_names(("happy", "-", "sad", "-"), 4)
    assert names == ("happiness", "-", "sadness", "-")
    assert named_classes(names) == ("happiness", "sadness")
