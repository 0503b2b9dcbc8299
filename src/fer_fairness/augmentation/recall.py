"""How well the starting model recognises each cell of validation faces, and what that tells."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.augmentation.cells import UNKNOWN, cell_values
from fer_fairness.errors import InvalidInputError

Floats = npt.NDArray[np.float64]

_COUNTS = ["n_validation", "recall"]


def validation_recall(
    faces: pd.DataFrame, predictions: pd.DataFrame, by: Sequence[str]
) -> pd.DataFrame:
    """Count how many validation faces of each cell are recognised.

    Args:
        faces: A `faces` table; of it, only rows of the validation split are looked at.
        predictions: Predictions on them, with `sample_id`, `emotion` and `predicted_emotion`; rows
            of other faces are passed over.
        by: Columns whose combinations are the cells.

    Returns:
        `[*by, n_validation, recall]`, a row for each cell that has a scored validation face;
        `recall` is the share of them whose emotion was predicted. Faces without an attribute
        count in cells with the value "unknown".

    Raises:
        InvalidInputError: If `by` is empty, repeats a column or names another column, or if a face
            is predicted more than once.
    """
    repeated = predictions["sample_id"].duplicated()
    if repeated.any():
        raise InvalidInputError(
            f"Face {predictions.loc[repeated, 'sample_id'].iloc[0]} is predicted more than once; "
            "expected the predictions of one model, since every face counts once."
        )
    validation = faces[faces["split"] == "validation"]
    cells = cell_values(validation, by).assign(sample_id=validation["sample_id"])
    outcome = pd.DataFrame(
        {
            "sample_id": predictions["sample_id"],
            "is_right": predictions["predicted_emotion"] == predictions["emotion"],
        }
    )
    scored = cells.merge(outcome, on="sample_id")
    table = scored.groupby(list(by))["is_right"].agg(n_validation="size", recall="mean")
    return table.reset_index().astype({"n_validation": "int64", "recall": "float64"})


def with_recall(
    cells: pd.DataFrame, recall: pd.DataFrame | None, by: Sequence[str], *, prior_faces: float
) -> pd.DataFrame:
    """Set beside each cell its validation recall, as counted and as far as it can be trusted.

    Few validation faces say little: of two faces, one in four cells of recall .5 has both wrong.
    So recall is shrunken as by m = `prior_faces` further faces that are recognised as often as the
    level above:

        mean             M   = mean of k_e / n_e over the emotions with a validation face
        of an emotion    r_e = (k_e + m M) / (n_e + m)
        of a cell        r_c = (k_c + m r_e) / (n_c + m)

    with n faces of which k are recognised. It is the posterior mean under a beta prior worth m
    faces, whose mean comes from the data (empirical Bayes; Casella 1985, The American Statistician
    39(2)). M is a mean over emotions and not over faces, since the many faces of common, well
    recognised emotions say little about rare ones. Where cells are formed without the emotion,
    they are drawn towards the recall of all faces; where they are emotions, r_e is their value.

    Args:
        cells: A table with the columns `by`, one row a cell.
        recall: What `validation_recall` gave; None where no model was trained yet.
        by: Columns whose combinations are the cells.
        prior_faces: m, at least 0; 0 gives recall as counted, and the level above where n is 0.

    Returns:
        `cells` with `n_validation` (int64), `recall` (as counted, NaN without a validation face)
        and `recall_shrunken` (NaN where nothing was measured at all).

    Raises:
        InvalidInputError: If `recall` lacks columns, repeats a cell, has a count or a recall that
            is impossible, or names a value that no cell has.
    """
    if recall is None:
        return cells.assign(n_validation=0, recall=np.nan, recall_shrunken=np.nan)
    measured = _checked(cells, recall, by)
    level, above = _level_above(measured, by, prior_faces)
    table = cells.merge(measured, how="left", on=list(by))
    n = table["n_validation"].fillna(0).astype("int64")
    prior = np.full(len(table), above)
    if level is not None:
        expected = table["emotion"].map(level).fillna(above)
        # Nothing is expected of faces whose emotion is not known.
        prior = expected.where(table["emotion"] != UNKNOWN).to_numpy(dtype=np.float64)
    shrunken = prior
    if level is None or list(by) != ["emotion"]:
        n_right = (n * table["recall"].fillna(0.0)).to_numpy(dtype=np.float64)
        n_faces = np.asarray(n, dtype=np.float64)
        shrunken = _shrunken(n_right, n_faces, prior, prior_faces)
    return table.assign(n_validation=n, recall_shrunken=shrunken)


def _level_above(
    measured: pd.DataFrame, by: Sequence[str], prior_faces: float
) -> tuple["pd.Series[float] | None", float]:
    """Shrunken recall of each emotion, None without emotions, and the mean behind it."""
    counted = measured.assign(n_right=(measured["n_validation"] * measured["recall"]).fillna(0.0))
    if "emotion" not in by:
        n_faces = int(counted["n_validation"].sum())
        return None, float(counted["n_right"].sum() / n_faces) if n_faces else np.nan
    emotions = counted[(counted["n_validation"] > 0) & (counted["emotion"] != UNKNOWN)]
    sums = emotions.groupby("emotion")[["n_right", "n_validation"]].sum()
    if sums.empty:
        return pd.Series(dtype="float64"), np.nan
    n_right, n = (sums[name].to_numpy(dtype=np.float64) for name in ("n_right", "n_validation"))
    mean = float((n_right / n).mean())
    shrunken = _shrunken(n_right, n, np.full(len(n), mean), prior_faces)
    return pd.Series(shrunken, index=sums.index), mean


def _shrunken(n_right: Floats, n: Floats, prior: Floats, prior_faces: float) -> Floats:
    weight = n + prior_faces
    return np.divide(n_right + prior_faces * prior, weight, out=prior.copy(), where=weight > 0)


def _checked(cells: pd.DataFrame, recall: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    missing = [name for name in (*by, *_COUNTS) if name not in recall.columns]
    if missing:
        raise InvalidInputError(
            f"Recall lacks the columns {missing}; expected the result of validation_recall with "
            f"by = {list(by)}, found {list(recall.columns)}."
        )
    table = recall[[*by, *_COUNTS]].reset_index(drop=True)
    table[list(by)] = table[list(by)].astype(object).fillna(UNKNOWN).astype(str)
    if table.duplicated(list(by)).any():
        row = table[table.duplicated(list(by))].iloc[0]
        raise InvalidInputError(
            f"Recall has several rows for {row[list(by)].to_dict()}; expected one a cell."
        )
    _check_numbers(table, by)
    for column in by:
        strange = sorted(set(table[column]) - {UNKNOWN, *cells[column]})
        if strange:
            raise InvalidInputError(
                f"Recall names the {column} {strange[0]!r}, which no training or validation face "
                f"has; found there: {sorted(set(cells[column]))}. Faces and predictions must come "
                "from the same run."
            )
    return table


def _check_numbers(table: pd.DataFrame, by: Sequence[str]) -> None:
    n, recall = table["n_validation"], table["recall"]
    wrong = {
        "a whole number of faces, at least 0": ~((n >= 0) & (n % 1 == 0)),
        "recall from 0 to 1 for cells with validation faces": (n > 0) & ~recall.between(0, 1),
        "no recall for cells without validation faces": (n == 0) & recall.notna(),
    }
    for expected, where in wrong.items():
        if where.any():
            row = table[where].iloc[0]
            raise InvalidInputError(
                f"Cell {row[list(by)].to_dict()} has n_validation {row['n_validation']} and recall "
                f"{row['recall']}; expected {expected}."
            )
