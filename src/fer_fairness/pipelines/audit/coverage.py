"""Which test faces and attributes the audit of a model covers, and what it leaves out."""

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.people.whose_faces import people_of
from fer_fairness.fairness.scored_faces import ScoredFaces
from fer_fairness.params.audit import AuditParameters
from fer_fairness.tables import has_majority_emotion
from fer_fairness.taxonomy import ATTRIBUTES


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
