"""Identical, nearly identical and blank images in an image array, memory-mapped or not."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fer_fairness.params.quality import QualityParameters
from fer_fairness.progress import track

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
    digests = np.empty((len(image_index), _DIGEST_BYTES), dtype=np.uint8)
    for row, index in enumerate(track(image_index, description="Identical images")):
        digest = hashlib.blake2b(images[index].tobytes(), digest_size=_DIGEST_BYTES).digest()
        digests[row] = np.frombuffer(digest, dtype=np.uint8)
    _, first, group = np.unique(digests, axis=0, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group.ravel()].astype(np.int64)


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
