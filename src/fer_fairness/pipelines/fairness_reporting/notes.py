"""Sentences that the reader of the report must see first."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fer_fairness.auditing.measurements import (
    FABRICATED_NOTE,
    FACES_ALONE_NOTE,
    LABEL_ERRORS_NOTE,
)
from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON, demographic_dataset
from fer_fairness.reporting import evaluation_set_label
from fer_fairness.reporting.number_text import listed


def report_notes(groups: pd.DataFrame, quality: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What must be known of fabricated, absent and predicted data.

    Args:
        groups: The report's table of that name.
        quality: The data-quality report of each dataset, by its name.
    """
    notes = []
    if any(part["reading"]["fabricated"] for part in quality.values()):
        notes.append(FABRICATED_NOTE)
    present = [name for name in EVALUATION_SETS if quality[name]["reading"]["present"]]
    absent = [name for name in EVALUATION_SETS if name not in present]
    if absent:
        notes.append(_absence_note(absent, present))
    predicted = sorted(set(groups.loc[groups["attribute_source"] == "predicted", "evaluation_set"]))
    if predicted:
        notes.append(
            f"Groups of {_labels(predicted)} are predicted by the labeller measured below, not "
            "annotated: gaps there are between faces as the labeller sees them. "
            f"{LABEL_ERRORS_NOTE}"
        )
    of_predicted = groups[groups["attribute_source"] == "predicted"]
    if (of_predicted["n_people"] < of_predicted["n_faces"]).any():
        notes.append(FACES_ALONE_NOTE)
    return notes


def _absence_note(absent: Sequence[str], present: Sequence[str]) -> str:
    trained = ""
    if demographic_dataset("auto", present) == TRAINED_ON:
        trained = (
            "methods that need groups were trained on "
            f"{evaluation_set_label(TRAINED_ON)} faces with predicted demographics, and "
        )
    verb = "was" if len(absent) == 1 else "were"
    scored = listed([evaluation_set_label(name) for name in present])
    return f"{_labels(absent)} {verb} absent: {trained}every model is scored on {scored} alone."


def _labels(names: Sequence[str]) -> str:
    return ", ".join(evaluation_set_label(name) for name in names)
