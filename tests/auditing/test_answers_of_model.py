import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import softmax

from fer_fairness.auditing.answers_of_model import answers

IMAGES = np.zeros((2, 4, 4, 1), dtype=np.uint8)
OF_LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]])
SHARES = softmax(OF_LOGITS, axis=1)
NAMES = ("anger", "fear", "sadness")


def shares(outputs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found = answers(lambda _: outputs, IMAGES, NAMES, None, batch_size=2)
    assert list(found["predicted_emotion"]) == ["anger", "fear"]
    return found[[f"probability_{name}" for name in NAMES]].to_numpy()


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (SHARES, SHARES),
        (100 * SHARES, SHARES),
        (OF_LOGITS, SHARES),
        # An output of another class was left out, or each class has a share of its own.
        (0.8 * SHARES, SHARES),
        (
            np.array([[0.9, 0.6, 0.3], [0.2, 0.8, 0.6]]),
            np.array([[3, 2, 1], [1, 4, 3]]) / [[6], [8]],
        ),
    ],
    ids=["probabilities", "percentages", "logits", "some left out", "shares of their own"],
)
def test_answers_are_probabilities_whatever_the_model_gives(
    outputs: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]
) -> None:
    np.testing.assert_allclose(shares(outputs), expected)


@pytest.mark.parametrize(
    ("names", "emotions"),
    [(("anger", "fear", "contempt"), ("anger", "fear")), (("anger", "fear", "-"), None)],
    ids=["not scored", "no class"],
)
@pytest.mark.parametrize("whole", [1, 100], ids=["shares", "percentages"])
def test_shares_stay_shares_where_a_class_is_not_scored_and_has_all_of_some_face(
    names: tuple[str, ...], emotions: tuple[str, ...] | None, whole: int
) -> None:
    outputs = whole * np.array([[0.6, 0.2, 0.2], [0.0, 0.0, 1.0]])
    found = answers(lambda _: outputs, IMAGES, names, emotions, batch_size=2)
    expected = [[0.75, 0.25], [0.5, 0.5]]
    np.testing.assert_allclose(found[["probability_anger", "probability_fear"]], expected)
