"""The critical cells of a plan: those that augmentation can help least, or that need it most."""

from collections.abc import Sequence

import pandas as pd

from fer_fairness.augmentation.distribution import cell_names

_CRITICAL_SIZES = ("severe", "too_few", "empty")
_NAMED = 6


def mark_critical(plan: pd.DataFrame, mean_recall: float, *, shortfall: float) -> pd.DataFrame:
    """Mark the cells that a reader of the plan should look at.

    A cell is critical if it is severe, too few or empty, or if its shrunken validation recall lies
    below (1 - `shortfall`) times the mean of the cells. Cells with a missing value never are.

    Args:
        plan: A plan with `severity`, `recall_shrunken` and `reason`.
        mean_recall: Mean recall of the cells; NaN where none was measured.
        shortfall: `critical_recall_shortfall` of the parameters.

    Returns:
        The plan with `is_critical` (bool), and with low recall named in `reason`.
    """
    known = plan["severity"] != "unknown"
    is_low = known & (plan["recall_shrunken"] < (1.0 - shortfall) * mean_recall)
    told = [
        f"{reason}; recall {recall:.2f} far below the mean {mean_recall:.2f}" if low else reason
        for reason, recall, low in zip(plan["reason"], plan["recall_shrunken"], is_low, strict=True)
    ]
    is_critical = is_low | plan["severity"].isin(_CRITICAL_SIZES)
    return plan.assign(is_critical=is_critical.astype(bool), reason=pd.Series(told, dtype=str))


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
