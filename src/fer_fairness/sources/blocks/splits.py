"""Makes the splits that a dataset lacks: by person where people are told apart, else by face."""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.datasets import DatasetParameters

_DRAWS: Final = 50
"""Draws of people of which one is taken: by chance alone a rare emotion may be in no split."""


@dataclass(frozen=True)
class Splits:
    """The split of each face, and sentences on which were made and how."""

    of_faces: pd.Series
    notes: list[str]


def complete_splits(faces: pd.DataFrame, params: DatasetParameters, seed: int) -> Splits:
    """Take what is missing of train, validation and test from what is there.

    Where validation faces are told and none to test on, they are tested on, as published results of
    such datasets are; of faces to train on, others validate.

    Args:
        faces: `name`, `split` (missing where none is told), `person` (missing where it is not
            known) and `emotion`, one row a face.
        params: The shares.
        seed: Of the draws.

    Raises:
        InvalidInputError: Some faces have a split and others none, or there are too few people.
    """
    split = faces["split"].astype(object)
    notes: list[str] = []
    untold = split.isna()
    if untold.any() and not untold.all():
        raise InvalidInputError(
            f"{params.name}: {int(untold.sum()):,} of {len(faces):,} faces are in no split, such "
            f"as {faces.loc[untold, 'name'].iloc[0]!r}; the others are in "
            f"{', '.join(sorted(split.dropna().unique()))}. Give every face a split, or none."
        )
    split = split.fillna("train")
    present = set(split)
    if "validation" in present and "test" not in present:
        split = split.replace("validation", "test")
        notes.append(
            "No test faces are told: the validation faces are tested on, as published results are."
        )
    elif "test" not in present:
        chosen, how = _share(faces, split == "train", params.test_share, params, seed)
        split = split.mask(chosen, "test")
        notes.append(f"No test faces are told: {params.test_share:.0%} are taken {how}.")
    if "train" in set(split) and "validation" not in set(split):
        chosen, how = _share(faces, split == "train", params.validation_share, params, seed + 1)
        split = split.mask(chosen, "validation")
        notes.append(
            f"No validation faces are told: {params.validation_share:.0%} of those to train on "
            f"are taken {how}."
        )
    return Splits(split.astype("str"), notes + _shared_people(faces, split))


def _share(
    faces: pd.DataFrame,
    among: pd.Series,
    share: float,
    params: DatasetParameters,
    seed: int,
) -> tuple[npt.NDArray[np.bool_], str]:
    """A mask of the faces to take from those in `among`, and how they are chosen, in words."""
    rows = np.flatnonzero(among)
    chosen: npt.NDArray[np.bool_] = np.zeros(len(faces), dtype=np.bool_)
    emotions = faces["emotion"].iloc[rows].to_numpy(dtype=object)
    persons = faces["person"].iloc[rows]
    if persons.notna().any():
        # Somebody who is not named is a person of his own.
        groups = persons.fillna("face " + faces["name"].iloc[rows]).to_numpy(dtype=str)
        if len(np.unique(groups)) < 3:
            raise InvalidInputError(
                f"{params.name}: the faces to train on are of {len(np.unique(groups))} people, "
                "expected at least 3, so that some can be held out. Give splits, or name no "
                "person."
            )
        # Only here: an audit of predictions does without scikit-learn.
        from sklearn.model_selection import GroupShuffleSplit

        drawn = GroupShuffleSplit(n_splits=_DRAWS, test_size=share, random_state=seed)
        draws = [taken for _, taken in drawn.split(rows, groups=groups)]
        chosen[rows[min(draws, key=partial(_unlike, emotions))]] = True
        return chosen, f"by person (seed {seed}), with emotions as alike as {_DRAWS} draws allow"
    generator = np.random.default_rng(seed)
    for emotion in sorted(set(emotions)):
        members = rows[emotions == emotion]
        wanted = min(max(1, round(len(members) * share)), len(members) - 1)
        chosen[generator.choice(members, size=wanted, replace=False)] = True
    return chosen, f"by face, from each emotion (seed {seed})"


def _unlike(emotions: npt.NDArray[np.object_], taken: npt.NDArray[np.intp]) -> float:
    """How far the shares of emotions among the faces in `taken` are from those among all.

    Half of the sum of differences, 0 to 1 (total variation distance).
    """
    everyone = pd.Series(emotions).value_counts(normalize=True)
    drawn = pd.Series(emotions[taken]).value_counts(normalize=True)
    return float(drawn.sub(everyone, fill_value=0).abs().sum() / 2)


def _shared_people(faces: pd.DataFrame, split: pd.Series) -> list[str]:
    """What to tell where somebody has faces in several splits."""
    n_splits = split.groupby(faces["person"]).nunique()
    shared = sorted(map(str, n_splits.index[n_splits > 1]))
    if not shared:
        return []
    note = (
        f"{len(shared)} people have faces in more than one split, such as {shared[0]!r}: scores on "
        "test faces are those of people that a model may have been trained on."
    )
    return [note]
