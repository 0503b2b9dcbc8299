"""Sentences that the reader of the report must see first."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fer_fairness.auditing.measurements import (
    FABRICATED_NOTE,
    LABEL_ERRORS_NOTE,
)
from fer_fairness.evaluation_sets import EVALUATION_SETS, demographic_dataset
from fer_fairness.reporting import evaluation_set_label
from fer_fairness.reporting.number_text import listed


def report_notes(
    groups: pd.DataFrame,
    quality: Mapping[str, Mapping[str, Any]],
    *,
    demographic: str,
    trained_on: str,
) -> list[str]:
    """What must be known of fabricated, absent and predicted data.

    Args:
        groups: The report's table of that name.
        quality: The data-quality report of each dataset, by its name.
        demographic: The parameter `demographic_dataset`.
        trained_on: The parameter `train_on`.
    """
    notes = []
    if any(part["reading"]["fabricated"] for part in quality.values()):
        notes.append(FABRICATED_NOTE)
    present = [name for name in EVALUATION_SETS if quality[name]["reading"]["present"]]
    absent = [name for name in EVALUATION_SETS if name not in present]
    if absent:
        chosen = demographic_dataset(demographic, present, trained_on)
        notes.append(_absence_note(absent, present, chosen))
    predicted = sorted(set(groups.loc[groups["attribute_source"] == "predicted", "evaluation_set"]))
    if predicted:
        notes.append(
            f"Groups of {_labels(predicted)} are predicted by the labeller measured below, not "
            "annotated: gaps there are between faces as the labeller sees them. "
            f"{LABEL_ERRORS_NOTE}"
        )
    return notes


def _absence_note(absent: Sequence[str], present: Sequence[str], demographic: str) -> str:
    trained = ""
    if not EVALUATION_SETS[demographic].annotates_demographics:
        trained = (
            "methods that need groups were trained on "
            f"{evaluation_set_label(demographic)} faces with predicted demographics, and "
        )
    verb = "was" if len(absent) == 1 else "were"
    scored = listed([evaluation_set_label(name) for name in present])
    return f"{_labels(absent)} {verb} absent: {trained}every model is scored on {scored} alone."


def _labels(names: Sequence[str]) -> str:
    return ", ".join(evaluation_set_label(name) for name in names)
