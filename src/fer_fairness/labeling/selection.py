"""Which classifier is kept for an attribute: the one that says best what it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fer_fairness.labeling.calibration import fit_calibration, fit_temperature
from fer_fairness.labeling.classifier import (
    AttributeClassifier,
    Candidate,
    candidates,
    fit_candidate,
)
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.progress import track

Fold = tuple[np.ndarray, np.ndarray]
"""Rows to fit on and rows to assess on."""


@dataclass(frozen=True)
class Material:
    """What one attribute's classifier is chosen, calibrated and fitted with.

    Attributes:
        attribute: Its name.
        groups: FairFace's groups.
        codes: Position of each face's group, int `(n,)`; -1 for faces that take no part.
        folds: Pairs of rows. Candidates are fitted on the first, compared and calibrated on the
            second.
        final_rows: What the chosen candidate is fitted on in the end.
    """

    attribute: str
    groups: tuple[str, ...]
    codes: np.ndarray
    folds: Sequence[Fold]
    final_rows: np.ndarray


@dataclass(frozen=True)
class Trial:
    """How a candidate did on faces it was not fitted on.

    Attributes:
        attribute: What it was to tell.
        candidate: The candidate.
        log_loss: Mean, in nats, after the best temperature for it.
        accuracy: Share of faces whose most probable group is the true one, at FairFace's grain.
        chosen: Whether it is the one that was kept.
    """

    attribute: str
    candidate: Candidate
    log_loss: float
    accuracy: float
    chosen: bool


@dataclass
class _Assessed:
    """Logits of a candidate on the faces of all folds, as far as these are done."""

    logits: list[np.ndarray] = field(default_factory=list)
    codes: list[np.ndarray] = field(default_factory=list)

    def joined(self) -> tuple[np.ndarray, np.ndarray]:
        return np.concatenate(self.logits), np.concatenate(self.codes)


def choose_classifiers(
    embeddings: np.ndarray,
    materials: Sequence[Material],
    params: LabellerParameters,
    *,
    seed: int,
) -> tuple[dict[str, AttributeClassifier], tuple[Trial, ...]]:
    """Try every candidate for every attribute, keep the best, calibrate it and fit it again.

    Candidates are compared by their log loss after the best temperature, also where isotonic
    calibration is asked for: one number cannot adapt to the faces that it is judged on, a curve
    can. The calibration of the chosen one is learnt from its probabilities for those same faces,
    which no classifier that gave them was fitted on.

    Args:
        embeddings: float `(n, d)`; finite in the rows that take part.
        materials: One an attribute.
        params: Candidates and calibration.
        seed: Decides whatever a candidate draws.

    Returns:
        attribute -> its classifier, and how every candidate did.
    """
    tried = candidates(params)
    assessed = _assess(embeddings, materials, tried, params, seed)
    classifiers, trials = {}, []
    for material in track(materials, description="Fitting the chosen classifiers"):
        results = [_result(assessed[material.attribute, number]) for number in range(len(tried))]
        best = int(np.argmin([log_loss for log_loss, _ in results]))
        trials += [
            Trial(material.attribute, candidate, *results[number], chosen=number == best)
            for number, candidate in enumerate(tried)
        ]
        rows = material.final_rows
        fitted = fit_candidate(
            tried[best], embeddings[rows], material.codes[rows], params, seed=seed
        )
        calibration = fit_calibration(
            params.calibration, *assessed[material.attribute, best].joined()
        )
        classifiers[material.attribute] = AttributeClassifier(
            material.attribute, material.groups, tried[best], fitted, calibration
        )
    return classifiers, tuple(trials)


def _assess(
    embeddings: np.ndarray,
    materials: Sequence[Material],
    tried: Sequence[Candidate],
    params: LabellerParameters,
    seed: int,
) -> Mapping[tuple[str, int], _Assessed]:
    steps = [
        (material, number, fold)
        for material in materials
        for number in range(len(tried))
        for fold in material.folds
    ]
    assessed = {(material.attribute, number): _Assessed() for material, number, _ in steps}
    for material, number, (fitting, judging) in track(
        steps, description="Choosing the demographic classifiers"
    ):
        fitted = fit_candidate(
            tried[number], embeddings[fitting], material.codes[fitting], params, seed=seed
        )
        assessed[material.attribute, number].logits.append(fitted.logits(embeddings[judging]))
        assessed[material.attribute, number].codes.append(material.codes[judging])
    return assessed


def _result(assessed: _Assessed) -> tuple[float, float]:
    logits, codes = assessed.joined()
    _, log_loss = fit_temperature(logits, codes)
    return log_loss, float((logits.argmax(axis=1) == codes).mean())
