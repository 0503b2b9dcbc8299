"""What the quality report says about duplicates: counts by split, conflicts, bounded lists."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.quality.distributions import Json
from fer_fairness.quality.duplicates import Indices, NearDuplicates
from fer_fairness.taxonomy import SPLITS


def describe_exact_duplicates(
    faces: pd.DataFrame, groups: Indices, max_listed: int
) -> dict[str, Json]:
    """Describe the groups of identical images.

    Args:
        faces: A `faces` table with rows numbered from 0.
        groups: int64 (n,), equal numbers for equal images.
        max_listed: Pairs to list at most.

    Returns:
        `n_groups` of two or more faces; `n_surplus_copies` (faces beyond the first of each
        group); `n_faces_also_in` (split to other split to faces of the first that stand in the
        second as well); `n_groups_across_splits`; `n_groups_with_conflicting_emotions` (two or
        more majority emotions); `pairs` of the first face of a group with each of its copies,
        those across splits first, and `n_pairs`, of which the list shows the beginning.
    """
    copied = pd.Series(groups).duplicated(keep=False).to_numpy()
    members = faces.loc[copied, ["sample_id", "split", "emotion"]].assign(group=groups[copied])
    by_group = members.groupby("group")
    pairs = _pairs_with_first(members)
    return {
        "n_groups": int(by_group.ngroups),
        "n_surplus_copies": len(pairs),
        "n_groups_across_splits": int((by_group["split"].nunique() > 1).sum()),
        "n_groups_with_conflicting_emotions": int((by_group["emotion"].nunique() > 1).sum()),
        "n_faces_also_in": _faces_also_in(members),
        "n_pairs": len(pairs),
        "pairs": _listed(pairs, max_listed),
    }


def describe_near_duplicates(
    faces: pd.DataFrame, near: NearDuplicates | None, groups: Indices, max_listed: int
) -> dict[str, Json]:
    """Describe the pairs of nearly identical images, identical ones standing for each other.

    Args:
        faces: A `faces` table with rows numbered from 0.
        near: What the search found, or None where none was asked for.
        groups: int64 (n,), equal numbers for equal images.
        max_listed: Pairs to list at most.

    Returns:
        `searched`; `complete` (False where the search stopped early); `n_pairs` of distinct
        images; `n_pairs_across_splits`; `n_pairs_with_conflicting_emotions` (by the first face of
        each image); `pairs` with the mean `difference` in grey levels, those across splits first.
        A pair is across splits if the faces with these two images are not all in one split.
    """
    if near is None:
        return {"searched": False}
    row_of_image = pd.Index(faces["image_index"])
    first, second = (row_of_image.get_indexer(column) for column in near.pairs.T)
    pairs = _pair_table(faces, first, second).assign(difference=near.differences.round(3))
    splits = faces.groupby(groups)["split"].agg(frozenset).tolist()
    pairs["across"] = [
        len(splits[one] | splits[other]) > 1
        for one, other in zip(groups[first], groups[second], strict=True)
    ]
    conflicting = pairs["emotion"].notna() & pairs["twin_emotion"].notna()
    conflicting &= pairs["emotion"] != pairs["twin_emotion"]
    return {
        "searched": True,
        "complete": near.complete,
        "n_pairs": len(pairs),
        "n_pairs_across_splits": int(pairs["across"].sum()),
        "n_pairs_with_conflicting_emotions": int(conflicting.sum()),
        "pairs": _listed(pairs, max_listed),
    }


def _faces_also_in(members: pd.DataFrame) -> dict[str, Json]:
    counts: dict[str, Json] = {}
    for split in SPLITS:
        here = members[members["split"] == split]
        also = {
            other: int(here["group"].isin(members["group"][members["split"] == other]).sum())
            for other in SPLITS
            if other != split
        }
        if len(here):
            counts[split] = {other: n for other, n in also.items() if n}
    return counts


def _pairs_with_first(members: pd.DataFrame) -> pd.DataFrame:
    is_copy = members.duplicated("group").to_numpy()
    rows = pd.Series(members.index, index=members.index)
    second = rows[is_copy].to_numpy()
    first = rows.groupby(members["group"]).transform("first")[is_copy].to_numpy()
    pairs = _pair_table(members, first, second)
    return pairs.assign(across=pairs["split"] != pairs["twin_split"])


def _pair_table(
    faces: pd.DataFrame, first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]
) -> pd.DataFrame:
    columns = ["sample_id", "split", "emotion"]
    one = faces.loc[first, columns].reset_index(drop=True)
    other = faces.loc[second, columns].reset_index(drop=True).add_prefix("twin_")
    return pd.concat([one, other], axis=1)


def _listed(pairs: pd.DataFrame, max_listed: int) -> list[Json]:
    shown = pairs.sort_values("across", ascending=False, kind="stable").head(max_listed)
    columns = [name for name in shown.columns if name != "across"]
    rows = zip(*(shown[name].tolist() for name in columns), strict=True)
    return [
        {name: None if pd.isna(value) else value for name, value in zip(columns, row, strict=True)}
        for row in rows
    ]
