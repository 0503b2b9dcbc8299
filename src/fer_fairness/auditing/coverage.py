"""What an audit covers and what it leaves out: attributes, intersections, AIF360's metrics."""

from itertools import combinations
from typing import Any

import pandas as pd

from fer_fairness.auditing.measurements import LABEL_ERRORS_NOTE
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.group_names import INTERSECTION, attribute_parts
from fer_fairness.params.audit import AuditParameters


def compared(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters
) -> list[str]:
    """The attributes, and the intersections asked for or all pairs that are not too fine.

    Raises:
        InvalidInputError: An intersection names no attribute of the file.
    """
    attributes: list[str] = list(reading["attributes"])
    if parameters.intersections is not None:
        for intersection in parameters.intersections:
            unknown = set(attribute_parts(intersection)) - set(attributes)
            if unknown:
                raise InvalidInputError(
                    f"audit.intersections holds {intersection!r}, but the attributes are "
                    f"{', '.join(attributes)}. Correct it, or name the column {min(unknown)!r} of "
                    "a prediction file in audit.columns.attributes."
                )
        return [*attributes, *parameters.intersections]
    return attributes + [
        pair
        for pair in _pairs(attributes)
        if len(people[attribute_parts(pair)].dropna().drop_duplicates()) <= parameters.max_groups
    ]


def _pairs(attributes: list[str]) -> list[str]:
    return [INTERSECTION.join(pair) for pair in combinations(attributes, 2)]


def left_out_notes(
    gaps: pd.DataFrame,
    aif360: pd.DataFrame,
    reading: dict[str, Any],
    parameters: AuditParameters,
) -> list[str]:
    """What this audit could have compared and did not, with the parameter that decides it."""
    attributes = reading["attributes"]
    notes = []
    too_fine = set(_pairs(attributes)) - set(gaps["attribute"])
    if too_fine and parameters.intersections is None:
        notes.append(
            f"Not compared, for more than {parameters.max_groups} groups (audit.max_groups): "
            f"{', '.join(sorted(too_fine))}. Name it in audit.intersections to compare it all the "
            "same."
        )
    without = set(attributes) - set(aif360["attribute"] if len(aif360) else ())
    if not parameters.aif360_max_people:
        return notes  # nobody asked for them
    if without and reading["n_rows"] > parameters.aif360_max_people:
        notes.append(
            "AIF360's own one-versus-rest metrics were left out: there are "
            f"{reading['n_rows']:,} people, more than {parameters.aif360_max_people:,} "
            "(audit.aif360_max_people)."
        )
    elif without:
        notes.append(
            "AIF360's own one-versus-rest metrics were left out for "
            f"{', '.join(sorted(without))}: there are no two groups of "
            f"{parameters.inference.minimum_group_size} people, or more than "
            f"{parameters.max_groups} groups (audit.max_groups)."
        )
    return notes


def predicted_groups_notes(gaps: pd.DataFrame) -> list[str]:
    """What the reader must know of groups that nobody annotated."""
    predicted = gaps.loc[gaps["attribute_source"] == "predicted", "attribute"].unique()
    if not len(predicted):
        return []
    named = ", ".join(predicted)
    return [f"Groups by {named} are predicted by a labeller, not annotated. {LABEL_ERRORS_NOTE}"]
