"""What must hold before embeddings are used, and before predicted labels are believed."""

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.taxonomy import ATTRIBUTES

MIN_FACES_TO_JUDGE = 20


def check_embeddings(
    embeddings: np.ndarray, n_faces: int, dimension: int | None = None
) -> np.ndarray:
    """Which faces have an embedding, if the array is what goes with so many faces.

    Args:
        embeddings: To check, expected float `(n_faces, dimension)`; a row of NaN throughout says
            that the face could not be embedded.
        n_faces: Rows of the table they belong to.
        dimension: Length of an embedding; None where any will do.

    Returns:
        Boolean `(n_faces,)`, False for the rows of NaN.

    Raises:
        InvalidInputError: If the shape is another, the values are not real numbers, or a row
            holds infinity or NaN beside numbers.
    """
    if embeddings.ndim != 2 or len(embeddings) != n_faces:
        raise InvalidInputError(
            f"Embeddings have shape {embeddings.shape} for {n_faces} faces; expected ({n_faces}, "
            "dimension). The array and the table belong to different runs: make both again."
        )
    if embeddings.dtype.kind != "f":
        raise InvalidInputError(
            f"Embeddings are {embeddings.dtype}, expected float32 or float64. Give what "
            "the embedder returned."
        )
    if dimension is not None and embeddings.shape[1] != dimension:
        raise InvalidInputError(
            f"Embeddings have {embeddings.shape[1]} values a face, but the labeller was fitted on "
            f"{dimension}. Use the embedder it was fitted with, or fit it again."
        )
    finite = np.isfinite(embeddings)
    whole: np.ndarray = finite.all(axis=1)
    wrong = np.flatnonzero(~whole & ~np.isnan(embeddings).all(axis=1))
    if len(wrong):
        raise InvalidInputError(
            f"The embeddings of {len(wrong)} of {n_faces} faces hold infinity, or NaN beside "
            f"numbers, the first in row {wrong[0]}; expected numbers, or NaN throughout for a face "
            "that could not be embedded. Fit the embedder again (a lower learning rate, if it was "
            "trained here)."
        )
    return whole


def check_same_faces(labels: pd.DataFrame, faces: pd.DataFrame) -> None:
    """Stop where labels and faces are not about the same faces in the same order.

    Raises:
        InvalidInputError: If their `sample_id` differ.
    """
    if list(labels["sample_id"]) != list(faces["sample_id"]):
        raise InvalidInputError(
            f"The {len(labels)} labels and the {len(faces)} faces are not the same faces in the "
            "same order (sample_id). Both must come from the same run of race_labeling."
        )


def refuse_constant_labels(labels: pd.DataFrame) -> None:
    """Stop where every face of a set got the same label: no difference between groups could follow.

    Published projects went on from such labels without notice. Faces without an embedding do not
    count, faces with too little confidence do. Fewer than 20 faces are let through: there, one
    group may well be all.

    Args:
        labels: What `DemographicLabeller.predict` gave for one set of faces.

    Raises:
        InvalidInputError: If an attribute has one value over the whole set, or none has any.
    """
    for attribute in ATTRIBUTES:
        given = labels[attribute].dropna()
        if len(labels) >= MIN_FACES_TO_JUDGE and len(given) == 0:
            raise InvalidInputError(
                f"None of {len(labels)} faces has an embedding, so none has a label of {attribute}."
                " See the embedder's list of problems; for images that are not cropped faces, "
                "choose another alignment."
            )
        if len(given) >= MIN_FACES_TO_JUDGE and given.nunique() == 1:
            raise InvalidInputError(
                f"All {len(given)} faces were labelled {attribute} = "
                f"{given.iloc[0]!r}. Either the set really holds one group, and then "
                f"{attribute} cannot be audited on it; or the images are blank or unlike those of "
                "FairFace (crop, scale, grey values); or the embedder learnt nothing. Look at a "
                "few images and at labeller_summary."
            )
