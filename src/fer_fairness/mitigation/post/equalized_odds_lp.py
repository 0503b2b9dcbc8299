"""Equalized odds of all emotions and groups at once, by one linear program."""

import logging
from typing import ClassVar, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from fer_fairness.mitigation.linear_programs import (
    Constrained,
    Outcomes,
    looked_at,
    solve_shares,
)
from fer_fairness.mitigation.post_method import Json, PostMethod
from fer_fairness.mitigation.scored import (
    N_EMOTIONS,
    Array,
    Flags,
    emotion_codes,
    group_codes_of,
    group_names,
    with_predictions,
)
from fer_fairness.taxonomy import EMOTIONS, Attribute

logger = logging.getLogger(__name__)

Matrix: TypeAlias = list[list[float]]

_FOR_KEEPING: Final = 1e-5
"""What a kept prediction is worth, in right answers, so that of equal solutions it is taken."""


class EqualizedOddsLpRules(BaseModel):
    """What was fitted, JSON-able.

    Attributes:
        matrices: By group, `(8, 8)` in the order of `EMOTIONS`: P(new | predicted), rows sum to 1.
        promised_accuracy: Expected share of right answers of the validation faces of these groups.
        promised_gap: Largest difference between these groups in an outcome that was constrained.
        left_out: By group, emotions with too few of its faces to take part in the constraints.
        kept: Why the faces of a group keep their predictions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    matrices: dict[str, Matrix] = {}
    promised_accuracy: float | None = None
    promised_gap: float | None = None
    left_out: dict[str, list[str]] = {}
    kept: dict[str, str] = {}


class EqualizedOddsLp(PostMethod):
    """Draws the new prediction k of a face of group g, predicted as j, with chance M_g[j, k].

    With C_g[c, j] = P(predicted j | true c, g) on validation faces, the linear program finds the
    M_g whose rows are distributions that maximise the sum over g and c of P(g, c) (C_g M_g)[c, c],
    the accuracy, such that every outcome (C_g M_g)[c, k] is within epsilon / 2 of one value that
    all groups share: no two groups differ by more than `epsilon`. It has a solution always, since
    rows that are all alike even out everything.

    After Putzel and Lee (and Hardt et al. 2016, arXiv 1610.02413, of two classes), who ask for no
    difference at all; that costs much accuracy, most of all with many groups. New predictions are
    drawn from rows of M_g, as the program means it, and not from those of C_g M_g = P(new | true,
    g), from which two public packages draw. Group by emotion cells of fewer than `minimum_faces`
    validation faces are not constrained, and a group that has no others keeps its predictions, as
    do faces of unknown group and of groups that validation does not have. Of solutions that are as
    good, the one that keeps most predictions is taken.

    The draws are random: two people with the same picture may be treated differently.
    """

    label: ClassVar[str] = "Equalized odds (linear program)"
    source: ClassVar[str] = "Putzel and Lee 2022, arXiv 2201.04461"
    search: ClassVar = {"epsilon": (0.02, 0.05, 0.1), "objective": ("accuracy", "mean_recall")}

    method: Literal["equalized_odds_lp"] = "equalized_odds_lp"
    attribute: Attribute = Field(
        default="gender", description="Attribute whose groups' outcomes are evened out."
    )
    epsilon: float = Field(
        default=0.05,
        ge=0.0,
        le=1.0,
        description="How far two groups may differ in an outcome; 0, the paper's, costs most.",
    )
    constrained: Constrained = Field(
        default="all_outcomes",
        description="all_outcomes: of each true emotion, how often each emotion is predicted; "
        "recall: how often it is recognised (equal opportunity).",
    )
    objective: Literal["accuracy", "mean_recall"] = Field(
        default="accuracy", description="What is given up as little of as can be."
    )
    minimum_faces: int = Field(
        default=10,
        ge=1,
        description="Validation faces that a group needs of an emotion for its constraints.",
    )

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Solve the linear program on validation predictions."""
        names = group_names(validation, self.attribute)
        counts = _counts(validation, self.attribute, names)
        enough = counts.sum(axis=2) >= self.minimum_faces
        treated = [place for place in range(len(names)) if enough[place].any()]
        kept = {
            name: f"none of its emotions has {self.minimum_faces} validation faces"
            for place, name in enumerate(names)
            if place not in treated
        }
        rules = EqualizedOddsLpRules(kept=kept)
        if len(treated) < 2:
            reason = f"there is no other group of {self.attribute} to be evened out with"
            rules = EqualizedOddsLpRules(kept=kept | {names[place]: reason for place in treated})
        else:
            rules = self._fitted([names[place] for place in treated], counts[treated], kept)
        for name, reason in rules.kept.items():
            logger.info("%s: predictions of %s are kept: %s", self.name or self.label, name, reason)
        return rules.model_dump(mode="json")

    def _fitted(
        self, names: list[str], counts: Array, kept: dict[str, str]
    ) -> EqualizedOddsLpRules:
        is_constrained = counts.sum(axis=2) >= self.minimum_faces
        solution = fitted_matrices(
            counts,
            is_constrained,
            epsilon=self.epsilon,
            constrained=self.constrained,
            objective=self.objective,
        )
        if isinstance(solution, str):
            return EqualizedOddsLpRules(kept=kept | dict.fromkeys(names, solution))
        outcomes = _confusion(counts) @ solution
        diagonals = np.diagonal(outcomes, axis1=1, axis2=2)
        of_true = counts.sum(axis=2)
        is_looked_at = is_constrained[:, :, np.newaxis] & looked_at(
            self.constrained, np.arange(N_EMOTIONS), N_EMOTIONS
        )
        left_out = {
            name: [EMOTIONS[c] for c in np.flatnonzero(~is_constrained[place])]
            for place, name in enumerate(names)
            if not is_constrained[place].all()
        }
        return EqualizedOddsLpRules(
            matrices=dict(zip(names, solution.tolist(), strict=True)),
            promised_accuracy=float((of_true * diagonals).sum() / of_true.sum()),
            promised_gap=_largest_gap(outcomes, is_looked_at),
            left_out=left_out,
            kept=kept,
        )

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:
        """Draw new predictions; where one changes, both emotions exchange their probabilities."""
        fitted = EqualizedOddsLpRules.model_validate(rules)
        before = emotion_codes(scored["predicted_emotion"])
        codes = group_codes_of(scored, self.attribute, list(fitted.matrices))
        # Code -1 is the last: faces without fitted group keep their prediction.
        matrices = np.array([*fitted.matrices.values(), np.eye(N_EMOTIONS)], dtype=np.float64)
        chances = matrices[codes, before].cumsum(axis=1)
        drawn = np.random.default_rng(seed).random(len(before)) * chances[:, -1]
        after = (chances > drawn[:, np.newaxis]).argmax(axis=1).astype(np.int64)
        return with_predictions(scored, after)


def fitted_matrices(
    counts: Array,
    is_constrained: Flags,
    *,
    epsilon: float,
    constrained: Constrained,
    objective: Literal["accuracy", "mean_recall"],
) -> Array | str:
    """The matrices P(new | predicted) of each group that `EqualizedOddsLp` tells of.

    Args:
        counts: Faces by group, true and predicted emotion, shape `(g, k, k)`.
        is_constrained: Whether the outcomes of a group and true emotion are, bool `(g, k)`.
        epsilon: How far groups may differ.
        constrained: Which outcomes are.
        objective: What is maximised.

    Returns:
        Shape `(g, k, k)`, rows sum to 1; or why there is no solution.
    """
    n_groups, k, _ = counts.shape
    confusion = _confusion(counts)
    n_true, n_predicted = counts.sum(axis=2), counts.sum(axis=1)
    gain = n_true / n_true.sum()
    if objective == "mean_recall":
        of_class = n_true.sum(axis=0)
        gain = n_true / np.maximum(of_class, 1) / (of_class > 0).sum()
    # What it is worth to predict c for those of group g that were predicted as j.
    value = np.einsum("gc,gcj->gjc", gain, confusion)
    value += _FOR_KEEPING * (n_predicted / n_true.sum())[:, :, np.newaxis] * np.eye(k)

    groups, classes = np.nonzero(is_constrained)
    weights = np.zeros((len(groups), n_groups, k))
    weights[np.arange(len(groups)), groups] = confusion[groups, classes]
    # A prediction that no face of a group had tells nothing: it is kept, should it come.
    never = (n_predicted == 0)[:, :, np.newaxis] & np.eye(k, dtype=bool)
    exists = counts.sum(axis=(0, 1)) + counts.sum(axis=(0, 2)) > 0
    found = solve_shares(
        -value.reshape(-1, k),
        Outcomes(weights.reshape(len(groups), -1), classes, constrained),
        epsilon=epsilon,
        bounds=(
            never.astype(np.float64).reshape(-1, k),
            (exists | never).astype(np.float64).reshape(-1, k),
        ),
    )
    return found if isinstance(found, str) else found.shares.reshape(n_groups, k, k)


def _counts(scored: pd.DataFrame, attribute: str, names: list[str]) -> Array:
    """Faces by group, true and predicted emotion."""
    groups = group_codes_of(scored, attribute, names)
    counts = np.zeros((len(names), N_EMOTIONS, N_EMOTIONS))
    known = groups >= 0
    true, predicted = (emotion_codes(scored[name]) for name in ("emotion", "predicted_emotion"))
    np.add.at(counts, (groups[known], true[known], predicted[known]), 1)
    return counts


def _confusion(counts: Array) -> Array:
    """P(predicted | true, group); 0 where a group has no face of an emotion."""
    return np.asarray(counts / np.maximum(counts.sum(axis=2, keepdims=True), 1))


def _largest_gap(outcomes: Array, is_looked_at: Flags) -> float:
    """Largest difference between groups in any outcome that is looked at; axis 0 are groups."""
    highest = np.where(is_looked_at, outcomes, -np.inf).max(axis=0)
    lowest = np.where(is_looked_at, outcomes, np.inf).min(axis=0)
    return float((highest - lowest).max(initial=0.0))
