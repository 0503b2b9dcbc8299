"""How many variants each cell gets, and how strong: the plan of an augmentation."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.augmentation.distribution import distribution, known_cells, training_faces
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.augmentation import AugmentationParameters

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def plan_augmentation(
    faces: pd.DataFrame, params: AugmentationParameters, *, recall: pd.DataFrame | None
) -> pd.DataFrame:
    """Decide how many variants each cell of the training split gets.

    A cell is wanted to reach `target_share` of the reference cell, more where its validation
    recall lies below the mean of the cells: the target is multiplied by
    1 + recall_weight * (mean - recall) / mean. What is wanted is capped at `max_copies_per_image`
    variants a face; where all cells together exceed `max_added_share`, all are cut in proportion.
    The smaller a cell, the stronger its transforms, so that many variants of few faces differ.

    Args:
        faces: A `faces` table; only its training faces are looked at.
        params: Targets, tiers and caps.
        recall: Validation recall, with the column `recall` (0 to 1, NaN unknown) and one or more
            of the cell columns, one row a combination; None where no model was trained yet.

    Returns:
        One row a cell: `[*by, n_original, recall, severity, strength, n_to_add]`, `severity` one
        of "unknown" (a value is missing), "empty", "too_few" (below `minimum_cell_size`), none of
        which are augmented, "none", "mild", "moderate", "severe".

    Raises:
        InvalidInputError: If `recall` lacks columns, repeats a cell or is out of range.
    """
    by = list(params.by)
    cells = distribution(faces, by).rename(columns={"n_faces": "n_original"})
    plan = _with_recall(cells.drop(columns="share"), recall, by)
    n_original = plan["n_original"].to_numpy(dtype=np.int64)
    known = known_cells(plan, by).to_numpy()
    reference = _reference(n_original[known & (n_original > 0)], params)
    severity = _severity(n_original, known, reference, params)
    eligible = ~np.isin(severity, ["unknown", "empty", "too_few"])
    target = reference * params.target_share * _recall_factor(plan, eligible, params)
    wanted = np.clip(np.ceil(target - n_original), 0, params.max_copies_per_image * n_original)
    budget = int(params.max_added_share * len(training_faces(faces)))
    n_to_add = _within_budget(np.where(eligible, wanted, 0).astype(np.int64), budget)
    strengths = {tier: getattr(params, tier).strength for tier in ("mild", "moderate", "severe")}
    # A cell large enough but badly recalled is varied as gently as a mildly small one.
    strengths["none"] = params.mild.strength
    strength = [strengths.get(str(tier), 0.0) for tier in severity]
    return plan.assign(severity=severity, strength=strength, n_to_add=n_to_add)


def _with_recall(
    cells: pd.DataFrame, recall: pd.DataFrame | None, by: Sequence[str]
) -> pd.DataFrame:
    if recall is None:
        return cells.assign(recall=np.nan)
    shared = [column for column in by if column in recall.columns]
    if "recall" not in recall.columns or not shared:
        raise InvalidInputError(
            f"Recall needs the column recall and one or more of {list(by)}; "
            f"found {list(recall.columns)}."
        )
    if recall.duplicated(shared).any():
        cell = recall.loc[recall.duplicated(shared), shared].iloc[0].to_dict()
        raise InvalidInputError(f"Recall has several rows for {cell}; expected one a cell.")
    outside = recall["recall"].notna() & ~recall["recall"].between(0, 1)
    if outside.any():
        row = recall[outside].iloc[0]
        raise InvalidInputError(
            f"Recall of {row[shared].to_dict()} is {row['recall']}; expected 0 to 1 or missing."
        )
    return cells.merge(recall[[*shared, "recall"]], how="left", on=shared)


def _reference(sizes: Counts, params: AugmentationParameters) -> float:
    if not sizes.size:
        return 0.0
    return float(sizes.max() if params.reference == "largest" else np.median(sizes))


def _severity(
    n_original: Counts,
    known: npt.NDArray[np.bool_],
    reference: float,
    params: AugmentationParameters,
) -> npt.NDArray[np.str_]:
    conditions = [
        ~known,
        n_original == 0,
        n_original < params.minimum_cell_size,
        n_original < params.severe.below * reference,
        n_original < params.moderate.below * reference,
        n_original < params.mild.below * reference,
    ]
    names = ["unknown", "empty", "too_few", "severe", "moderate", "mild"]
    return np.select(conditions, names, default="none")


def _recall_factor(
    plan: pd.DataFrame, eligible: npt.NDArray[np.bool_], params: AugmentationParameters
) -> Floats:
    recall = plan["recall"].to_numpy(dtype=np.float64)
    measured = recall[eligible & ~np.isnan(recall)]
    mean = measured.mean() if measured.size else 0.0
    if mean == 0:
        return np.ones(len(plan))
    shortfall = np.nan_to_num(np.maximum(0.0, mean - recall) / mean)
    return np.asarray(1.0 + params.recall_weight * shortfall, dtype=np.float64)


def _within_budget(wanted: Counts, budget: int) -> Counts:
    total = int(wanted.sum())
    if total <= budget:
        return wanted
    granted, remainder = np.divmod(wanted * budget, total)
    # Largest remainders: what rounding down left over goes to the cells that lost most.
    losers = np.argsort(-remainder, kind="stable")[: budget - int(granted.sum())]
    granted[losers] += 1
    return granted
