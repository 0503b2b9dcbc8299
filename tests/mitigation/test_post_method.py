"""What a method on predictions sees, and what it may give."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.post_method import PostMethod
from fer_fairness.mitigation.scored import (
    emotion_codes,
    probabilities_of,
    with_predictions,
    with_probabilities,
)
from fer_fairness.tables import PROBABILITY_COLUMNS

MakeScored = Callable[..., pd.DataFrame]
Change = Callable[[pd.DataFrame], Any]


class Given(PostMethod):
    """Gives what the test says."""

    label: ClassVar[str] = "Given"
    source: ClassVar[str] = "this test"
    change: ClassVar[Change]
    method: Literal["given"] = "given"

    def apply(self, scored: pd.DataFrame, rules: Any, *, seed: int) -> pd.DataFrame:  # noqa: ARG002
        made: pd.DataFrame = type(self).change(scored)
        return made


@pytest.fixture
def scored(make_scored: MakeScored) -> pd.DataFrame:
    shares = np.tile([0.6, 0.3, 0.1], (6, 1))
    table = make_scored([0, 1, 2, 0, 1, 2], shares, ["male", "female", None] * 2)
    return table.set_axis([5, 3, 4, 0, 2, 9])


def given(asked: Change) -> Given:
    class Changed(Given):
        change: ClassVar[Change] = staticmethod(asked)

    return Changed()


def as_it_is(scored: pd.DataFrame) -> pd.DataFrame:
    return with_predictions(scored, emotion_codes(scored["predicted_emotion"]))


def test_the_rows_of_what_it_was_given_are_taken(scored: pd.DataFrame) -> None:
    changed = given(as_it_is).applied(scored, {}, seed=0)
    pd.testing.assert_index_equal(changed.index, scored.index)
    pd.testing.assert_frame_equal(changed[list(PROBABILITY_COLUMNS)], scored[changed.columns[:-1]])
    nobody = scored.iloc[:0]
    assert given(as_it_is).applied(nobody, {}, seed=0).empty


def test_the_emotions_of_the_faces_are_kept_from_it(scored: pd.DataFrame) -> None:
    def cheat(seen: pd.DataFrame) -> pd.DataFrame:
        return with_predictions(seen, emotion_codes(seen["emotion"]))

    assert cheat(scored)["predicted_emotion"].tolist() == scored["emotion"].tolist()
    with pytest.raises(KeyError, match="emotion"):
        given(cheat).applied(scored, {}, seed=0)


def halved(scored: pd.DataFrame) -> pd.DataFrame:
    columns = list(PROBABILITY_COLUMNS)
    return as_it_is(scored).assign(**{name: scored[name] / 2 for name in columns})


def one_without(scored: pd.DataFrame) -> pd.DataFrame:
    shares = probabilities_of(scored)
    shares[3, 2] = np.nan
    table = with_probabilities(scored, shares, shares.argmax(axis=1))
    return table.assign(predicted_emotion=scored["predicted_emotion"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda scored: scored, "gave the column '.*', expected .*predicted_emotion"),
        (lambda scored: as_it_is(scored).assign(abstained=False), "the column 'abstained'"),
        (lambda scored: as_it_is(scored).reset_index(drop=True), "6 rows whose index is not"),
        (lambda scored: as_it_is(scored).iloc[1:], "gave 5 rows whose index .* of the 6 rows"),
        (lambda scored: as_it_is(scored)[["predicted_emotion"]], "no column 'probability_"),
        (probabilities_of, "gave ndarray, expected a table"),
        (halved, r"sample_id 'face-0' .* sum to 1\. 6 of 6 faces"),
        (one_without, r"sample_id 'face-3' .*nan.* sum to 1\. 1 of 6 faces"),
        (
            lambda scored: as_it_is(scored).assign(predicted_emotion="angry"),
            "'angry', expected one",
        ),
        (
            lambda scored: as_it_is(scored).assign(predicted_emotion="contempt"),
            r"'contempt', expected the most probable emotion\. 6 of 6",
        ),
    ],
)
def test_what_is_no_table_of_predictions_is_refused(
    scored: pd.DataFrame, change: Change, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=r"Changed\.apply \(method given\) gave") as raised:
        given(change).applied(scored, {}, seed=0)
    assert pd.Series([str(raised.value)]).str.contains(message, regex=True).all(), raised.value


def test_one_that_abstains_says_who_is_answered(scored: pd.DataFrame) -> None:
    class Abstaining(Given):
        """Leaves nobody out."""

        abstains: ClassVar[bool] = True
        change: ClassVar[Change] = staticmethod(as_it_is)

    with pytest.raises(InvalidInputError, match="no column 'abstained'"):
        Abstaining().applied(scored, {}, seed=0)
