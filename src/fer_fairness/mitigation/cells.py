"""Cells of training faces, such as group x emotion, and how often the faces of each are drawn."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.fairness.group_names import LISTED, joined_names
from fer_fairness.modeling import WEIGHT, TrainingSet


def cell_codes(faces: pd.DataFrame, by: Sequence[str]) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Cells as numbers.

    Args:
        faces: A `faces` table.
        by: The columns whose combinations are the cells.

    Returns:
        int32 `(n,)`, the place of each face's cell among the names, -1 where a column does not know
        it; and the names of the cells that have faces, in alphabetical order of their columns.
    """
    values = faces[list(by)].astype(object)
    known = values.notna().all(axis=1).to_numpy()
    codes = np.full(len(faces), -1, np.int32)
    numbers, cells = pd.MultiIndex.from_frame(values[known].astype(str)).factorize(sort=True)
    codes[known] = numbers
    return codes, [joined_names(cell, LISTED) for cell in cells]


def drawing_shares(codes: npt.NDArray[np.int32], strength: float) -> npt.NDArray[np.float64]:
    """How often each face is drawn so that all cells are drawn alike.

    The share of faces of unknown cell stays what it is, and each of them is drawn as in plain
    training.

    Args:
        codes: Of the faces' cells, shape `(n,)`, -1 where it is not known.
        strength: A face of a cell of m faces is drawn in proportion to m ** -strength: 1 draws all
            cells alike, 0 all faces.

    Returns:
        Shape `(n,)`, summing to 1.
    """
    known = codes >= 0
    shares = np.full(len(codes), 1 / len(codes))
    if known.any():
        wanted = np.bincount(codes[known])[codes[known]] ** -strength
        shares[known] = wanted / wanted.sum() * known.mean()
    return shares


def class_shares_drawn(
    training: TrainingSet, drawn: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Share of each class among the faces as they are drawn, `(k,)`: `TrainingSet.class_shares`.

    What adjusts a loss to the classes' shares must know of those that the model sees.

    Args:
        training: The faces.
        drawn: In proportion to how often each is drawn, `(n,)`.
    """
    totals = (drawn * training.column(WEIGHT)) @ training.targets.astype(np.float64)
    return np.asarray(totals / totals.sum())


def rows_kept(
    codes: npt.NDArray[np.int32], strength: float, generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Faces that are kept so that all cells are as large as the smallest.

    Faces of unknown cell are kept in the proportion in which others are, so that they stay as
    large a part of the whole.

    Args:
        codes: Of the faces' cells, shape `(n,)`, -1 where it is not known.
        strength: Of a cell of m faces m * (smallest / m) ** strength are kept: 0 keeps all.
        generator: Draws which.

    Returns:
        Rows, ascending, at least one of each cell; all where no cell is known.
    """
    known = codes >= 0
    if not known.any():
        return np.arange(len(codes))
    sizes = np.bincount(codes[known])
    kept = np.rint(sizes * (sizes.min() / sizes) ** strength).astype(int)
    unknown = round((~known).sum() * kept.sum() / sizes.sum())
    wanted = [(code, n) for code, n in enumerate(kept)] + [(-1, unknown)]
    drawn = [generator.permutation(np.flatnonzero(codes == code))[:n] for code, n in wanted]
    return np.sort(np.concatenate(drawn))
