"""What an audit covers and what it leaves out: faces, attributes, intersections."""

from itertools import combinations
from typing import Any

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.group_names import INTERSECTION, attribute_parts
from fer_fairness.fairness.people.whose_faces import people_of
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipelines.measurements import FACES_ALONE_NOTE, LABEL_ERRORS_NOTE
from fer_fairness.pipelines.scored_faces import ScoredFaces
from fer_fairness.tables import has_majority_emotion
from fer_fairness.taxonomy import ATTRIBUTES


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


def people_notes(reading: dict[str, Any], corrected: pd.DataFrame) -> list[str]:
    """What the reader must know of corrected values where people have several faces."""
    several = reading["n_people"] < reading["n_rows"]
    return [FACES_ALONE_NOTE] if several and len(corrected) else []


def n_people(part: ScoredFaces) -> int:
    """How many people there are: faces where nobody is known to have several."""
    people = people_of(part.table, part.person)
    return len(part.table) if people is None else int(people.nunique())


def faces_showing(
    faces: pd.DataFrame, emotions: tuple[str, ...], dataset: str
) -> tuple[pd.DataFrame, list[str]]:
    """The faces that can be scored over these emotions, and sentences on the others.

    Raises:
        InvalidInputError: There is no such face.
    """
    labelled = has_majority_emotion(faces)
    scored = labelled & faces["emotion"].isin(emotions)
    if not scored.any():
        raise InvalidInputError(
            f"None of the {len(faces):,} test faces of {dataset} shows an emotion that the model "
            f"knows ({', '.join(emotions) or 'none of this dataset'}). Correct "
            "audit.columns.class_names, or choose another audit.dataset."
        )
    notes = []
    if not labelled.all():
        notes.append(
            f"{int((~labelled).sum()):,} of {len(faces):,} test faces have no majority emotion or "
            "are excluded, and were not scored."
        )
    unknown = faces.loc[labelled & ~scored, "emotion"]
    if len(unknown):
        notes.append(
            f"{len(unknown):,} test faces show {', '.join(sorted(set(unknown)))}, which the model "
            "does not know, and were not scored."
        )
    return faces[scored].reset_index(drop=True), notes


def labelled_attributes(part: ScoredFaces, parameters: AuditParameters) -> list[str]:
    """The attributes wanted that somebody labelled.

    Raises:
        InvalidInputError: There is none, or one is wanted that faces do not have.
    """
    wanted = parameters.columns.attributes or ATTRIBUTES
    unknown = sorted(set(wanted) - set(ATTRIBUTES))
    if unknown:
        raise InvalidInputError(
            f"audit.columns.attributes names {unknown[0]!r}: faces of {part.evaluation_set} have "
            f"{', '.join(ATTRIBUTES)}. Name some of these, or leave it out."
        )
    labelled = part.attributes(wanted)
    if not labelled:
        raise InvalidInputError(
            f"No test face of {part.evaluation_set} has a label of {', '.join(wanted)}, so there "
            "are no groups to compare. Put FairFace into data/01_raw and run --pipelines "
            "data_processing,race_labeling, or choose another audit.dataset."
        )
    return list(labelled)
