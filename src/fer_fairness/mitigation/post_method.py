"""What every method offers that changes predictions and trains nothing."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import pandas as pd
from pydantic import Field

from fer_fairness.params.base import Parameters

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


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
            scored: A table as `fit` is given, of test faces.
            rules: What `fit` gave.
            seed: Seed of whatever is drawn.

        Returns:
            `predicted_emotion` and the columns of the probabilities as they then are, with the
            rows of `scored` in their order.
        """
        raise NotImplementedError
