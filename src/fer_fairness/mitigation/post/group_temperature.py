"""A temperature for each group: probabilities that mean the same for all."""

from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import softmax

from fer_fairness.mitigation.calibration import fit_temperatures
from fer_fairness.mitigation.post_method import Json, PostMethod
from fer_fairness.mitigation.scored import (
    emotion_codes,
    group_names,
    group_shares,
    log_probabilities,
    memberships,
    with_probabilities,
)
from fer_fairness.taxonomy import Attribute


class GroupTemperatureRules(BaseModel):
    """What was fitted, JSON-able.

    Attributes:
        common: The temperature of all faces.
        by_group: The temperature of each group.
        shares: How large each group is among validation faces.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    common: float = 1.0
    by_group: dict[str, float] = {}
    shares: list[float] = []


class GroupTemperature(PostMethod):
    """Divides the logits of a face of group g by T_g; predicted emotions stay as they are.

    T_g minimises the log loss of the group's validation faces, plus `strength` times the squared
    logarithm of T_g / T, T being the temperature that fits all faces (Guo et al. 2017, who have no
    groups): with few faces a group has nearly T. A face of predicted group has the mean of the
    groups' probabilities, weighted by its own of the groups; a face of unknown group has T. No rule
    of selection looks at probabilities, so that there is nothing to try.
    """

    label: ClassVar[str] = "Temperature by group"
    source: ClassVar[str] = "Guo et al. 2017, arXiv 1706.04599; Pleiss et al. 2017, 1709.02012"

    method: Literal["group_temperature"] = "group_temperature"
    attribute: Attribute = Field(default="gender", description="Attribute of the groups.")
    strength: float = Field(
        default=10.0, ge=0.0, description="How strongly groups are drawn to the common temperature."
    )

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Fit the temperatures on validation predictions.

        Args:
            validation: As of every `PostMethod`.
        """
        if validation.empty:
            return GroupTemperatureRules().model_dump(mode="json")
        names = group_names(validation, self.attribute)
        shares = group_shares(validation, self.attribute, names)
        common, temperatures = fit_temperatures(
            log_probabilities(validation),
            emotion_codes(validation["emotion"]),
            memberships(validation, self.attribute, names, shares),
            strength=self.strength,
        )
        return GroupTemperatureRules(
            common=common,
            by_group=dict(zip(names, temperatures, strict=True)),
            shares=shares.tolist(),
        ).model_dump(mode="json")

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:  # noqa: ARG002  nothing is drawn
        """Probabilities under the temperatures.

        Args:
            scored: As of every `PostMethod`.
            rules: What `fit` gave.
            seed: Not used.
        """
        fitted = GroupTemperatureRules.model_validate(rules)
        names = list(fitted.by_group)
        belongs = memberships(scored, self.attribute, names, np.array(fitted.shares))
        # The last are faces of unknown group.
        belongs = np.column_stack([belongs, belongs.sum(axis=1) == 0])
        logits = log_probabilities(scored)
        probabilities = sum(
            weights[:, np.newaxis] * softmax(logits / temperature, axis=1)
            for weights, temperature in zip(
                belongs.T, [*fitted.by_group.values(), fitted.common], strict=True
            )
        )
        before = emotion_codes(scored["predicted_emotion"])
        return with_probabilities(scored, np.asarray(probabilities), before)
