"""How many variants each cell gets, and how strong: the plan of an augmentation, in words too."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.augmentation.cells import cell_names, distribution, known_cells, training_faces
from fer_fairness.augmentation.recall import with_recall
from fer_fairness.params.augmentation import AugmentationParameters

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PLAN_COLUMNS = (
    "n_original",
    "n_validation",
    "recall",
    "recall_shrunken",
    "severity",
    "strength",
    "n_to_add",
    "is_critical",
    "reason",
)
"""Columns of a plan, after those that form the cells."""

_CRITICAL_SIZES = ("severe", "too_few", "empty")
_NAMED = 6


def plan_augmentation(
    faces: pd.DataFrame, params: AugmentationParameters, *, recall: pd.DataFrame | None
) -> pd.DataFrame:
    """Decide how many variants each cell of the training split gets.

    A cell is wanted to reach `target_share` of the reference cell, more where its validation
    recall lies below the mean of the cells: the target is multiplied by
    1 + recall_weight * (mean - recall) / mean, with recall shrunken as `with_recall` tells. What is
    wanted is capped at `max_copies_per_image` variants a face; where all cells together exceed
    `max_added_share`, all are cut in proportion. The smaller a cell, the stronger its transforms,
    so that many variants of few faces differ.

    Args:
        faces: A `faces` table; counts are of its training faces, validation faces give names of
            cells only, test faces nothing.
        params: Targets, tiers and caps.
        recall: What `validation_recall` gave; None where no model was trained yet.

    Returns:
        One row a cell: the columns `by`, then `PLAN_COLUMNS`. `severity` is one of "unknown" (a
        value is missing), "empty" (no training face), "too_few" (below `minimum_cell_size`), none
        of which are augmented, "none", "mild", "moderate", "severe". `is_critical` marks cells to
        look at; `reason` says in words why so many are added, or none, and what is critical.

    Raises:
        InvalidInputError: If `recall` does not fit the faces or is no table of recall.
    """
    by = list(params.by)
    cells = distribution(faces, by).rename(columns={"n_faces": "n_original"})
    plan = with_recall(
        cells.drop(columns="share"), recall, by, prior_faces=params.recall_prior_faces
    )
    n_original = plan["n_original"].to_numpy(dtype=np.int64)
    known = known_cells(plan, by).to_numpy()
    reference = _reference(n_original[known & (n_original > 0)], params)
    severity = _severity(n_original, known, reference, params)
    eligible = ~np.isin(severity, ["unknown", "empty", "too_few"])
    mean_recall = _mean_recall(plan, eligible)
    target = reference * params.target_share * _recall_factor(plan, mean_recall, params)
    # Rounding errors of the target ask for no face.
    missing = np.ceil(np.round(target - n_original, 6))
    wanted = np.where(eligible, np.maximum(missing, 0), 0).astype(np.int64)
    capped = np.minimum(wanted, params.max_copies_per_image * n_original)
    budget = int(params.max_added_share * len(training_faces(faces)))
    strengths = {tier: getattr(params, tier).strength for tier in ("mild", "moderate", "severe")}
    # A cell large enough but badly recalled is varied as gently as a mildly small one.
    strengths["none"] = params.mild.strength
    plan = plan.assign(
        severity=severity,
        strength=[strengths.get(str(tier), 0.0) for tier in severity],
        n_to_add=_within_budget(capped, budget),
    )
    plan["reason"] = _reasons(plan, wanted, capped, params)
    plan = _mark_critical(plan, mean_recall, shortfall=params.critical_recall_shortfall)
    return plan[[*by, *PLAN_COLUMNS]]


def critical_cells(plan: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """The critical cells of a plan, to be shown to a reader: the fewest training faces first.

    Args:
        plan: What `plan_augmentation` gave.
        by: The columns that form its cells.

    Returns:
        `[cell, n_original, n_validation, recall, recall_shrunken, severity, n_to_add, reason]`,
        `cell` as text ("fear, male").
    """
    critical = plan[plan["is_critical"]].sort_values("n_original", kind="stable")
    table = critical.assign(cell=cell_names(critical, by)).reset_index(drop=True)
    counted = ["n_original", "n_validation", "recall", "recall_shrunken"]
    return table[["cell", *counted, "severity", "n_to_add", "reason"]]


def describe_critical(plan: pd.DataFrame, by: Sequence[str]) -> str:
    """One line on the critical cells of a plan, for a log: how many of which size, the smallest."""
    cells = f"{int((plan['severity'] != 'unknown').sum())} cells of {' x '.join(by)}"
    critical = critical_cells(plan, by)
    if critical.empty:
        return f"None of the {cells} is critical."
    sizes = critical["severity"].value_counts()
    kinds = [f"{sizes[name]} {name.replace('_', ' ')}" for name in _CRITICAL_SIZES if name in sizes]
    n_others = int((~critical["severity"].isin(_CRITICAL_SIZES)).sum())
    if n_others:
        kinds.append(f"{n_others} recalled badly")
    smallest = [
        f"{row['cell']} ({row['n_original']})" for row in critical.head(_NAMED).to_dict("records")
    ]
    return (
        f"{len(critical)} of the {cells} are critical: {', '.join(kinds)}. "
        f"The smallest, with their training faces: {'; '.join(smallest)}."
    )


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


def _mean_recall(plan: pd.DataFrame, eligible: npt.NDArray[np.bool_]) -> float:
    """Mean shrunken recall of the cells that may be augmented; NaN where none was measured."""
    return float(plan.loc[eligible, "recall_shrunken"].mean())


def _recall_factor(
    plan: pd.DataFrame, mean_recall: float, params: AugmentationParameters
) -> Floats:
    if not mean_recall > 0:
        return np.ones(len(plan))
    recall = plan["recall_shrunken"].to_numpy(dtype=np.float64)
    shortfall = np.nan_to_num(np.maximum(0.0, mean_recall - recall) / mean_recall)
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


def _reasons(
    plan: pd.DataFrame, wanted: Counts, capped: Counts, params: AugmentationParameters
) -> Sequence[str]:
    never = {
        "unknown": "a value is missing",
        "empty": "no training face to vary",
        "too_few": f"fewer than {params.minimum_cell_size} training faces to vary",
    }
    reasons = []
    rows = zip(plan["severity"], plan["n_to_add"], wanted, capped, strict=True)
    for severity, granted, asked, allowed in rows:
        if severity in never:
            reasons.append(never[severity])
        elif asked == 0:
            reasons.append("large enough")
        elif granted == asked:
            reasons.append("raised to its target")
        else:
            limits = []
            if allowed < asked:
                limits.append(f"{params.max_copies_per_image} a face")
            if granted < allowed:
                limits.append(f"{params.max_added_share:g} of all training faces together")
            reasons.append(f"{asked} wanted, limited to {' and '.join(limits)}")
    return reasons


def _mark_critical(plan: pd.DataFrame, mean_recall: float, *, shortfall: float) -> pd.DataFrame:
    """Add `is_critical`, and to `reason` where recall lies far below the mean (NaN: none measured).

    Critical are cells that are severe, too few or empty, or whose shrunken validation recall lies
    below (1 - `shortfall`) times the mean of the cells. Cells with a missing value never are.
    """
    known = plan["severity"] != "unknown"
    is_low = known & (plan["recall_shrunken"] < (1.0 - shortfall) * mean_recall)
    told = [
        f"{reason}; recall {recall:.2f} far below the mean {mean_recall:.2f}" if low else reason
        for reason, recall, low in zip(plan["reason"], plan["recall_shrunken"], is_low, strict=True)
    ]
    is_critical = is_low | plan["severity"].isin(_CRITICAL_SIZES)
    return plan.assign(is_critical=is_critical.astype(bool), reason=pd.Series(told, dtype=str))
