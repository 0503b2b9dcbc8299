"""Identical, nearly identical and blank images: how they are found, and what is told of them."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.params.quality import QualityParameters
from fer_fairness.progress import track
from fer_fairness.quality.distributions import Json
from fer_fairness.taxonomy import SPLITS

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

THUMBNAIL_SIDE = 12
_DIGEST_BYTES = 16
_ROWS_AT_ONCE = 512
_PAIRS_AT_ONCE = 4096


@dataclass(frozen=True)
class NearDuplicates:
    """Pairs of distinct images that are nearly the same.

    Attributes:
        pairs: int64 (p, 2), rows of the image array, the smaller first, in ascending order.
        differences: float64 (p,), mean absolute difference of the pixels, in grey levels.
        complete: False where the search stopped early because too many thumbnails agreed.
    """

    pairs: Indices
    differences: npt.NDArray[np.float64]
    complete: bool


def exact_duplicate_groups(images: Images, image_index: Indices) -> Indices:
    """Number the distinct images: equal numbers mean equal pixels, byte for byte.

    Args:
        images: uint8 (m, height, width, channels).
        image_index: int64 (n,), the rows of `images` to look at.

    Returns:
        int64 (n,), numbered from 0 in the order of first appearance.
    """
    digests = [
        hashlib.blake2b(images[index].tobytes(), digest_size=_DIGEST_BYTES).hexdigest()
        for index in track(image_index, description="Identical images")
    ]
    return np.asarray(pd.factorize(np.array(digests, dtype=object))[0], dtype=np.int64)


def are_constant(images: Images, image_index: Indices) -> npt.NDArray[np.bool_]:
    """Tell which images have a single grey level.

    Args:
        images: uint8 (m, height, width, channels).
        image_index: int64 (n,), the rows of `images` to look at.

    Returns:
        bool (n,).
    """
    constant = np.empty(len(image_index), dtype=np.bool_)
    for start in range(0, len(image_index), _ROWS_AT_ONCE):
        chunk = images[image_index[start : start + _ROWS_AT_ONCE]]
        flat = chunk.reshape(len(chunk), -1)
        constant[start : start + _ROWS_AT_ONCE] = (flat == flat[:, :1]).all(axis=1)
    return constant


def find_near_duplicates(
    images: Images, image_index: Indices, params: QualityParameters
) -> NearDuplicates:
    """Find the pairs of images that differ little.

    Each image is shrunk to 12 x 12 means, centred and scaled to length 1, so that one matrix
    product gives the correlations of a block of images with all that follow. Pairs above the
    least correlation are then compared pixel by pixel. Constant images correlate with nothing.
    Time grows with the square of n (36,000 images: some 5 seconds on two cores), memory with n.

    Args:
        images: uint8 (m, height, width, channels).
        image_index: int64 (n,), the rows of `images` to compare, each distinct from the others.
        params: The thresholds.

    Returns:
        The pairs, as rows of `images`.
    """
    ordered = np.sort(image_index)
    thumbnails = _thumbnails(images, ordered)
    blocks = range(0, len(ordered), _ROWS_AT_ONCE)
    pairs = [np.empty((0, 2), dtype=np.int64)]
    differences = [np.empty(0)]
    n_candidates = 0
    for start in track(blocks, description="Nearly identical images"):
        correlations = thumbnails[start : start + _ROWS_AT_ONCE] @ thumbnails[start:].T
        first, second = np.nonzero(correlations >= params.near_duplicate_min_correlation)
        later = second > first
        n_candidates += int(later.sum())
        if n_candidates > params.near_duplicate_max_candidates:
            break
        candidates = ordered[np.stack([first[later], second[later]], axis=1) + start]
        difference = _mean_differences(images, candidates)
        near = difference <= params.near_duplicate_max_difference
        pairs.append(candidates[near])
        differences.append(difference[near])
    complete = n_candidates <= params.near_duplicate_max_candidates
    return NearDuplicates(np.concatenate(pairs), np.concatenate(differences), complete)


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


def _thumbnails(images: Images, image_index: Indices) -> npt.NDArray[np.float32]:
    thumbnails = np.empty((len(image_index), THUMBNAIL_SIDE**2), dtype=np.float32)
    height, width = images.shape[1:3]
    row_edges = np.linspace(0, height, THUMBNAIL_SIDE, endpoint=False).astype(np.intp)
    column_edges = np.linspace(0, width, THUMBNAIL_SIDE, endpoint=False).astype(np.intp)
    areas = np.outer(np.diff(row_edges, append=height), np.diff(column_edges, append=width))
    for start in range(0, len(image_index), _ROWS_AT_ONCE):
        grey = images[image_index[start : start + _ROWS_AT_ONCE]].mean(axis=3, dtype=np.float32)
        sums = np.add.reduceat(np.add.reduceat(grey, row_edges, axis=1), column_edges, axis=2)
        thumbnails[start : start + len(grey)] = (sums / areas).reshape(len(grey), -1)
    thumbnails -= thumbnails.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(thumbnails, axis=1, keepdims=True)
    # Below this length a thumbnail varies by rounding errors only; it is left at zero.
    normalised = np.zeros_like(thumbnails)
    np.divide(thumbnails, lengths, out=normalised, where=lengths > 1e-2)
    return normalised


def _mean_differences(images: Images, pairs: Indices) -> npt.NDArray[np.float64]:
    differences = np.empty(len(pairs))
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        chunk = pairs[start : start + _PAIRS_AT_ONCE]
        first = images[chunk[:, 0]].astype(np.int16).reshape(len(chunk), -1)
        second = images[chunk[:, 1]].reshape(len(chunk), -1)
        differences[start : start + len(chunk)] = np.abs(first - second).mean(axis=1)
    return differences


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
