"""Bias of a dataset before any model: who is in it, and which group goes with which emotion.

Definitions of Dominguez-Catena, Paternain and Galar, "Metrics for dataset demographic bias: a case
study on facial expression recognition", arXiv 2303.15889. Representational bias asks how evenly
the groups are present, stereotypical bias how strongly group and emotion depend on each other,
as a whole (phi_C) and in each cell (NPMI, local Z).

Counts are whole numbers of faces. Groups and emotions with no face at all are not represented:
they count neither as a species nor as a row or column of the table, and their cells are NaN.
"""

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError

Array = npt.NDArray[np.float64]


def effective_number_of_species(counts: npt.ArrayLike) -> float:
    """Number of equally large groups that would be as diverse as these: exp(-sum_g p_g ln p_g).

    Args:
        counts: Faces per group, shape (groups,).

    Returns:
        From 1 (one group) to the number of groups present (all equally large); 0 without faces.

    Raises:
        InvalidInputError: If a count is negative or not finite, or the shape is wrong.
    """
    present = _present(counts)
    return float(np.exp(_entropy(present))) if present.size else 0.0


def shannon_evenness(counts: npt.ArrayLike) -> float:
    """Shannon entropy as a share of the largest these groups allow: H / ln R, R groups present.

    Args:
        counts: Faces per group, shape (groups,).

    Returns:
        From 0 (nearly all faces in one group) to 1 (equally large groups); NaN with fewer than two
        groups present, where evenness has no meaning.

    Raises:
        InvalidInputError: If a count is negative or not finite, or the shape is wrong.
    """
    present = _present(counts)
    if present.size < 2:
        return float("nan")
    return float(_entropy(present) / np.log(present.size))


def cramers_phi_c(table: npt.ArrayLike) -> float:
    """Cramer's phi_C (Cramer's V): sqrt(chi2 / (n min(rows - 1, columns - 1))).

    Args:
        table: Faces per group and emotion, shape (groups, emotions).

    Returns:
        From 0 (group and emotion independent) to 1 (each determines the other as far as the
        numbers of rows and columns allow); NaN with fewer than two rows or columns present.

    Raises:
        InvalidInputError: If a count is negative or not finite, or the shape is wrong.
    """
    observed = _checked(table, dimensions=2)
    observed = observed[observed.sum(axis=1) > 0][:, observed.sum(axis=0) > 0]
    if min(observed.shape) < 2:
        return float("nan")
    rows, columns, n = _margins(observed)
    expected = rows * columns / n
    chi_squared = ((observed - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi_squared / (n * (min(observed.shape) - 1))))


def npmi(table: npt.ArrayLike) -> Array:
    """Normalised pointwise mutual information of each cell: ln(p_gy / (p_g p_y)) / -ln p_gy.

    Args:
        table: Faces per group and emotion, shape (groups, emotions).

    Returns:
        float64 of the same shape: 0 where the two are independent, 1 where each is found only with
        the other, -1 where both are present but never together. NaN where the group or the
        emotion is absent, and where a single cell holds every face.

    Raises:
        InvalidInputError: If a count is negative or not finite, or the shape is wrong.
    """
    observed = _checked(table, dimensions=2)
    rows, columns, n = _margins(observed)
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(observed * n / (rows * columns))
        values = np.asarray(information / -np.log(observed / n), dtype=np.float64)
    values[(observed == 0) & (rows * columns > 0)] = -1.0
    values[observed == n] = np.nan
    return values


def local_z(table: npt.ArrayLike) -> Array:
    """Ducher's Z of each cell: p_gy - p_g p_y as a share of the largest value the margins allow.

    Positive differences are divided by min(p_g, p_y) - p_g p_y, negative ones by
    p_g p_y - max(0, p_g + p_y - 1).

    Args:
        table: Faces per group and emotion, shape (groups, emotions).

    Returns:
        float64 of the same shape, from -1 (as rare together as the margins allow) over 0
        (independent) to 1 (as frequent together as the margins allow). NaN where the group or the
        emotion is absent; 0 everywhere with one group or one emotion present.

    Raises:
        InvalidInputError: If a count is negative or not finite, or the shape is wrong.
    """
    observed = _checked(table, dimensions=2)
    rows, columns, n = _margins(observed)
    # Everything is multiplied by n squared: whole numbers in float64 are exact, so that
    # independence gives exactly zero and not a rounding error over a rounding error.
    difference = n * observed - rows * columns
    above = n * np.minimum(rows, columns) - rows * columns
    below = rows * columns - n * np.maximum(0.0, rows + columns - n)
    bound = np.where(difference > 0, above, below)
    values = np.divide(difference, bound, out=np.zeros_like(difference), where=difference != 0)
    values[rows * columns == 0] = np.nan
    return values


def _checked(counts: npt.ArrayLike, *, dimensions: int) -> Array:
    values = np.asarray(counts, dtype=np.float64)
    if values.ndim != dimensions:
        raise InvalidInputError(
            f"Counts have {values.ndim} dimensions (shape {values.shape}), expected {dimensions}."
        )
    wrong = ~np.isfinite(values) | (values < 0)
    if wrong.any():
        place = tuple(int(position[0]) for position in np.nonzero(wrong))
        raise InvalidInputError(
            f"The count at {place} is {values[place]}; expected a number of faces, zero or more."
        )
    return values


def _present(counts: npt.ArrayLike) -> Array:
    values = _checked(counts, dimensions=1)
    return values[values > 0]


def _entropy(present: Array) -> float:
    shares = present / present.sum()
    return float(-(shares * np.log(shares)).sum())


def _margins(table: Array) -> tuple[Array, Array, float]:
    return table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True), float(table.sum())
