"""Equalized odds by post-processing: predictions withdrawn or offered at fitted rates.

Hardt et al. 2016 (arXiv 1610.02413), as AIF360's `EqOddsPostprocessing` fits it: for two classes
and two groups, a linear program finds the rates at which predictions are kept or turned so that
true and false positive rates agree. What it minimises is the sum over both groups of false less
true positive rates, without the base rates of Hardt's expected loss. Here each emotion against all
others is such a problem, and the eight answers become one emotion again:

1. each emotion claims a person or not: the predicted emotion claims at its group's `keep` rate,
   every other at its `claim` rate;
2. among the claims one is drawn in proportion to the model's probabilities; where there is none,
   the most probable emotion other than the withdrawn one is taken.

Step 2 is this project's: the eight programs do not know of each other, so the odds are evened out
approximately, and the evaluation has to show by how much.

The draws are random, so two people with the same picture may be treated differently.
"""

from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

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
    Indices,
    emotion_codes,
    group_names,
    probabilities_of,
    with_predictions,
)
from fer_fairness.taxonomy import EMOTIONS


class Rates(BaseModel):
    """How often a prediction of one emotion stands, and how often its absence is overturned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep: float = Field(default=1.0, ge=0.0, le=1.0, description="Pr[claimed | predicted].")
    claim: float = Field(default=0.0, ge=0.0, le=1.0, description="Pr[claimed | not predicted].")


class EqualizedOddsRates(Sides):
    """What was fitted, JSON-able.

    Attributes:
        n_people: Validation people on either side.
        rates: By emotion and side; emotions that are left as they are do not appear.
    """

    n_people: dict[Side, int]
    rates: dict[str, dict[Side, Rates]]


class EqualizedOdds(OneAgainstOthers):
    """Evens out the error rates of one group and of all others."""

    label: ClassVar[str] = "Equalized odds (AIF360)"
    source: ClassVar[str] = "Hardt et al. 2016, arXiv 1610.02413"

    method: Literal["equalized_odds"] = "equalized_odds"

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Fit the rates of every emotion on validation predictions.

        An emotion stays untouched, with the reason told, where a side has nobody who shows it (or
        nobody who does not), and all do where fewer than two groups have people. People without a
        group take no part.

        Raises:
            InvalidInputError: `privileged` is no group of the table.
        """
        people = validation[validation[self.attribute].notna()]
        return self._rates(people).model_dump(mode="json")

    def _rates(self, people: pd.DataFrame) -> EqualizedOddsRates:
        members = people[self.attribute].to_numpy(dtype=object)
        names = group_names(people, self.attribute)
        privileged = self.privileged_group(people)
        if len(names) < 2:
            reason = f"fewer than two groups of {self.attribute} among the validation people"
            return EqualizedOddsRates(
                privileged=privileged,
                unprivileged=(),
                n_people={"privileged": len(people), "unprivileged": 0},
                rates={},
                untouched=dict.fromkeys(EMOTIONS, reason),
            )
        on_privileged = members == privileged
        rates: dict[str, dict[Side, Rates]] = {}
        untouched: dict[str, str] = {}
        for emotion in EMOTIONS:
            shown = (people["emotion"] == emotion).to_numpy(dtype=bool)
            predicted = (people["predicted_emotion"] == emotion).to_numpy(dtype=bool)
            fitted = _fit_one(shown, predicted, on_privileged)
            if isinstance(fitted, str):
                untouched[emotion] = fitted
            else:
                rates[emotion] = fitted
        return EqualizedOddsRates(
            privileged=privileged,
            unprivileged=tuple(name for name in names if name != privileged),
            n_people={
                "privileged": int(on_privileged.sum()),
                "unprivileged": int((~on_privileged).sum()),
            },
            rates=rates,
            untouched=untouched,
        )

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:
        """Draw new predictions at the fitted rates.

        An emotion of probability zero (one that the evaluation set does not have) is never given.
        People without a group, or of one that the fit had not seen, keep their prediction.
        """
        rates = EqualizedOddsRates.model_validate(rules)
        probabilities = probabilities_of(scored)
        before = emotion_codes(scored["predicted_emotion"])
        claims = _claims(before, scored[self.attribute], rates, np.random.default_rng([seed, 0]))
        after = _choose(before, claims, probabilities, np.random.default_rng([seed, 1]))
        return with_predictions(scored, after)


def _fit_one(shown: Flags, predicted: Flags, on_privileged: Flags) -> dict[Side, Rates] | str:
    """The rates of one emotion on either side, or why there are none."""
    if reason := not_fitted(shown, on_privileged):
        return reason
    solution = _solve(shown, predicted, on_privileged)
    if solution is None:
        return "the linear program has no solution"
    keep, claim, other_keep, other_claim = np.clip(solution, 0.0, 1.0)
    return {
        "privileged": Rates(keep=float(keep), claim=float(claim)),
        "unprivileged": Rates(keep=float(other_keep), claim=float(other_claim)),
    }


def _solve(shown: Flags, predicted: Flags, on_privileged: Flags) -> Array | None:
    """AIF360's four mixing rates: keep and claim of the privileged, then of the others."""
    with quiet_aif360_import():
        from aif360.algorithms.postprocessing import EqOddsPostprocessing
        from aif360.datasets import BinaryLabelDataset
    truth = BinaryLabelDataset(
        df=pd.DataFrame({"group": on_privileged, "label": shown}, dtype=np.float64),
        label_names=["label"],
        protected_attribute_names=["group"],
    )
    outcome = truth.copy()
    outcome.labels = predicted.astype(np.float64).reshape(-1, 1)
    fitted = EqOddsPostprocessing(
        unprivileged_groups=[{"group": 0}], privileged_groups=[{"group": 1}]
    ).fit(truth, outcome)
    if not fitted.model_params.success:
        return None
    return np.asarray(fitted.model_params.x, dtype=np.float64)


def _claims(
    before: Indices,
    members: pd.Series,
    rates: EqualizedOddsRates,
    generator: np.random.Generator,
) -> Flags:
    """Which emotions claim each person, shape (people, emotions); as predicted if no group."""
    predicted = before[:, np.newaxis] == np.arange(len(EMOTIONS))
    chance = predicted.astype(np.float64)
    sides: tuple[Side, ...] = ("privileged", "unprivileged")
    for side in sides:
        on_side = rates.on(side, members)
        for place, emotion in enumerate(EMOTIONS):
            if emotion in rates.rates:
                rate = rates.rates[emotion][side]
                chance[on_side, place] = np.where(predicted[on_side, place], rate.keep, rate.claim)
    return np.asarray(generator.random(chance.shape) < chance)


def _choose(
    before: Indices, claims: Flags, probabilities: Array, generator: np.random.Generator
) -> Indices:
    """One emotion a person: among the claims by probability, else the next most probable."""
    rows = np.arange(len(before))
    withdrawn = probabilities.copy()
    withdrawn[rows, before] = 0.0
    stays = claims[rows, before] | (withdrawn.max(axis=1, initial=0.0) == 0)
    fallback = np.where(stays, before, withdrawn.argmax(axis=1))
    weights = np.where(claims, probabilities, 0.0).cumsum(axis=1)
    total = weights[:, -1]
    drawn = generator.random(len(before)) * total
    among = (weights > drawn[:, np.newaxis]).argmax(axis=1)
    return np.where(total > 0, among, fallback).astype(np.int64)
