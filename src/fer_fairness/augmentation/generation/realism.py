"""How like real faces made ones are: distances between clouds of features."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

NEIGHBOURS = 5
"""The neighbour to which the ball around a real face reaches."""

_ROWS_AT_ONCE = 1024


class Realism(NamedTuple):
    """Made faces beside real ones, as features of a network tell them.

    Attributes:
        frechet: `frechet_distance`, from 0, where both are alike in mean and covariance.
        density: About 1 for real faces, less where made ones lie where no real ones are.
        coverage: Share of real faces that have made ones near, 0 to 1.
    """

    frechet: float
    density: float
    coverage: float


def realism(real: Floats, made: Floats) -> Realism:
    """All measures of `made` features `(m, d)` against `real` ones `(n, d)`.

    Not a number where there are too few faces for a measure: two of each for the Frechet distance,
    six real ones for the others.
    """
    return Realism(frechet_distance(real, made), *density_and_coverage(real, made))


def frechet_distance(first: Floats, second: Floats) -> float:
    """Squared Frechet distance of two normal distributions with the samples' moments.

    |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)): Heusel et al. 2017, arXiv 1706.08500, whose features
    are those of another network, so that values do not compare with published ones. It is above 0
    for two samples of the same distribution, the more the smaller they are; a distance between
    two real samples of that size is its floor.

    Args:
        first: Features, `(n, d)`.
        second: Features, `(m, d)`.

    Returns:
        Not a number where either has fewer than two rows.
    """
    if min(len(first), len(second)) < 2:
        return float("nan")
    one, other = (np.asarray(sample, np.float64) for sample in (first, second))
    difference = one.mean(axis=0) - other.mean(axis=0)
    covariances = [np.atleast_2d(np.cov(sample, rowvar=False)) for sample in (one, other)]
    total = sum(float(np.trace(covariance)) for covariance in covariances)
    distance = difference @ difference + total - 2 * _trace_of_root(*covariances)
    return float(max(distance, 0.0))


def _trace_of_root(first: Floats, second: Floats) -> float:
    """tr((C C')^(1/2)), which is the sum of the singular values of C^(1/2) C'^(1/2).

    No root of the product is taken: it need not be symmetric, and where faces are fewer than
    features it has eigenvalues of 0 that rounding makes negative.
    """
    roots = []
    for covariance in (first, second):
        values, vectors = np.linalg.eigh(covariance)
        roots.append(vectors * np.sqrt(np.maximum(values, 0.0)))
    return float(np.linalg.svd(roots[0].T @ roots[1], compute_uv=False).sum())


def density_and_coverage(real: Floats, made: Floats, k: int = NEIGHBOURS) -> tuple[float, float]:
    """How many balls of real faces a made one lies in, and how many balls have made ones.

    The ball of a real face reaches to its k-th nearest real face. Density is the number of pairs of
    a ball and a made face in it, divided by k times the number of made faces; coverage the
    share of balls with at least one (Naeem et al. 2020, arXiv 2002.09797). With as many made faces
    as real ones, and of the same distribution, they are about 1 and 1 - 2^-k.

    Args:
        real: Features, `(n, d)`.
        made: Features, `(m, d)`.
        k: Which neighbour.

    Returns:
        Both not a number where there are no more than k real faces, or no made one.
    """
    if len(real) <= k or not len(made):
        return float("nan"), float("nan")
    pairs, covered = 0, 0
    for start in range(0, len(real), _ROWS_AT_ONCE):
        rows = real[start : start + _ROWS_AT_ONCE]
        # A face is its own nearest one, at distance 0.
        reach = np.partition(squared_distances(rows, real), k, axis=1)[:, k]
        is_in = squared_distances(rows, made) <= reach[:, None]
        pairs += int(is_in.sum())
        covered += int(is_in.any(axis=1).sum())
    return pairs / (k * len(made)), covered / len(real)


def squared_distances(first: Floats, second: Floats) -> Floats:
    """Between all rows of `(n, d)` and `(m, d)`, `(n, m)`, at least 0."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    return np.asarray(np.maximum(squares - 2 * first @ second.T, 0.0))
