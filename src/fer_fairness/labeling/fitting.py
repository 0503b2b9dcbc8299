"""From annotated faces and their embeddings to a labeller."""

import logging

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling.checks import check_embeddings
from fer_fairness.labeling.groups import (
    FAIRFACE_GROUPINGS,
    asked_groupings,
    group_codes,
    grouped_labels,
)
from fer_fairness.labeling.labeller import DemographicLabeller
from fer_fairness.labeling.selection import Fold, Material, choose_classifiers
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.tables import usable
from fer_fairness.taxonomy import ATTRIBUTES

_log = logging.getLogger(__name__)


def fit_labeller(
    embeddings: np.ndarray,
    faces: pd.DataFrame,
    params: LabellerParameters,
    *,
    seed: int,
    held_out: np.ndarray | None = None,
) -> DemographicLabeller:
    """Choose, calibrate and fit a labeller on annotated faces.

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
        InvalidInputError: If shapes do not agree, an embedding is not finite, or a group has fewer
            faces than `min_faces_per_class` or than folds to fit on, or none to calibrate on.
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
        _material(attribute, faces, takes_part & embedded, held_out, params, seed)
        for attribute in ATTRIBUTES
    ]
    classifiers, trials = choose_classifiers(embeddings, materials, params, seed=seed)
    return DemographicLabeller(
        dimension=int(embeddings.shape[1]),
        classifiers=classifiers,
        asked=asked_groupings(params.race_grouping, params.age_grouping),
        min_confidence=params.min_confidence.model_dump(),
        trials=trials,
        n_without_embedding=n_without,
    )


def _material(
    attribute: str,
    faces: pd.DataFrame,
    takes_part: np.ndarray,
    held_out: np.ndarray | None,
    params: LabellerParameters,
    seed: int,
) -> Material:
    grouping = FAIRFACE_GROUPINGS[attribute]
    labels = grouped_labels(faces, attribute, grouping)
    codes = np.where(takes_part, group_codes(labels, grouping.groups), -1)
    rows = np.flatnonzero(codes >= 0)
    if held_out is None:
        fewest = max(params.min_faces_per_class, params.n_folds)
        _check_enough(codes[rows], attribute, grouping.groups, fewest)
        folds = _stratified_folds(codes, rows, params.n_folds, seed)
        return Material(attribute, grouping.groups, codes, folds, rows)
    fitting, judging = rows[~held_out[rows]], rows[held_out[rows]]
    _check_enough(codes[fitting], attribute, grouping.groups, params.min_faces_per_class)
    if len(judging) == 0:
        raise InvalidInputError(
            f"No held-out face has a label of {attribute}: the labeller cannot be calibrated. "
            "Raise embedder.held_out_share or add labelled faces."
        )
    return Material(attribute, grouping.groups, codes, [(fitting, judging)], fitting)


def _stratified_folds(codes: np.ndarray, rows: np.ndarray, n_folds: int, seed: int) -> list[Fold]:
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
            "of FairFace's groups are needed, also where a coarser grouping is asked for. Add "
            "faces, or lower labeller.min_faces_per_class and labeller.n_folds."
        )
