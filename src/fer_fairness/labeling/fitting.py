"""From annotated faces to a labeller: the classifiers that say best what they have not seen."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling.classifier import (
    AttributeClassifier,
    Candidate,
    candidates,
    fit_candidate,
    single_threaded,
)
from fer_fairness.labeling.groupings import (
    FAIRFACE_GROUPINGS,
    asked_groupings,
    group_codes,
    grouped_labels,
)
from fer_fairness.labeling.labeller import DemographicLabeller, Trial, check_embeddings
from fer_fairness.labeling.probability_calibration import fit_calibration
from fer_fairness.machine import in_threads
from fer_fairness.modeling.temperature import fit_temperature
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.progress import track
from fer_fairness.tables import usable
from fer_fairness.taxonomy import ATTRIBUTES

_log = logging.getLogger(__name__)

_Fold = tuple[np.ndarray, np.ndarray]
"""Rows to fit on and rows to assess on."""


@dataclass(frozen=True)
class _Material:
    """What one attribute's classifier is chosen, calibrated and fitted with.

    Attributes:
        attribute: Its name.
        groups: Those of FairFace's groups that have faces.
        codes: Position of each face's group, int `(n,)`; -1 for faces that take no part.
        folds: Pairs of rows. Candidates are fitted on the first, compared and calibrated on the
            second.
        final_rows: What the chosen candidate is fitted on in the end.
    """

    attribute: str
    groups: tuple[str, ...]
    codes: np.ndarray
    folds: Sequence[_Fold]
    final_rows: np.ndarray


def fit_labeller(
    embeddings: np.ndarray,
    faces: pd.DataFrame,
    params: LabellerParameters,
    *,
    seed: int,
    held_out: np.ndarray | None = None,
) -> DemographicLabeller:
    """Choose, calibrate and fit a labeller on annotated faces.

    A group of FairFace's that has no face to learn from is none of the labeller's.

    With `held_out` None, candidates are compared and the chosen one calibrated by stratified
    cross-validation, then it is fitted on all faces. An embedder separates the faces that it was
    trained on better than any others; where it was trained on the other faces, candidates are
    fitted on these, and compared and calibrated on the held-out ones.

    Args:
        embeddings: float `(n, d)`, in the order of `faces`; NaN throughout for a face that could
            not be embedded. Such faces take no part and are counted in the result.
        faces: A `faces` table with FairFace's groups. Excluded faces and those of the test split
            are left out; a missing label leaves the face out of that attribute only.
        params: Groupings, candidates, calibration, smallest groups.
        seed: Decides the folds and whatever a classifier draws; not negative.
        held_out: Boolean `(n,)`, the faces that the embedder did not learn from
            (`embedding.held_out_mask`). None where it has learnt from none of `faces`.

    Returns:
        The labeller.

    Raises:
        InvalidInputError: If shapes do not agree, an embedding is not finite, or a group that has
            faces has fewer than `min_faces_per_class` or than folds to fit on; if an attribute has
            fewer than two groups with faces, or none to calibrate on.
    """
    embedded = check_embeddings(embeddings, len(faces))
    if held_out is not None:
        _check_mask(held_out, len(faces))
    takes_part = (usable(faces) & (faces["split"] != "test")).to_numpy(dtype=bool)
    n_without = int((takes_part & ~embedded).sum())
    if n_without:
        _log.warning(
            "%d of %d faces have no embedding: the labeller is fitted without them.",
            n_without,
            int(takes_part.sum()),
        )
    materials = [
        _material(attribute, faces, takes_part, embedded, held_out, params, seed)
        for attribute in ATTRIBUTES
    ]
    classifiers, trials = _choose_classifiers(embeddings, materials, params, seed)
    asked = asked_groupings(params.race_grouping, params.age_grouping)
    return DemographicLabeller(
        dimension=int(embeddings.shape[1]),
        classifiers=classifiers,
        asked={name: asked[name].of(of.groups) for name, of in classifiers.items()},
        min_confidence=params.min_confidence.model_dump(),
        trials=trials,
        n_without_embedding=n_without,
    )


def _material(
    attribute: str,
    faces: pd.DataFrame,
    takes_part: np.ndarray,
    embedded: np.ndarray,
    held_out: np.ndarray | None,
    params: LabellerParameters,
    seed: int,
) -> _Material:
    labels = grouped_labels(faces, attribute, FAIRFACE_GROUPINGS[attribute])
    groups = _groups_with_faces(labels[takes_part], attribute)
    codes = np.where(takes_part & embedded, group_codes(labels, groups), -1)
    rows = np.flatnonzero(codes >= 0)
    if held_out is None:
        fewest = max(params.min_faces_per_class, params.n_folds)
        _check_enough(codes[rows], attribute, groups, fewest)
        folds = _stratified_folds(codes, rows, params.n_folds, seed)
        return _Material(attribute, groups, codes, folds, rows)
    fitting, judging = rows[~held_out[rows]], rows[held_out[rows]]
    _check_enough(codes[fitting], attribute, groups, params.min_faces_per_class)
    if len(judging) == 0:
        raise InvalidInputError(
            f"No held-out face has a label of {attribute}: the labeller cannot be calibrated. "
            "Raise embedder.held_out_share or add labelled faces."
        )
    return _Material(attribute, groups, codes, [(fitting, judging)], fitting)


def _groups_with_faces(labels: pd.Series, attribute: str) -> tuple[str, ...]:
    """Those of FairFace's groups that somebody has, who could be learnt from."""
    known = FAIRFACE_GROUPINGS[attribute].groups
    groups = tuple(group for group in known if (labels == group).any())
    if len(groups) < 2:
        raise InvalidInputError(
            f"The faces to learn {attribute} from are of {groups[0] if groups else 'no group'}; at "
            f"least two of FairFace's groups are needed ({', '.join(known)}). Add faces of another."
        )
    if absent := [group for group in known if group not in groups]:
        _log.info(
            "No face is %s: the labeller will not know such a %s.", " or ".join(absent), attribute
        )
    return groups


def _choose_classifiers(
    embeddings: np.ndarray, materials: Sequence[_Material], params: LabellerParameters, seed: int
) -> tuple[dict[str, AttributeClassifier], tuple[Trial, ...]]:
    """Try every candidate for every attribute, keep the best, calibrate it and fit it again.

    Candidates are compared by their log loss after the best temperature, also where isotonic
    calibration is asked for: one number cannot adapt to the faces that it is judged on, a curve
    can. The calibration of the chosen one is learnt from its probabilities for those same faces,
    which no classifier that gave them was fitted on.

    Returns:
        attribute -> its classifier, and how every candidate did.
    """
    tried = candidates(params)
    steps = [(material, candidate) for material in materials for candidate in tried]

    def try_out(step: tuple[_Material, Candidate]) -> np.ndarray:
        return _logits_of_unseen(step[1], embeddings, step[0], params, seed)

    def choose(place: int) -> tuple[AttributeClassifier, list[Trial]]:
        found = logits[place * len(tried) : (place + 1) * len(tried)]
        return _best_of(tried, found, embeddings, materials[place], params, seed)

    with single_threaded():
        told, turns = "Choosing the demographic classifiers", in_threads(try_out, steps)
        logits = list(track(turns, description=told, total=len(steps)))
        told, chosen = "Fitting the chosen classifiers", in_threads(choose, range(len(materials)))
        pairs = list(track(chosen, description=told, total=len(materials)))
    classifiers = {classifier.attribute: classifier for classifier, _ in pairs}
    return classifiers, tuple(trial for _, trials in pairs for trial in trials)


def _best_of(
    tried: Sequence[Candidate],
    logits: Sequence[np.ndarray],
    embeddings: np.ndarray,
    material: _Material,
    params: LabellerParameters,
    seed: int,
) -> tuple[AttributeClassifier, list[Trial]]:
    """The candidate of the lowest loss, by the logits of each for the judging faces, fitted again.

    Returns:
        Its classifier, and how every candidate did.
    """
    codes = np.concatenate([material.codes[judging] for _, judging in material.folds])
    losses = [fit_temperature(one, codes)[1] for one in logits]
    best = int(np.argmin(losses))
    trials = [
        Trial(
            attribute=material.attribute,
            candidate=candidate,
            log_loss=loss,
            accuracy=float((one.argmax(axis=1) == codes).mean()),
            chosen=candidate is tried[best],
        )
        for candidate, loss, one in zip(tried, losses, logits, strict=True)
    ]
    rows = material.final_rows
    classifier = AttributeClassifier(
        attribute=material.attribute,
        groups=material.groups,
        candidate=tried[best],
        fitted=fit_candidate(
            tried[best], embeddings[rows], material.codes[rows], params, seed=seed
        ),
        calibration=fit_calibration(params.calibration, logits[best], codes),
    )
    return classifier, trials


def _logits_of_unseen(
    candidate: Candidate,
    embeddings: np.ndarray,
    material: _Material,
    params: LabellerParameters,
    seed: int,
) -> np.ndarray:
    """Logits for the faces of each fold by the candidate fitted on the others, fold after fold."""
    found = []
    for fitting, judging in material.folds:
        fitted = fit_candidate(
            candidate, embeddings[fitting], material.codes[fitting], params, seed=seed
        )
        found.append(fitted.logits(embeddings[judging]))
    return np.concatenate(found)


def _stratified_folds(codes: np.ndarray, rows: np.ndarray, n_folds: int, seed: int) -> list[_Fold]:
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed % 2**32)
    return [(rows[fit], rows[judge]) for fit, judge in splitter.split(rows, codes[rows])]


def _check_mask(held_out: np.ndarray, n_faces: int) -> None:
    if held_out.shape != (n_faces,) or held_out.dtype != bool:
        raise InvalidInputError(
            f"held_out is {held_out.dtype} of shape {held_out.shape}; expected bool of shape "
            f"({n_faces},), one value a face."
        )


def _check_enough(codes: np.ndarray, attribute: str, groups: tuple[str, ...], fewest: int) -> None:
    counts = np.bincount(codes, minlength=len(groups))
    few = [
        f"{group} {count}" for group, count in zip(groups, counts, strict=True) if count < fewest
    ]
    if few:
        raise InvalidInputError(
            f"Too few faces to learn {attribute} from: {', '.join(few)}; at least {fewest} of each "
            "group are needed, or none at all, also where a coarser grouping is asked for. Add "
            "faces, or lower labeller.min_faces_per_class and labeller.n_folds."
        )
