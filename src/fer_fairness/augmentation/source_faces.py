"""Which training faces are varied, and how often: the draw behind both modes of augmentation."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.augmentation.cells import cell_names, cell_values, training_faces
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.tables import VOTES_COLUMNS
from fer_fairness.taxonomy import EMOTIONS, votes_column

_LEAST_AGREEMENT = 0.05
_REPEAT_DISCOUNT = 0.5
"""A further variant of the same face is half as likely to be drawn as the one before it."""


def draw_sources(
    faces: pd.DataFrame, plan: pd.DataFrame, params: AugmentationParameters, *, seed: int
) -> pd.DataFrame:
    """Draw the training faces that a plan is carried out on.

    Faces on whose emotion the annotators agree are drawn more often, since a variant repeats its
    source's label, right or wrong: in proportion to `agreement` to the power `agreement_power`.

    Args:
        faces: The `faces` table that the plan was made from.
        plan: What `plan_augmentation` gave.
        params: The parameters that the plan was made with.
        seed: Seed of the draw.

    Returns:
        A row for each variant: the columns of its source, `sample_id` being
        `<source>_aug<number>` and `image_index` that of the source, then `source_sample_id`,
        `augmentation_cell` ("fear, male"), `augmentation_strength` (that of the cell) and
        `augmentation_copy` (int64, its number among the variants of its source, from 0).

    Raises:
        InvalidInputError: If the plan does not fit the faces or the parameters.
    """
    training = training_faces(faces)
    cells = cell_values(training, params.by)
    _check_plan(plan, params.by)
    by_cell = cells.groupby(list(params.by)).indices
    rng = np.random.default_rng(seed)
    sources = [training.iloc[:0].assign(augmentation_cell="", augmentation_strength=0.0)]
    planned = plan[plan["n_to_add"] > 0]
    names = cell_names(planned, params.by)
    for name, cell in zip(names, planned.to_dict("records"), strict=True):
        key = tuple(cell[column] for column in params.by)
        members = by_cell.get(key if len(key) > 1 else key[0], np.empty(0, dtype=np.int64))
        _check_cell(key, len(members), int(cell["n_to_add"]), params)
        weights = agreement(training.iloc[members]) ** params.agreement_power
        copies = _draw_copies(weights, int(cell["n_to_add"]), params.max_copies_per_image, rng)
        sources.append(
            training.iloc[np.repeat(members, copies)].assign(
                augmentation_cell=name, augmentation_strength=float(cell["strength"])
            )
        )
    return _numbered(pd.concat(sources))


def agreement(faces: pd.DataFrame) -> npt.NDArray[np.float64]:
    """How far the annotators agree on the emotion that a variant would repeat.

    Args:
        faces: Rows of a `faces` table.

    Returns:
        float64 (n,): the share of all votes, those for "unknown" and "not a face" among them, that
        the face's emotion has; the most chosen emotion where the face has none. At least 0.05,
        so that no face is shut out, and 1 for faces on which nobody voted, such as RAF-DB's.

    Raises:
        InvalidInputError: If a number of votes is infinite.
    """
    votes = faces[list(VOTES_COLUMNS)].fillna(0.0)
    infinite = np.isinf(votes.to_numpy()).any(axis=1)
    if infinite.any():
        raise InvalidInputError(
            f"Face {faces['sample_id'].to_numpy()[infinite][0]} has an infinite number of votes; "
            "expected a count of annotators, or a missing value."
        )
    for_emotion = votes[[votes_column(emotion) for emotion in EMOTIONS]]
    named = faces["emotion"].map({emotion: place for place, emotion in enumerate(EMOTIONS)})
    rows = np.arange(len(faces))
    supporting = np.where(
        named.notna(),
        for_emotion.to_numpy()[rows, named.fillna(0).to_numpy(dtype=np.int64)],
        for_emotion.max(axis=1),
    )
    total = votes.sum(axis=1).to_numpy(dtype=np.float64)
    share = np.divide(supporting, total, out=np.ones(len(faces)), where=total > 0)
    return np.asarray(np.maximum(share, _LEAST_AGREEMENT), dtype=np.float64)


def _check_plan(plan: pd.DataFrame, by: Sequence[str]) -> None:
    missing = [name for name in (*by, "strength", "n_to_add") if name not in plan.columns]
    if missing:
        raise InvalidInputError(
            f"The plan lacks the columns {missing}; expected the result of plan_augmentation "
            f"with by = {list(by)}, found {list(plan.columns)}."
        )


def _check_cell(
    key: tuple[object, ...], n_members: int, n_to_add: int, params: AugmentationParameters
) -> None:
    if n_to_add > n_members * params.max_copies_per_image:
        raise InvalidInputError(
            f"The plan asks for {n_to_add} variants of the cell {key}, but its {n_members} "
            f"training faces may give {params.max_copies_per_image} each. Plan again with these "
            "faces and parameters."
        )


def _draw_copies(
    weights: npt.NDArray[np.float64], n: int, max_copies: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Number of variants of each face: a weighted draw without replacement of (face, repeat).

    The n largest of log weight plus Gumbel noise are such a draw (Efraimidis and Spirakis 2006,
    in the form of Vieira 2014).
    """
    repeats = np.arange(max_copies) * np.log(_REPEAT_DISCOUNT)
    keys = np.log(weights)[:, None] + repeats + rng.gumbel(size=(len(weights), max_copies))
    chosen = np.argsort(-keys, axis=None, kind="stable")[:n]
    return np.bincount(chosen // max_copies, minlength=len(weights)).astype(np.int64)


def _numbered(sources: pd.DataFrame) -> pd.DataFrame:
    copy = sources.groupby("sample_id").cumcount().astype("int64")
    return sources.assign(
        source_sample_id=sources["sample_id"],
        sample_id=sources["sample_id"] + "_aug" + copy.astype(str),
        augmentation_copy=copy,
    ).reset_index(drop=True)
