"""Whether made faces are copies of training faces."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Floats = npt.NDArray[np.floating]

SAME_PICTURE: Final = 0.05
"""Distance below which two training faces are one picture that is there twice.

Many are in FER2013 and other data gathered from the web. Compared with them, nothing would
be a copy.
"""

_SIDE: Final = 24
_ROWS_AT_ONCE: Final = 512
_LEAST_MADE: Final = 5


def looks(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What is compared of images: their pixels without brightness, contrast and fine grain.

    Args:
        images: `(n, height, width, channels)`.

    Returns:
        `(n, d)`: means over small squares so that no side has more than 24 of them, minus their
        mean, divided by their length. The distance of two faces of correlation r is
        (2 - 2 r) ** 0.5. An image of one grey value is 0 everywhere.
    """
    step = max(1, -(-max(images.shape[1:3]) // _SIDE))
    height, width = (side // step * step for side in images.shape[1:3])
    cut = images[:, :height, :width].astype(np.float32)
    squares = cut.reshape(len(cut), height // step, step, width // step, step, -1)
    pixels = squares.mean(axis=(2, 4)).reshape(len(cut), -1)
    pixels -= pixels.mean(axis=1, keepdims=True)
    length = np.linalg.norm(pixels, axis=1, keepdims=True)
    return np.asarray(np.divide(pixels, length, out=np.zeros_like(pixels), where=length > 0))


def nearest_distances(
    images: npt.NDArray[np.uint8], training: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    """How far each image is from the training image nearest to it, as it is or mirrored.

    Args:
        images: `(n, height, width, channels)`.
        training: `(m, height, width, channels)`.

    Returns:
        Distances of their `looks`, `(n,)`, 0 to 2; infinite where there are no training images.
    """
    found = np.full(len(images), np.inf, np.float32)
    own = looks(images)
    for start in range(0, len(training), _ROWS_AT_ONCE):
        block = training[start : start + _ROWS_AT_ONCE]
        others = np.concatenate([looks(block), looks(block[:, :, ::-1])])
        # Not from a product of lengths 1: a flat image has length 0.
        squares = (own**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * own @ others.T
        found = np.minimum(found, np.sqrt(np.maximum(squares.min(axis=1), 0.0)))
    return found


def copy_limit(real: Floats, quantile: float) -> float:
    """The distance from training faces below which a made face is taken for a copy.

    Args:
        real: Distances of faces that were held apart to the nearest training face, `(n,)`.
        quantile: Share of them that are nearer than the limit, pictures that are there twice
            left out.

    Returns:
        At least `SAME_PICTURE`.
    """
    others = real[real > SAME_PICTURE]
    if quantile == 0 or not len(others):
        return SAME_PICTURE
    return float(np.quantile(others, quantile))


def copying_z(
    real: Floats, made: Floats, real_cells: npt.NDArray[np.intp], made_cells: npt.NDArray[np.intp]
) -> float:
    """C_T of Meehan et al. 2020, arXiv 2004.05675: are made faces too near to training faces?

    Within each cell the distances of made and of held-apart faces to their nearest training face
    are compared by the Mann-Whitney statistic, z = (U - n m / 2) / (n m (n + m + 1) / 12) ** 0.5,
    U counting pairs in which the made face is farther away, ties by one half. C_T is the mean over
    cells, weighed by their held-apart faces. Where the generator has the distribution of the faces,
    each z is standard normal; far below 0 it copies, far above 0 it misses what is there.

    The authors' cells are those of k-means on the training faces and their ties count as nearer;
    here cells are given, such as emotions.

    Args:
        real: Distances of held-apart faces, without those that are in training as well (see
            `SAME_PICTURE`), `(n,)`.
        made: Distances of made faces, `(m,)`.
        real_cells: Cell of each, `(n,)`.
        made_cells: Cell of each, `(m,)`.

    Returns:
        Not a number where no cell has 5 of each.
    """
    scores, sizes = [], []
    for cell in np.unique(real_cells):
        own, others = real[real_cells == cell], made[made_cells == cell]
        if min(len(own), len(others)) >= _LEAST_MADE:
            scores.append(_mann_whitney_z(own, others))
            sizes.append(len(own))
    return float(np.average(scores, weights=sizes)) if sizes else float("nan")


def _mann_whitney_z(real: Floats, made: Floats) -> float:
    n, m = len(real), len(made)
    ranks = rankdata(np.concatenate([made, real]))
    farther = ranks[:m].sum() - m * (m + 1) / 2
    return float((farther - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12))
