"""An ensemble: the probabilities of several models, averaged."""

import logging
from collections.abc import Sequence
from typing import ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.post_method import Json, PostMethod
from fer_fairness.mitigation.scored import (
    Array,
    Indices,
    emotion_codes,
    probabilities_of,
    with_probabilities,
)
from fer_fairness.params.lists import ListOf
from fer_fairness.tables import PROBABILITY_COLUMNS

logger = logging.getLogger(__name__)

_STEPS: Final = 1000


class EnsembleRules(BaseModel):
    """What was fitted, JSON-able.

    Attributes:
        weights: Of the variant of `after`, then of those of `of`; they sum to 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: list[float]


class Ensemble(PostMethod):
    """Predicts argmax_c sum_m w_m p_mc, over the models m of several variants.

    These are the variant of `after` and those of `of`, each with the same training seed: so the
    ensembles of different seeds share no model, and differ as much as seeds make them. (Ko et al.
    average models that differ in their seed alone. One ensemble of all seeds would be the same for
    every seed, and ensembles of all seeds but one nearly so: an interval over seeds would say
    nothing. For theirs, name blocks that differ in nothing that matters.) Weights are equal, or
    with `weights: validation` those that minimise the mean log loss of validation faces, a convex
    problem, by expectation maximisation.
    """

    label: ClassVar[str] = "Ensemble"
    source: ClassVar[str] = "Ko et al. 2023, arXiv 2303.00586"
    search: ClassVar = {"weights": ("equal", "validation")}

    method: Literal["ensemble"] = "ensemble"
    of: ListOf[str] = Field(
        default=(),
        description="Variants with a model of their own whose probabilities are averaged with "
        "those of after. None: the probabilities of after as they are.",
    )
    weights: Literal["equal", "validation"] = Field(
        default="equal", description="Whether models count alike, or as validation faces say."
    )

    def together(self, scored: pd.DataFrame, others: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The table with the probabilities of the other models beside those of `after`.

        Args:
            scored: As of every `PostMethod`.
            others: Predictions of the variants of `of`, in their order.

        Raises:
            InvalidInputError: A face lacks a prediction of one of them.
        """
        columns = {}
        for number, (variant, other) in enumerate(zip(self.of, others, strict=True), start=1):
            known = other.set_index("sample_id")[list(PROBABILITY_COLUMNS)]
            lacking = scored.loc[~scored["sample_id"].isin(known.index), "sample_id"]
            if len(lacking):
                raise InvalidInputError(
                    f"{self.name or self.label}: {len(lacking)} faces, such as "
                    f"{lacking.iloc[0]!r}, have a prediction of {self.after} and none of "
                    f"{variant}; an ensemble needs one of each. Run both variants again."
                )
            own = known.loc[scored["sample_id"]]
            for name in PROBABILITY_COLUMNS:
                columns[_column(name, number)] = own[name].to_numpy()
        return scored.assign(**columns)

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Equal weights, or those that fit validation faces best.

        Args:
            validation: As `together` gives it.
        """
        n_models = 1 + len(self.of)
        weights = np.full(n_models, 1 / n_models)
        if n_models == 1:
            logger.info(
                "%s: of names no variant, so that the predictions are those of %s",
                self.name or self.label,
                self.after,
            )
        elif self.weights == "validation" and len(validation):
            weights = fitted_weights(self._models(validation), emotion_codes(validation["emotion"]))
        return EnsembleRules(weights=weights.tolist()).model_dump(mode="json")

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:  # noqa: ARG002  nothing is drawn
        """The weighted means of the models' probabilities, and the most probable emotions.

        Args:
            scored: As `together` gives it.
            rules: What `fit` gave.
            seed: Not used.
        """
        weights = np.array(EnsembleRules.model_validate(rules).weights)
        if len(weights) == 1:
            before = emotion_codes(scored["predicted_emotion"])
            return with_probabilities(scored, probabilities_of(scored), before)
        probabilities = np.tensordot(weights, self._models(scored), axes=1)
        return with_probabilities(scored, probabilities, probabilities.argmax(axis=1))

    def _models(self, scored: pd.DataFrame) -> Array:
        """Probabilities, shape (models, faces, emotions)."""
        names = [
            [_column(name, number) for name in PROBABILITY_COLUMNS]
            for number in range(1 + len(self.of))
        ]
        return np.stack([scored[each].to_numpy(dtype=np.float64) for each in names])


def _column(name: str, number: int) -> str:
    """A column of probabilities of the model of that number, 0 being that of `after`."""
    return f"{name} of model {number}" if number else name


def fitted_weights(probabilities: Array, true: Indices) -> Array:
    """The weights of a mixture that minimise its mean log loss, by expectation maximisation.

    Args:
        probabilities: Of each model, shape (models, faces, classes), at least one face.
        true: Place of each true class, shape (faces,).

    Returns:
        Shape (models,), not negative, of sum 1; equal where no model thinks any true class
        possible.
    """
    likelihoods = probabilities[:, np.arange(len(true)), true]
    # A face that every model takes to be impossible says nothing of their weights.
    likelihoods = likelihoods[:, likelihoods.max(axis=0) > 0]
    weights = np.full(len(probabilities), 1 / len(probabilities))
    if not likelihoods.size:
        return weights
    for _ in range(_STEPS):
        shares = weights[:, np.newaxis] * likelihoods
        weights = (shares / shares.sum(axis=0)).mean(axis=1)
    return np.asarray(weights / weights.sum())
