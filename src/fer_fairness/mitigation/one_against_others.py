"""What AIF360's post-processings share here: one group, and all others taken together."""

from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.post_method import PostMethod
from fer_fairness.mitigation.scored import Flags
from fer_fairness.taxonomy import Attribute

Side: TypeAlias = Literal["privileged", "unprivileged"]


class Sides(BaseModel):
    """Who was set against whom when rules were fitted, JSON-able.

    Attributes:
        privileged: The group that the others are evened out with; empty if nothing was fitted.
        unprivileged: All other groups, taken together.
        untouched: Why an emotion is not evened out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    privileged: str
    unprivileged: tuple[str, ...]
    untouched: dict[str, str]

    def on(self, side: Side, members: pd.Series) -> Flags:
        """Whose group is on that side, shape (people,); nobody's of unknown group is."""
        names = [self.privileged] if side == "privileged" else self.unprivileged
        return members.isin(names).to_numpy(dtype=bool)


class OneAgainstOthers(PostMethod):
    """A method for two classes and two groups, of which the second is everybody else."""

    attribute: Attribute = Field(
        default="gender", description="Attribute whose groups' error rates are evened out."
    )
    privileged: str | None = Field(
        default=None,
        description="Group that the others are evened out with; "
        "by default the one with the highest validation accuracy.",
    )

    def privileged_group(self, people: pd.DataFrame) -> str:
        """The group named, or the one with the highest accuracy (of equals the first by name).

        Args:
            people: Validation predictions of those whose group is known.

        Returns:
            Empty where there is nobody and none is named.

        Raises:
            InvalidInputError: `privileged` is no group of the table.
        """
        if not len(people):
            return self.privileged or ""
        right = (people["emotion"] == people["predicted_emotion"]).astype(np.float64)
        accuracies = right.groupby(people[self.attribute]).mean().sort_index()
        if self.privileged is None:
            return str(accuracies.idxmax())
        if self.privileged not in accuracies.index:
            raise InvalidInputError(
                f"{self.name or self.method}.privileged is {self.privileged!r}, but the validation "
                f"people have the groups {', '.join(map(str, accuracies.index))} of "
                f"{self.attribute}. Name one of these, or leave it out."
            )
        return self.privileged


def not_fitted(shown: Flags, on_privileged: Flags) -> str:
    """Why rates of one emotion cannot be evened out between two sides; empty where they can.

    Args:
        shown: Whether each person shows the emotion, shape (people,).
        on_privileged: Who is of the privileged group, shape (people,).
    """
    for side, name in ((on_privileged, "privileged"), (~on_privileged, "unprivileged")):
        if not shown[side].any():
            return f"nobody on the {name} side shows it"
        if shown[side].all():
            return f"everybody on the {name} side shows it"
    return ""
