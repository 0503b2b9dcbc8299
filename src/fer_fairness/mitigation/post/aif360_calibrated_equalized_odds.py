"""Calibrated equalized odds: some people's probabilities give way to how common an emotion is.

Pleiss et al. 2017 (arXiv 1709.02012), as AIF360's `CalibratedEqOddsPostprocessing` fits it: for two
classes and two groups, so many people of the side with the lower cost get the base rate of their
side in place of their score that both sides cost the same. Scores remain calibrated on either side.
Here each emotion against all others is such a problem, on its probability; afterwards the eight
probabilities of a person are divided by their sum, and the largest is the prediction.

That last step is this project's, and it is where the promise ends: among eight emotions a rare
one's base rate is often not the largest probability, and where it takes the place of a score, that
emotion may not be predicted any more. What this does to mean recall the evaluation shows; it is
here to be compared, not recommended.

The draws are random, so two people with the same picture may be treated differently.
"""

from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from fer_fairness.fairness.aif360_adapter.binary_datasets import GROUP, binary_datasets
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import
from fer_fairness.mitigation.one_against_others import (
    OneAgainstOthers,
    Side,
    Sides,
    not_fitted,
)
from fer_fairness.mitigation.post_method import Json
from fer_fairness.mitigation.scored import (
    Array,
    Flags,
    group_names,
    probabilities_of,
    with_probabilities,
)
from fer_fairness.taxonomy import EMOTIONS


class Mixing(BaseModel):
    """Of one emotion: whose probabilities give way, how many, and to what.

    Attributes:
        side: `privileged` or `unprivileged`, the one that costs less.
        rate: Share of its people, in [0, 1].
        base_rate: How many of that side show the emotion, in [0, 1].
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    side: Side
    rate: float = Field(ge=0.0, le=1.0)
    base_rate: float = Field(ge=0.0, le=1.0)


class CalibratedEqualizedOddsRates(Sides):
    """What was fitted, JSON-able.

    Attributes:
        mixing: By emotion; those that are left as they are do not appear.
    """

    mixing: dict[str, Mixing]


class Aif360CalibratedEqualizedOdds(OneAgainstOthers):
    """Evens out the costs of one group and of all others, each emotion's scores calibrated."""

    label: ClassVar[str] = "Calibrated equalized odds (AIF360)"
    source: ClassVar[str] = "Pleiss et al. 2017, arXiv 1709.02012"

    method: Literal["aif360_calibrated_equalized_odds"] = "aif360_calibrated_equalized_odds"
    cost_constraint: Literal["weighted", "fnr", "fpr"] = Field(
        default="weighted",
        description="What costs: misses, false alarms, or both by how common the emotion is.",
    )

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Fit the share of people of each emotion on validation predictions.

        An emotion stays untouched, with the reason told, where a side has nobody who shows it (or
        nobody who does not), or where even giving up every score of one side would not even out
        the costs. People without a group take no part.

        Raises:
            InvalidInputError: `privileged` is no group of the table.
        """
        people = validation[validation[self.attribute].notna()]
        names = group_names(people, self.attribute)
        privileged = self.privileged_group(people)
        on_privileged = (people[self.attribute] == privileged).to_numpy(dtype=bool)
        mixing: dict[str, Mixing] = {}
        untouched: dict[str, str] = {}
        scores = probabilities_of(people)
        for place, emotion in enumerate(EMOTIONS):
            shown = (people["emotion"] == emotion).to_numpy(dtype=bool)
            fitted = self._fit_one(shown, scores[:, place], on_privileged)
            if isinstance(fitted, str):
                untouched[emotion] = fitted
            else:
                mixing[emotion] = fitted
        return CalibratedEqualizedOddsRates(
            privileged=privileged,
            unprivileged=tuple(name for name in names if name != privileged),
            mixing=mixing,
            untouched=untouched,
        ).model_dump(mode="json")

    def _fit_one(self, shown: Flags, scores: Array, on_privileged: Flags) -> Mixing | str:
        if reason := not_fitted(shown, on_privileged):
            return reason
        with quiet_aif360_import():
            from aif360.algorithms.postprocessing import CalibratedEqOddsPostprocessing
        truth, outcome = binary_datasets(
            on_privileged.astype(np.int64), shown, scores > 0.5, scores
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            fitted = CalibratedEqOddsPostprocessing(
                unprivileged_groups=[{GROUP: 0}],
                privileged_groups=[{GROUP: 1}],
                cost_constraint=self.cost_constraint,
            ).fit(truth, outcome)
        if fitted.priv_mix_rate:
            side, rate, base_rate = "privileged", fitted.priv_mix_rate, fitted.base_rate_priv
        else:
            side, rate, base_rate = "unprivileged", fitted.unpriv_mix_rate, fitted.base_rate_unpriv
        if not 0.0 <= rate <= 1.0:
            return f"giving up all scores of the {side} side would not even out the costs"
        return Mixing.model_validate(
            {"side": side, "rate": float(rate), "base_rate": float(base_rate)}
        )

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:
        """Draw whose probabilities give way, at the fitted rates.

        An emotion of probability zero (one that the evaluation set does not have) is never given.
        People without a group, or of one that the fit had not seen, keep their prediction.
        """
        rates = CalibratedEqualizedOddsRates.model_validate(rules)
        generator = np.random.default_rng(seed)
        probabilities = probabilities_of(scored)
        draws = generator.random(probabilities.shape)
        for place, emotion in enumerate(EMOTIONS):
            if emotion in rates.mixing:
                mixing = rates.mixing[emotion]
                on_side = rates.on(mixing.side, scored[self.attribute])
                gives_way = on_side & (draws[:, place] < mixing.rate)
                gives_way &= probabilities[:, place] > 0.0
                probabilities[gives_way, place] = mixing.base_rate
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return with_probabilities(scored, probabilities, probabilities.argmax(axis=1))
