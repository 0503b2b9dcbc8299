"""What every method offers that changes predictions and trains nothing."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np
import pandas as pd
from pydantic import Field

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.base import Parameters
from fer_fairness.tables import ABSTAINED, PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_SUM_TOLERANCE: Final = 1e-3


class PostMethod(Parameters):
    """Changes a model's predictions by rules that are fitted on its validation predictions.

    The model is that of the control, which it is held against, or of the variant that `after`
    names: so a method that trains is followed by one that changes predictions.

    One with a field `of` looks at the predictions of the variants that it names beside these.

    A subclass in a module of its own under `mitigation/post` is found by itself. It says its name
    in `method: Literal["its_name"] = "its_name"` and adds its parameters as fields. A block of
    parameters that names the method is a variant of the report.

    Attributes:
        label: Name for people.
        source: The paper.
        pipeline: The registered pipeline that applies it.
        abstains: Whether it leaves faces unanswered: `apply` then gives a column `abstained` too.
        search: Values of its parameters that are worth trying, by name.
    """

    label: ClassVar[str]
    source: ClassVar[str]
    pipeline: ClassVar[str] = "mitigation"
    abstains: ClassVar[bool] = False
    search: ClassVar[Mapping[str, Sequence[Any]]] = {}

    method: str
    name: str = Field(default="", description="Of the variant: follows from that of its block.")
    after: str = Field(
        default="",
        description="The variant, one with a model of its own, whose predictions it changes. Not "
        "given: the control, plain continued training, which has had the training that other "
        "methods have; where there is none the baseline.",
    )

    def together(self, scored: pd.DataFrame, others: Sequence[pd.DataFrame]) -> pd.DataFrame:  # noqa: ARG002  for methods that look at them
        """What `fit` and `apply` are given of the faces, where further variants are looked at.

        Args:
            scored: The table that they would be given otherwise.
            others: Predictions of the same faces by the variants that a field `of` names, in
                their order; none where a method has no such field.
        """
        return scored

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Find the rules.

        Args:
            validation: A `predictions` table of validation faces, with the columns `gender`, `race`
                and `age_group`, missing where nobody knows them, and `gender_confidence` and so on,
                the probability of a predicted group, missing where it was annotated. It may be
                without rows, where an evaluation set is absent.

        Returns:
            JSON-able values.
        """
        raise NotImplementedError

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:
        """Predictions after the change.

        Args:
            scored: A table as `fit` is given, of test faces and without their `emotion`.
            rules: What `fit` gave.
            seed: Seed of whatever is drawn.

        Returns:
            `predicted_emotion` and the columns of the probabilities as they then are, sums of 1 of
            which that of the predicted emotion is the highest (or as high as that), and `abstained`
            where the method abstains: no other columns, with the index of `scored`.
        """
        raise NotImplementedError

    def applied(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:
        """What `apply` gives of faces whose emotions are kept from it, checked.

        Args:
            scored: As for `apply`, with the emotions.
            rules: As for `apply`.
            seed: As for `apply`.

        Raises:
            InvalidInputError: It is not what `apply` promises to give.
        """
        changed = self.apply(scored.drop(columns="emotion"), rules, seed=seed)
        wrong = self._wrong_rows(changed, scored) or _wrong_values(changed, scored["sample_id"])
        if wrong:
            raise InvalidInputError(
                f"{type(self).__name__}.apply (method {self.method}) gave {wrong} What apply has "
                "to give is in docs/adding_a_method.md; mitigation/scored.py makes such tables."
            )
        return changed

    def _wrong_rows(self, changed: pd.DataFrame, scored: pd.DataFrame) -> str:
        """What is wrong with the rows and columns of what was given; empty where nothing is."""
        if not isinstance(changed, pd.DataFrame):
            return f"{type(changed).__name__}, expected a table."
        expected = {"predicted_emotion", *PROBABILITY_COLUMNS, *([ABSTAINED] * self.abstains)}
        if lacking := sorted(expected - set(changed.columns)):
            return f"no column {lacking[0]!r}."
        if more := [str(name) for name in changed.columns if name not in expected]:
            return f"the column {more[0]!r}, expected {', '.join(sorted(expected))} alone."
        if not changed.index.equals(scored.index):
            return (
                f"{len(changed)} rows whose index is not that of the {len(scored)} rows that it "
                "was given: expected the same rows in their order."
            )
        return ""


def _wrong_values(changed: pd.DataFrame, samples: pd.Series) -> str:
    """The first face that has no prediction, or one that its probabilities do not bear out."""
    shares = changed[list(PROBABILITY_COLUMNS)].to_numpy(dtype=np.float64)
    are_shares = (shares >= 0).all(axis=1) & (np.abs(shares.sum(axis=1) - 1) <= _SUM_TOLERANCE)
    places = pd.Index(EMOTIONS).get_indexer(pd.Index(changed["predicted_emotion"], dtype=object))
    of_predicted = np.where(places < 0, -np.inf, shares[np.arange(len(shares)), places])
    for is_right, expected in (
        (are_shares, "expected probabilities of 0 or more that sum to 1."),
        (places >= 0, f"expected one of {', '.join(EMOTIONS)}."),
        (of_predicted >= shares.max(axis=1, initial=0.0), "expected the most probable emotion."),
    ):
        if not is_right.all():
            row = int(np.flatnonzero(~is_right)[0])
            predicted = changed["predicted_emotion"].iloc[row]
            return (
                f"sample_id {samples.iloc[row]!r} the probabilities {shares[row].tolist()} and the "
                f"predicted emotion {predicted!r}, {expected} {int((~is_right).sum())} of "
                f"{len(shares)} faces are like it."
            )
    return ""
