"""LinearPost: equalized odds by a linear rule on probabilities, without the groups themselves."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from fer_fairness.mitigation.calibration import GroupCalibration, fit_calibration
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
    Indices,
    emotion_codes,
    group_names,
    group_shares,
    log_probabilities,
    memberships,
    with_predictions,
)
from fer_fairness.taxonomy import EMOTIONS, Attribute

logger = logging.getLogger(__name__)

_FACTORS: Final = (1.0, 2.0, 4.0)
"""Times `epsilon` are the tolerances to choose from."""

_AGAINST_TIES: Final = 1e-3
"""Largest part of a right answer by which predictions are preferred by lot."""

_STRENGTH_OF_CALIBRATION: Final = 2.0
"""In faces: a group by emotion cell of many more has probabilities of its own."""


class LinearPostRules(BaseModel):
    """What was fitted, JSON-able.

    Attributes:
        calibration: Of the probabilities to the groups; without groups where nothing was fitted.
        prices: psi of `LinearPost`, groups by true emotions by predicted ones.
        epsilon: The tolerance that held-out validation faces chose.
        left_out: By group, emotions with too few of its faces to take part in the constraints.
        reason: Why nothing was fitted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    calibration: GroupCalibration = GroupCalibration()
    prices: list[list[list[float]]] = []
    epsilon: float | None = None
    left_out: dict[str, list[str]] = {}
    reason: str = ""


class LinearPost(PostMethod):
    """Predicts argmin_y [1 - p(y | x) - sum over g and c of psi[g, c, y] p(g, c | x)].

    The psi are the prices (dual variables) of a linear program over the validation faces: shares
    of predictions for each face that cost the fewest expected errors, such that in every cell of
    group g and true emotion c an emotion y is predicted as often as in the other groups, within
    `epsilon`, cells being means of faces weighted by p(g, c | x). A face of predicted group counts
    by the probabilities of its groups, here and when it is predicted: groups need not be known.

    p(g, c | x) is p(g | x) p(c | x, g), the second being softmax(z / T_g + b_g) with temperatures
    and offsets that fit validation labels best, drawn to those of all faces; the paper takes an
    estimate of the joint probabilities. Where a group has to be served less well, all predictions
    are worth the same for its faces; so up to 1/1000 of a right answer is added to each by lot, as
    in the paper (1/10,000), without which all of them would be given one emotion.

    Small validation sets overfit, and the paper's tolerance of 0.001 is dear: so tolerances of 1, 2
    and 4 times `epsilon` are tried on validation faces that neither prices nor p(c | x, g) were
    fitted on (`n_folds`-fold cross-fitting), and the one with the least sum of error rate and mean
    difference of outcomes is taken; predictions stay as they are where none has less than these.
    Cells of less than `minimum_faces` faces are not constrained; faces of unknown group keep their
    prediction.
    """

    label: ClassVar[str] = "LinearPost"
    source: ClassVar[str] = "Xian and Zhao 2024, arXiv 2405.04025"
    search: ClassVar = {"epsilon": (0.02, 0.05, 0.1)}

    method: Literal["linear_post"] = "linear_post"
    attribute: Attribute = Field(
        default="gender", description="Attribute whose groups' outcomes are evened out."
    )
    epsilon: float = Field(
        default=0.05, ge=0.0, le=1.0, description="How far two groups may differ in an outcome."
    )
    constrained: Constrained = Field(
        default="recall",
        description="recall: how often a true emotion is recognised (equal opportunity); "
        "all_outcomes: how often each emotion is predicted (equalized odds), which takes longer.",
    )
    minimum_faces: int = Field(
        default=10,
        ge=1,
        description="Validation faces that a group needs of an emotion for its constraints.",
    )
    n_folds: int = Field(
        default=3, ge=2, description="Parts of the validation faces, each held out once."
    )

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Solve the linear program on validation predictions, and choose its tolerance.

        Args:
            validation: As of every `PostMethod`.
        """
        rules = self._fitted(validation)
        if rules.reason:
            logger.info("%s: predictions are kept: %s", self.name or self.label, rules.reason)
        return rules.model_dump(mode="json")

    def _fitted(self, validation: pd.DataFrame) -> LinearPostRules:
        names = group_names(validation, self.attribute)
        shares = group_shares(validation, self.attribute, names)
        belongs = memberships(validation, self.attribute, names, shares)
        known = belongs.sum(axis=1) > 0
        validation, belongs = validation[known], belongs[known]
        true = emotion_codes(validation["emotion"])
        counts = belongs.T @ np.eye(N_EMOTIONS)[true]
        is_constrained = counts >= self.minimum_faces
        if is_constrained.any(axis=1).sum() < 2:
            return LinearPostRules(
                reason=f"less than two groups of {self.attribute} have {self.minimum_faces} "
                "validation faces of an emotion"
            )
        program = _Program(
            names=names,
            shares=shares.tolist(),
            logs=log_probabilities(validation),
            true=true,
            belongs=belongs,
            before=emotion_codes(validation["predicted_emotion"]),
            lot=_AGAINST_TIES * _spread(len(true)),
            is_constrained=is_constrained,
            constrained=self.constrained,
        )
        tolerances = [factor * self.epsilon for factor in _FACTORS]
        epsilon = program.chosen_tolerance(tolerances, self.n_folds)
        if epsilon is None:
            return LinearPostRules(
                reason="on validation faces that were held out no tolerance of "
                f"{', '.join(f'{each:g}' for each in tolerances)} was better than none"
            )
        everyone = np.arange(len(true))
        calibration = program.calibration(everyone)
        prices = program.prices(calibration, everyone, epsilon)
        if isinstance(prices, str):
            return LinearPostRules(reason=prices)
        logger.info("%s: the tolerance %g is chosen", self.name or self.label, epsilon)
        return LinearPostRules(
            calibration=calibration,
            prices=prices.tolist(),
            epsilon=epsilon,
            left_out={
                name: [EMOTIONS[c] for c in np.flatnonzero(~is_constrained[place])]
                for place, name in enumerate(names)
                if not is_constrained[place].all()
            },
        )

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:
        """New predictions; where one changes, both emotions exchange their probabilities."""
        fitted = LinearPostRules.model_validate(rules)
        after = emotion_codes(scored["predicted_emotion"])
        names, shares = fitted.calibration.names, np.array(fitted.calibration.shares)
        belongs = memberships(scored, self.attribute, names, shares)
        known = belongs.sum(axis=1) > 0
        if known.any():
            logs = log_probabilities(scored)[known]
            joint = _joint(logs, belongs[known], fitted.calibration)
            lot = _AGAINST_TIES * np.random.default_rng(seed).random(logs.shape)
            after[known] = _decided(joint, np.array(fitted.prices), lot, np.isfinite(logs))
        return with_predictions(scored, after)


@dataclass(frozen=True)
class _Program:
    """The linear program over validation faces.

    Attributes:
        names: The groups.
        shares: How large each is.
        logs: The logits of each face, `(n, k)`; minus infinity where an emotion is not offered.
        true: Place of each true emotion, `(n,)`.
        belongs: How surely each face is of each group, `(n, groups)`.
        before: The predictions that faces have.
        lot: What `_AGAINST_TIES` adds to the cost of each prediction, `(n, k)`.
        is_constrained: Which cells have to share their outcomes, `(groups, k)`.
        constrained: Which outcomes.
    """

    names: list[str]
    shares: list[float]
    logs: Array
    true: Indices
    belongs: Array
    before: Indices
    lot: Array
    is_constrained: Flags
    constrained: Constrained

    def calibration(self, rows: Indices) -> GroupCalibration:
        """What fits the labels of these rows."""
        temperatures, offsets = fit_calibration(
            self.logs[rows], self.true[rows], self.belongs[rows], strength=_STRENGTH_OF_CALIBRATION
        )
        return GroupCalibration(
            names=self.names,
            shares=self.shares,
            temperatures=temperatures.tolist(),
            offsets=offsets.tolist(),
        )

    def prices(self, calibration: GroupCalibration, rows: Indices, epsilon: float) -> Array | str:
        """psi, `(groups, k, k)`, from these rows alone; or why the program was not solved."""
        joint = _joint(self.logs[rows], self.belongs[rows], calibration)
        mass = joint.sum(axis=0)
        groups, classes = np.nonzero(self.is_constrained & (mass > 0))
        weights = joint[:, groups, classes].T / mass[groups, classes][:, np.newaxis]
        cost = _risk(joint) + self.lot[rows]
        found = solve_shares(
            cost,
            Outcomes(weights, classes, self.constrained),
            epsilon=epsilon,
            bounds=(np.zeros_like(cost), np.isfinite(self.logs[rows]).astype(np.float64)),
        )
        if isinstance(found, str):
            return found
        prices = np.zeros((*mass.shape, N_EMOTIONS))
        prices[groups, classes] = found.prices / mass[groups, classes][:, np.newaxis]
        return prices

    def chosen_tolerance(self, tolerances: Sequence[float], n_folds: int) -> float | None:
        """The tolerance that is best on faces that nothing was fitted on; None: none is.

        Faces of every emotion go to all parts in turn, so that no part lacks one that has faces
        enough. Of tolerances that are equal the loosest is chosen.
        """
        fold = np.empty(len(self.true), dtype=np.int64)
        fold[np.argsort(self.true, kind="stable")] = np.arange(len(self.true)) % n_folds
        parts = [
            (np.flatnonzero(fold != part), np.flatnonzero(fold == part)) for part in range(n_folds)
        ]
        calibrations = [self.calibration(fitted) for fitted, _ in parts]
        found: dict[float | None, float] = {None: self._badness(self.before)}
        for epsilon in sorted(tolerances, reverse=True):
            after = self.before.copy()
            for (fitted, held_out), calibration in zip(parts, calibrations, strict=True):
                prices = self.prices(calibration, fitted, epsilon)
                if isinstance(prices, str):
                    break
                logs = self.logs[held_out]
                joint = _joint(logs, self.belongs[held_out], calibration)
                after[held_out] = _decided(joint, prices, self.lot[held_out], np.isfinite(logs))
            else:
                found[epsilon] = self._badness(after)
        return min(found, key=lambda epsilon: found[epsilon])

    def _badness(self, after: Indices) -> float:
        """Error rate plus mean difference between a cell's outcomes and those of its emotion."""
        shown = np.eye(N_EMOTIONS)[self.true]
        new = np.eye(N_EMOTIONS)[after]
        totals = np.einsum("ig,ic,iy->gcy", self.belongs, shown, new)
        of_cell = totals / np.maximum(totals.sum(axis=2, keepdims=True), 1e-12)
        together = totals.sum(axis=0)
        of_class = together / np.maximum(together.sum(axis=1, keepdims=True), 1e-12)
        is_looked_at = looked_at(self.constrained, np.arange(N_EMOTIONS), N_EMOTIONS)
        off = (np.abs(of_cell - of_class) * is_looked_at).sum(axis=2)
        if self.constrained == "all_outcomes":
            off /= 2  # every face that is missing from one outcome is too many in another
        return float((after != self.true).mean() + off[self.is_constrained].mean())


def _joint(logits: Array, belongs: Array, calibration: GroupCalibration) -> Array:
    """p(g, c | x) of each face, `(n, groups, k)`."""
    return belongs[:, :, np.newaxis] * calibration.probabilities(logits)


def _risk(joint: Array) -> Array:
    """How probably each prediction is wrong, `(n, k)`."""
    return np.asarray(1 - joint.sum(axis=1))


def _spread(n: int) -> Array:
    """Numbers from 0 to 1, `(n, 8)`, evenly spread in all directions: rows of a Weyl sequence."""
    return np.outer(np.arange(1, n + 1), np.sqrt([2, 3, 5, 7, 11, 13, 17, 19])) % 1


def _decided(joint: Array, prices: Array, lot: Array, is_offered: Flags) -> Indices:
    """The predictions under these prices."""
    score = _risk(joint) + lot - np.einsum("igc,gcy->iy", joint, prices)
    return np.asarray(np.where(is_offered, score, np.inf).argmin(axis=1), dtype=np.int64)
