"""Abstention: faces that a model is unsure of are left unanswered."""

import logging
from typing import ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import softmax

from fer_fairness.mitigation.answering import answered_alike, threshold_of
from fer_fairness.mitigation.post_method import Json, PostMethod
from fer_fairness.mitigation.scored import (
    Array,
    emotion_codes,
    group_codes_of,
    group_names,
    log_probabilities,
    with_probabilities,
)
from fer_fairness.modeling.temperature import fit_temperature
from fer_fairness.tables import ABSTAINED
from fer_fairness.taxonomy import Attribute

logger = logging.getLogger(__name__)


class AbstentionRules(BaseModel):
    """What was fitted, JSON-able.

    Attributes:
        temperature: Logits are divided by it.
        common: The threshold of all faces; 0: all are answered.
        by_group: That of the faces of a group, in place of the common one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = 1.0
    common: float = 0.0
    by_group: dict[str, float] = {}


class Abstention(PostMethod):
    """Leaves a face unanswered where max_c p_c < t, p being the softmax of logits over T.

    T minimises the log loss of validation faces (Guo et al. 2017), and t is such that the share
    `coverage` of them is answered. Jones et al. show that with one t for all the accuracy among
    answered faces may rise for some groups and hardly, or even fall, for others: so the report has
    coverage and accuracy of answered faces by group, and how both go with t.

    With `by_group` (not of that paper) group g has a threshold t_g of its own: those under which
    the group that is served worst has the highest accuracy among its answered faces, while at least
    `coverage` of all faces are answered, and `least_coverage` of each group. A group that is
    recognised better than that is answered in full: nobody is left unanswered to make groups
    alike. Accuracy as a function of the threshold is that of an isotonic regression, so that
    chance among a few faces decides less. Groups of fewer than `minimum_faces` validation faces,
    and faces of unknown group, have t. A predicted group is taken as it is.

    Predicted emotions stay as they are, and every measure of the report is over all faces, answered
    or not: the column `abstained` says which are not. Therefore no rule of selection tells settings
    apart, and there is nothing to try: how much is answered is for people to say.
    """

    label: ClassVar[str] = "Abstention"
    source: ClassVar[str] = "Jones et al. 2021, arXiv 2010.14134"
    abstains: ClassVar[bool] = True

    method: Literal["abstention"] = "abstention"
    coverage: float = Field(
        default=0.9, gt=0.0, le=1.0, description="Share of validation faces that is answered."
    )
    by_group: bool = Field(
        default=False, description="Whether groups have thresholds of their own."
    )
    attribute: Attribute = Field(
        default="gender", description="Attribute of the groups, for by_group."
    )
    least_coverage: float = Field(
        default=0.5, ge=0.0, le=1.0, description="Share of each group that is answered by_group."
    )
    minimum_faces: int = Field(
        default=30,
        ge=1,
        description="Validation faces that a group needs for a threshold of its own.",
    )

    @model_validator(mode="after")
    def _no_group_is_answered_more_than_all(self) -> Self:
        if self.by_group and self.least_coverage > self.coverage:
            raise ValueError(
                f"least_coverage is {self.least_coverage:g} and coverage {self.coverage:g}: of "
                "each group no more can be asked to be answered than of all faces. Lower "
                "least_coverage, or raise coverage."
            )
        return self

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Fit the temperature and the thresholds on validation predictions.

        Args:
            validation: As of every `PostMethod`.
        """
        if validation.empty:
            return AbstentionRules().model_dump(mode="json")
        true = emotion_codes(validation["emotion"])
        temperature, _ = fit_temperature(log_probabilities(validation), true)
        confidence = _probabilities(validation, temperature).max(axis=1)
        common = threshold_of(confidence, self.coverage)
        right = emotion_codes(validation["predicted_emotion"]) == true
        by_group = self._thresholds(validation, confidence, right, common) if self.by_group else {}
        rules = AbstentionRules(temperature=temperature, common=common, by_group=by_group)
        return rules.model_dump(mode="json")

    def _thresholds(
        self, validation: pd.DataFrame, confidence: Array, right: Array, common: float
    ) -> dict[str, float]:
        """The threshold of each group that has faces enough."""
        counts = validation[self.attribute].value_counts()
        names = [
            n for n in group_names(validation, self.attribute) if counts[n] >= self.minimum_faces
        ]
        if not names:
            logger.info(
                "%s: no group of %s has %d validation faces: all faces have one threshold",
                self.name or self.label,
                self.attribute,
                self.minimum_faces,
            )
            return {}
        codes = group_codes_of(validation, self.attribute, names)
        elsewhere = int((confidence[codes < 0] >= common).sum())
        found = answered_alike(
            [confidence[codes == group] for group in range(len(names))],
            [right[codes == group] for group in range(len(names))],
            n_answered=int(np.ceil(self.coverage * len(validation) - 1e-9)) - elsewhere,
            least_coverage=self.least_coverage,
        )
        return dict(zip(names, found, strict=True))

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:  # noqa: ARG002  nothing is drawn
        """Which faces are left unanswered, and probabilities under the temperature.

        Args:
            scored: As of every `PostMethod`.
            rules: What `fit` gave.
            seed: Not used.
        """
        fitted = AbstentionRules.model_validate(rules)
        probabilities = _probabilities(scored, fitted.temperature)
        codes = group_codes_of(scored, self.attribute, list(fitted.by_group))
        # The last, which the code -1 finds, is that of all others.
        thresholds = np.array([*fitted.by_group.values(), fitted.common])[codes]
        predicted = emotion_codes(scored["predicted_emotion"])
        changed = with_probabilities(scored, probabilities, predicted)
        return changed.assign(**{ABSTAINED: probabilities.max(axis=1) < thresholds})


def _probabilities(scored: pd.DataFrame, temperature: float) -> Array:
    return np.asarray(softmax(log_probabilities(scored) / temperature, axis=1))
